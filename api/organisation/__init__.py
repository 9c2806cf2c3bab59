"""Organisation: what working calendars say, over HTTP."""
