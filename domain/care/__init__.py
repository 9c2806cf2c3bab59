"""Care: visits to customers."""
