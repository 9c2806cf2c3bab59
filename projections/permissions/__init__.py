"""Permissions.

Who may do what, now and on any day, and why; the lists of roles, grants, delegations, keys.
"""
