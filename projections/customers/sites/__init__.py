"""Sites: where customers are, what they have of us there, and the report on it."""
