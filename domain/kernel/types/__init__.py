"""Types: the values that fields have: how they are written, bounded, kept."""
