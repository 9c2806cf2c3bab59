"""Service: what is promised of tickets, and what becomes of it."""
