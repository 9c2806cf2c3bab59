"""Care: what was planned and done for customers, and its figures."""
