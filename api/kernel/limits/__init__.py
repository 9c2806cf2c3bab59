"""Limits: turns, rates and room, so that nobody holds up others."""
