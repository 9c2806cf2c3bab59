"""Service: the clock of a ticket over HTTP."""
