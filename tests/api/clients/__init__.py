"""Clients that generators make of the committed document, at work with a server."""
