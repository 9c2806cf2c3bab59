"""The ways in: HTTP and the command line, composed in one place."""
