"""History: what happened to a record, in sentences; what led to what; a row as of any day."""
