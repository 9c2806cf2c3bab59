"""Demo data: a year of an operator, told through commands."""
