"""Billing: through which accounts customers are billed, and what they owe."""
