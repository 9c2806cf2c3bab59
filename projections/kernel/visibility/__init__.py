"""Visibility: which rows and columns a party sees, as SQL."""
