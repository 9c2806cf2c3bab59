"""Hostile clients: what they send holds nobody else up, and takes no more memory than stated."""
