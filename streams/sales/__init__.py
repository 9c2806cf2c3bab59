"""Sales: what time and signatures bring about for contracts and their sales."""
