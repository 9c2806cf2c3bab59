"""Local servers: a PostgreSQL and a Kafka of one machine, for tests and `keyline cluster`."""
