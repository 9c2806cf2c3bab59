"""What users once met that was false: the smallest input of each, and what is right."""
