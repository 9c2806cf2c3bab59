"""Agreements: what a customer is promised of our service, and whether it was kept."""
