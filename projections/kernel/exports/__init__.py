"""Exports: the warehouse as files for analysts, with both times and a dictionary."""
