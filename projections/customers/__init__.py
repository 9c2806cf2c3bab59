"""Customers: the list of customers, their page, their reports, who looks like whom."""
