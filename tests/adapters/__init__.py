"""Tests of what Keyline plugs into."""
