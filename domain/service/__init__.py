"""Service: service tickets: what a customer asked for or complained of, and what became of it."""
