"""Sales: what becomes of opportunities when their customer lapses."""
