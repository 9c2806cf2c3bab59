"""Organisation: the lists of units, employees, teams and handovers."""
