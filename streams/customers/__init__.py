"""Customers: what a merge, its undoing and a successor bring about."""
