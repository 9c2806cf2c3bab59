"""Reports: figures by dimensions, and the records and events behind each."""
