"""What the business is: its aggregates, their commands, events and rules, one file each."""
