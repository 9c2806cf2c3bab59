"""Persons: keys of those who were erased are destroyed; by what the others are found is indexed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
import structlog

from adapters.journal.journal import Journal
from adapters.privacy.blind_index import BlindIndex
from adapters.privacy.field_encryption import erased_by
from adapters.privacy.person_keys import PersonKeys
from adapters.storage.journal_tables import events
from domain.kernel.types.personal import erasures
from domain.kernel.types.sought import seeking
from projections.kernel.findings import FEW, Checked, Finding, Report
from streams.kernel.worker import Worker

log = structlog.get_logger(__name__)

BETWEEN_NOTES = 10_000
"""Events without an erasure after which the place is noted, and that are looked through at once."""


STORE, TRACES = "persons", "traces"
"""What the index is called where it is compared, and its table."""


class Erasing:
    """Follows what the journal has of persons: erasures, and values by which they are found.

    As a rule the key of who is erased is gone already: it is destroyed right after the commit. What
    a crash came between is done here, and what a copy of the keys that was put back has brought to
    life again: the copy brings along how far it had followed, and how far it is indexed. Any number
    of processes may do so.
    """

    def __init__(self, journal: Journal, keys: PersonKeys) -> None:
        """Follow a journal with the keys of its persons."""
        self._journal = journal
        self._keys = keys
        self.index = BlindIndex(keys)
        """Finds persons, up to what was followed."""
        self._noted = self._done = -1

    def work(self, worker: Worker) -> None:
        """Follow until the worker is to end."""
        while not worker.stopping:
            done = self.follow()
            worker.well()
            self._journal.wait(done, 0.5)
            worker.pause(0.05)

    def follow(self) -> int:
        """Bring keys and index to where the journal is, and return that position."""
        head = self._journal.head().position
        noted = self._keys.followed()
        # As long as the keys are the same, nothing is looked through a second time.
        after = self._done if noted == self._noted else noted
        if after > head:  # an older journal was put back: its future is another one
            after = noted = 0
            self._keys.follow(0)
        while after < head:
            upto = min(head, after + BETWEEN_NOTES)
            if self._between(after, upto) or upto - noted >= BETWEEN_NOTES:
                self._keys.follow(upto)
                noted = upto
            after = upto
        self._noted, self._done = noted, head
        return head

    def renew(self) -> int:
        """Make the index anew, and return how many traces it has; meanwhile not all are found."""
        self.index.clear()
        self._noted = self._done = -1
        self.follow()
        return self.index.count()

    def check(self, reach: Callable[[int], None] = lambda _: None) -> Report:
        """Compare the index with what the journal has sealed, up to its head."""
        head, made, missing = self.follow(), 0, Counter[str]()
        kept = self.index.count()
        for after in range(0, head, BETWEEN_NOTES):
            rows = self._rows(after, min(head, after + BETWEEN_NOTES))
            some, absent = self.index.compared((row.stream, row.type, row.data) for row in rows)
            made, missing = made + some, missing + Counter(absent)
            reach(min(head, after + BETWEEN_NOTES))
        findings = [
            Finding(TRACES, stream, None, f"{count} are missing, and the journal knows of them")
            for stream, count in missing.most_common(FEW)
        ]
        more = kept - (made - missing.total())
        if more > 0:
            text = f"{more} are there, and the journal knows of no such value"
            findings.append(Finding(TRACES, "", None, text))
        checked = Checked(TRACES, kept, missing.total() + max(0, more), findings)
        return Report(STORE, head, [checked])

    def _rows(self, after: int, upto: int) -> Sequence[sa.Row[Any]]:
        """Return the events of persons behind a position up to another."""
        query = (
            sa.select(events)
            .where(events.c.position > after, events.c.position <= upto)
            .where(events.c.type.in_([*erasures(), *seeking()]))
            .order_by(events.c.position)
        )
        with self._journal.engine.connect() as connection:
            return connection.execute(query).all()

    def _between(self, after: int, upto: int) -> int:
        """Follow the events behind a position up to another; return how many persons they erase."""
        rows = self._rows(after, upto)
        if erased := erased_by(tuple(row) for row in rows):
            again = self._keys.get(erased)
            self._keys.destroy(erased)
            log.info("persons.erased", persons=len(erased), keys_left_over=len(again))
        self.index.add((row.stream, row.type, row.data) for row in rows)
        return len(erased)
