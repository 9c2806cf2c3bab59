"""Merges: which customers look like one, and what follows from merging two."""
