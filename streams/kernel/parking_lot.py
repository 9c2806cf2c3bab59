"""Postponed reactions: events that a policy could not answer, kept until it can."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.read_model import Parked
from projections.kernel.rows import parking_lot as parking
from projections.kernel.rows.parking_lot import park, unpark
from projections.kernel.rows.tables import parked

PREFIX = "policy:"
"""Stands before the name of a policy among the read models that have parked events."""


class Postponed:
    """The events that policies could not answer; they stand beside those that no row could take.

    An event behind a postponed one, of the same record and for the same policy, waits for it.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Keep them in the row database."""
        self._reading = engine.execution_options(writes=False)
        self._writing = engine.execution_options(writes=True)

    def add(self, policy: str, event: Recorded, error: str) -> None:
        """Put an event aside for a policy, or note why it could not be answered this time."""
        with self._writing.begin() as connection:
            park(connection, PREFIX + policy, [Parked(event, error)])

    def of(self, policy: str, stream: str) -> Sequence[Recorded]:
        """Return what a policy has put aside of a record, in order."""
        query = (
            sa.select(parked.c.event)
            .where(parked.c.model == PREFIX + policy, parked.c.stream == stream)
            .order_by(parked.c.version)
        )
        with self._reading.connect() as connection:
            return [parking.read(text) for text in connection.scalars(query)]

    def remove(self, policy: str, event: Recorded) -> None:
        """Forget an event: it was answered, or is passed over."""
        with self._writing.begin() as connection:
            unpark(connection, PREFIX + policy, [event])
