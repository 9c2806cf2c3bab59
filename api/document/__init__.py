"""Document: what OpenAPI says of answers, commands and reads, and what changed of it."""
