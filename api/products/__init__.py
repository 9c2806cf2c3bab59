"""Products over HTTP: what one costs on a day, how it compares."""
