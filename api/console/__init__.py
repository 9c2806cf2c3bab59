"""The console: pages for people who look, made of what the API answers."""
