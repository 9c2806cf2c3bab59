"""Service in the demo data: what customers reported, and what they were promised."""
