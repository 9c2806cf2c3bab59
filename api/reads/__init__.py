"""Reads: lists, records, histories, reports: whatever is asked."""
