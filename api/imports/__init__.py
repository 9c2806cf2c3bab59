"""Imports: rows of a file become commands, once, in order, all or nothing each."""
