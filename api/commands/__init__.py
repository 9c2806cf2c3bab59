"""Commands: commands as routes, one or many at a time."""
