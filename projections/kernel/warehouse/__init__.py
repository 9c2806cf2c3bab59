"""Warehouse.

Facts and histories of rows in DuckDB, loaded, compared, looked up as of any moment.
"""
