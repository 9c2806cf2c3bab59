"""Document: what OpenAPI says of answers, and how it changed."""
