"""Customers: what a merge, its undoing, a successor and a lapse bring about."""
