"""Logs: events, operations, the system log, proofs, what is parked."""
