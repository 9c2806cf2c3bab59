"""Permissions: roles, grants, delegations, keys and signing in over HTTP."""
