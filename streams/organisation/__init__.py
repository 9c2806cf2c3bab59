"""Organisation: what handovers and ended units bring about."""
