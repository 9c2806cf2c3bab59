"""Organisation: units, employees, teams, and how work is handed over."""
