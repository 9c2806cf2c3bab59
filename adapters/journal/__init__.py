"""Journal: the one log that is true: appended in groups, read in order."""
