"""Kafka: events and operations on their way to topics, and back as histories."""
