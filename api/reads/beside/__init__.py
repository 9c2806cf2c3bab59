"""Beside rows: what a list says of each beside its columns, when it is asked to."""
