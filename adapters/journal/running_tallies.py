"""Tallies: how many records count for something, and what they come to, in a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import sqlalchemy as sa

from adapters.storage.databases import insert_rows
from adapters.storage.journal_tables import tallies
from domain.kernel.tally import Tally

Key = tuple[str, str]
"""The kind of the records that count, and for what."""


class Tallies:
    """The tallies as they are in the database, with the changes of one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        """Read tallies through a connection that holds the head lock."""
        self._connection = connection
        self._read: dict[Key, Tally] = {}
        self._kept: dict[Key, Tally] = {}
        self._unit: dict[Key, Tally] = {}

    def begin_unit(self) -> None:
        """Forget what the current unit of work has changed, if it was not kept."""
        self._unit = {}

    def end_unit(self) -> None:
        """Keep what the current unit of work has changed."""
        self._kept |= self._unit

    def of(self, key: Key) -> Tally:
        """Return how many records count, and to what they come."""
        for known in (self._unit, self._kept, self._read):
            if key in known:
                return known[key]
        query = sa.select(tallies.c.number, tallies.c.amount).where(
            tallies.c.kind == key[0], tallies.c.key == key[1]
        )
        row = self._connection.execute(query).one_or_none()
        self._read[key] = Tally() if row is None else Tally(row.number, Decimal(row.amount))
        return self._read[key]

    def change(self, kind: str, before: Mapping[str, Decimal], now: Mapping[str, Decimal]) -> None:
        """Have a record of a kind count as it does now, no more as it did before."""
        if before == now:
            return
        for told, sign in ((before, -1), (now, 1)):
            for name, amount in told.items():
                known = self.of((kind, name))
                changed = Tally(known.number + sign, known.amount + sign * amount)
                self._unit[kind, name] = changed

    def flush(self) -> None:
        """Send the changes to the database."""
        if not self._kept:
            return
        gone = [{"its_kind": kind, "its_key": key} for kind, key in self._kept]
        its = [c == sa.bindparam(f"its_{c.name}") for c in tallies.primary_key]
        self._connection.execute(tallies.delete().where(*its), gone)
        rows = [(*key, tally.number, str(tally.amount)) for key, tally in self._kept.items()]
        insert_rows(self._connection, tallies, rows)
