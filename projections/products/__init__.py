"""Products: the list of what is offered."""
