"""Billing: whose bills are whose as accounts come to customers."""
