"""Parts: what several aggregates have alike, with their events, commands and rules."""
