"""Permissions: who may do what: permissions, roles, grants, delegations, keys of systems."""
