"""Billing: the lists of billing accounts, bills and bill runs."""
