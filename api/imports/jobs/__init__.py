"""Jobs: files that are sent over HTTP, imported by a process beside the server."""
