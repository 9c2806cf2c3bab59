"""Products: the lists of what is offered, and of what it costs."""
