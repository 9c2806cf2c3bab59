"""What people ask: read models folded from events, and the reports of the warehouse."""
