"""Customers: customers and their merges over HTTP, what changed with one, who looks like whom."""
