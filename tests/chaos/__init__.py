"""Harnesses that break things, each with a broken control that it must catch."""
