"""Products: what the operator offers, from the plan to its withdrawal, and what it costs."""
