"""Service: the list of service tickets; service in figures."""
