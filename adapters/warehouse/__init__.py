"""Warehouse files.

The DuckDB files: which of them is in use, how another is made and takes over.
"""
