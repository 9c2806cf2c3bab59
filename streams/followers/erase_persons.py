"""Erasing: the keys of persons who were erased in the journal are destroyed, come what may."""

from __future__ import annotations

import sqlalchemy as sa
import structlog

from adapters.journal.journal import Journal
from adapters.privacy.field_encryption import erased_by
from adapters.privacy.person_keys import PersonKeys
from adapters.storage.journal_tables import events
from domain.kernel.types.personal import erasures
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)

BETWEEN_NOTES = 10_000
"""Events without an erasure after which the place is noted."""


class Erasing:
    """Follows the journal's erasures.

    As a rule the key is gone already: it is destroyed right after the commit. What a crash came
    between is done here, and what a copy of the keys that was put back has brought to life again:
    the copy brings along how far it had followed. Any number of processes may do so.
    """

    def __init__(self, journal: Journal, keys: PersonKeys) -> None:
        """Follow a journal with the keys of its persons."""
        self._journal = journal
        self._keys = keys
        self._noted = self._done = -1

    def work(self, worker: Worker) -> None:
        """Follow until the worker is to end."""
        while not worker.stopping:
            done = self.follow()
            worker.well()
            self._journal.wait(done, 0.5)
            worker.pause(0.05)

    def follow(self) -> int:
        """Destroy the keys of all who were erased since the last time; return the position."""
        head = self._journal.head().position
        noted = self._keys.followed()
        # As long as the keys are the same, nothing is looked through a second time.
        after = self._done if noted == self._noted else noted
        if after > head:  # an older journal was put back: its future is another one
            after = noted = 0
            self._keys.follow(0)
        query = (
            sa.select(events)
            .where(events.c.position > after, events.c.position <= head)
            .where(events.c.type.in_(erasures()))
            .order_by(events.c.position)
        )
        with self._journal.engine.connect() as connection:
            erased = erased_by(tuple(row) for row in connection.execute(query))
        if erased:
            again = self._keys.get(erased)
            self._keys.destroy(erased)
            log.info("persons.erased", persons=len(erased), keys_left_over=len(again))
        if erased or head - noted >= BETWEEN_NOTES:
            self._keys.follow(head)
            noted = head
        self._noted, self._done = noted, head
        return head
