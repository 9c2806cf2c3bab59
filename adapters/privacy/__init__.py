"""Privacy: fields of persons, sealed by a key of their own."""
