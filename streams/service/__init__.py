"""Service: what time brings about for tickets."""
