"""Billing: through which accounts customers are billed."""
