"""Sales: opportunities: what may be sold, how far it has come, how it ended."""
