"""Kafka: the broker: its clients, the form of what is sent, how far it was read."""
