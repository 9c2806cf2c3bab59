"""Products: what units that are merged mean for what they offered."""
