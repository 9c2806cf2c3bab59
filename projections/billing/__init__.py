"""Billing: the list of billing accounts."""
