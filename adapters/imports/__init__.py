"""Imports: files that were sent to be imported, how far each is, what became of its rows."""
