"""What we plug into: settings, the journal, databases, the warehouse file, Kafka, keys."""
