"""The guard: who may do what, in memory, as of the journal's last event or of any before it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from adapters.journal.journal import Journal, recorded
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Recorded, registry
from projections.kernel.parking_lot import passes_by
from projections.kernel.read_model import read_models
from projections.kernel.rows.tables import fingerprints, parked, positions
from projections.permissions.access_control import ACCESS_KINDS, ACCESS_MODELS, Access

_PAST = 8
"""Positions in the past that are remembered."""


class Guard:
    """Knows `Access`: starts from the row tables and follows the journal. Safe in threads."""

    def __init__(self, journal: Journal, rows: sa.Engine) -> None:
        """Follow a journal, from what the row database holds on."""
        self._journal = journal
        self._rows = rows
        self._lock = threading.Lock()
        self._access: Access | None = None
        self._recalling = threading.Lock()
        self._past: OrderedDict[int, Access] = OrderedDict()
        self._types = sorted(
            name for name in registry.events if name.partition(".")[0] in ACCESS_KINDS
        )
        journal.watch(self._appended)

    def now(self) -> Access:
        """Return what holds now, after everything that any process has committed."""
        return self.upto(self._journal.head().position)

    def upto(self, position: int) -> Access:
        """Return what holds after everything up to a position, which is committed, or later."""
        access = self._access
        if access is not None and access.position >= position:
            return access
        with self._lock:
            access = self._access
            if access is None:
                access = self._load()
            if access.position < position:
                access = self._follow(access, position)
            self._access = access
            return access

    def at(self, position: int) -> Access:
        """Return what held right after the event at a position."""
        now = self.now()
        if position >= now.position:
            return now
        with self._recalling:  # it takes long, and nobody else is to wait for it
            access = self._past.get(position)
            if access is None:
                access = self._past[position] = self._follow(Access(), position)
                if len(self._past) > _PAST:
                    self._past.popitem(last=False)
            return access

    def along(self, positions: Sequence[int]) -> Iterator[tuple[int, Access]]:
        """Yield what held right after each of some positions, which ascend, with the position."""
        access: Access | None = None
        for position in positions:
            access = self.at(position) if access is None else self._follow(access, position)
            yield position, access

    def _appended(self, rows: Sequence[Sequence[Any]]) -> None:
        """Take what this process has committed, so that nobody has to read it."""
        with self._lock:
            if self._access is not None and self._access.position == rows[0][0] - 1:
                mine = [recorded(row) for row in rows if row[3].partition(".")[0] in ACCESS_KINDS]
                access = self._access.after(mine, rows[-1][0])
                if not access.missed:  # else it is read anew, by whoever asks next
                    self._access = access

    def _load(self) -> Access:
        """Return what the row tables say; nothing when they are not there or of older code."""
        models = {name: read_models()[name] for name in ACCESS_MODELS}
        known = {name: model.fingerprint for name, model in models.items()}
        try:
            with self._rows.connect() as connection:
                query = sa.select(fingerprints.c.model, fingerprints.c.fingerprint)
                found = {row.model: row.fingerprint for row in connection.execute(query)}
                if not known.items() <= found.items():
                    return Access()
                # First how far, then the rows, which may have come further meanwhile.
                of_models = positions.c.model.in_(list(models))
                least = sa.select(sa.func.min(positions.c.position)).where(of_models)
                position = connection.scalar(least) or 0
                rows = {
                    name: [
                        dict(row) for row in connection.execute(sa.select(model.table)).mappings()
                    ]
                    for name, model in models.items()
                }
                waiting = connection.scalars(
                    sa.select(parked.c.stream).where(parked.c.model.in_(list(models))).distinct()
                ).all()
        except sa.exc.DBAPIError:
            return Access()
        access = Access.of(position, rows)
        for stream in waiting:
            access = self._after(access, self._journal.history(stream, position), position)
        return access

    def _follow(self, access: Access, position: int) -> Access:
        query = (
            sa.select(events)
            .where(
                events.c.position > access.position,
                events.c.position <= position,
                events.c.type.in_(self._types),
            )
            .order_by(events.c.position)
        )
        with self._journal.engine.connect() as connection:
            found: list[Recorded] = [recorded(row) for row in connection.execute(query)]
        return self._healed(self._after(access, found, position))

    def _healed(self, access: Access) -> Access:
        """Return what is known when streams with a gap were read from their beginning."""
        if not access.missed:
            return access
        for stream in access.missed:
            history = self._journal.history(stream, access.position)
            access = self._after(access, history, access.position)
        return access

    def _after(self, access: Access, found: Sequence[Recorded], position: int) -> Access:
        """Return what is known after events, without those that the rows go on without."""
        return access.after(found, position, partial(passes_by, self._rows))
