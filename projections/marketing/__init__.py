"""Marketing: the list of campaigns; what they brought in figures."""
