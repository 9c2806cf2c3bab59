"""Followers: what follows the journal: rows, warehouse, heads, erasures."""
