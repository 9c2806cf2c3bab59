"""Agreements: what customers were promised of our service, and what was kept of it."""
