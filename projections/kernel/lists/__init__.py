"""Lists: what a list may be asked, and the queries that answer."""
