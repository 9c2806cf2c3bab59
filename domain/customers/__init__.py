"""Customers.

Who our key accounts are: their file, people, standing, team, and how two become one and two again.
"""
