"""Logs: who did and read what; what the system has to say."""
