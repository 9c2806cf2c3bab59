"""Offsets: up to where a consumer has read each Kafka partition, kept beside what it made of it."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from kafka import TopicPartition

from adapters.storage.databases import writing
from projections.kernel.rows.tables import upsert

_tables = sa.MetaData()

offsets = sa.Table(
    "offsets",
    _tables,
    sa.Column("consumer", sa.String(200), primary_key=True),
    sa.Column("topic", sa.String(249), primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("next", sa.BigInteger, nullable=False),
)
"""The offset of the next record that a consumer wants from a partition."""


class Offsets:
    """The offsets of one group of consumers, in the database that they fill.

    They are written after what was read, to the same database: one that is emptied, restored from
    a backup, or forgets its last commits in a crash, is never ahead of its contents.
    """

    def __init__(self, engine: sa.Engine, consumer: str) -> None:
        """Keep the offsets of a named group of consumers."""
        self.consumer = consumer
        self._engine = engine

    def create(self) -> None:
        """Make the table that is not there yet."""
        _tables.create_all(self._engine)

    def get(self, place: TopicPartition) -> int | None:
        """Return the offset of the next record of a partition; `None` when nothing was read."""
        query = sa.select(offsets.c.next).where(
            offsets.c.consumer == self.consumer,
            offsets.c.topic == place.topic,
            offsets.c.partition == place.partition,
        )
        with self._engine.connect() as connection:
            found: int | None = connection.scalar(query)
        return found

    def set(self, following: Mapping[TopicPartition, int]) -> None:
        """Note the offsets of the next records."""
        rows = [
            {"consumer": self.consumer, "topic": topic, "partition": partition, "next": offset}
            for (topic, partition), offset in sorted(following.items())
        ]
        if rows:
            with writing(self._engine).begin() as connection:
                connection.execute(upsert(offsets, connection.dialect.name), rows)
