"""Similar: customers that may be the one just registered, as of the position of its registration.

Rows are behind the journal for a moment, or for longer where Kafka brings events. What they may not
have yet is kept in memory, read once for all who ask.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, takewhile
from typing import Any, NamedTuple

import sqlalchemy as sa

from adapters.journal.journal import Journal, recorded
from adapters.storage.databases import in_parts
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.customers.duplicates import (
    COLUMNS,
    MOST,
    NAMING,
    NEAR,
    Described,
    Duplicate,
    candidates,
    likely,
)
from projections.kernel.read_model import fold
from projections.kernel.rows.tables import positions
from projections.kernel.visibility.row_security import subject_of
from projections.kernel.visibility.visibility import Sight, Subject

_REACHED = sa.select(sa.func.min(positions.c.position)).where(positions.c.model == customers.name)
"""How far the rows are."""

_NAMED = (
    sa.select(events)
    .where(events.c.position.between(sa.bindparam("begin") + 1, sa.bindparam("end")))
    .where(events.c.type.in_(NAMING))
    .order_by(events.c.position)
)
"""What named customers behind one position, and up to another."""


class Registration(NamedTuple):
    """A customer that was registered: its id, how it is described, and at which position."""

    id: str
    described: Described
    position: int


class Recent(NamedTuple):
    """A customer as the journal has it; `since` is the position of its registration."""

    id: str
    name: str
    name_key: str
    unit: str
    state: str
    registration_key: str | None
    position: int
    since: int
    subject: Subject


class Similar:
    """Finds customers that look alike. Safe in threads."""

    def __init__(self, journal: Journal, rows: sa.Engine) -> None:
        """Look into the rows, and into the journal from where they end."""
        self._journal = journal
        self._rows = rows
        self._lock = threading.Lock()
        self._position = 0
        self._recent: dict[str, Recent] = {}
        self._keys: list[tuple[str, str]] = []
        self._numbers: list[tuple[str, str]] = []

    def to(self, registered: Sequence[Registration], sight: Sight) -> list[list[Duplicate]]:
        """Return for each registration the customers in sight that are alike, the likeliest first.

        They are those that were there before it, by their names of now.
        """
        with self._rows.connect() as connection:
            with self._lock:  # before the rows: what is let go of meanwhile is in them
                self._follow(connection, max(each.position for each in registered))
                known = self._recent
                near = [list(self._near(each.described)) for each in registered]
            rows = [candidates(connection, each.described, sight) for each in registered]
        since = self._since(chain(*rows), min(each.position for each in registered))
        found = []
        for each, older, newer in zip(registered, rows, near, strict=True):
            ids = {one.id: one for one in (*older, *newer) if one.id != each.id}
            there = []
            for id_, one in ids.items():
                latest = known.get(id_, one)
                if isinstance(latest, Recent) and latest.position >= one.position:
                    if latest.since < each.position and sight.covers(latest.subject):
                        there.append(latest)
                elif since.get(id_, 0) < each.position:
                    there.append(one)
            found.append(likely(each.described, there))
        return found

    def _since(self, rows: Iterable[Any], position: int) -> Mapping[str, int]:
        """Return where those customers began whose rows are of a later position."""
        later = list({row.id for row in rows if row.position > position})
        found: dict[str, int] = {}
        for part in in_parts(later):
            query = sa.select(events.c.stream, events.c.position)
            query = query.where(events.c.stream.in_(part), events.c.version == 1)
            with self._journal.engine.connect() as connection:
                found |= {row.stream: row.position for row in connection.execute(query)}
        return found

    def _near(self, described: Described) -> Iterator[Recent]:
        """Yield what is kept and has the number, or a name that begins alike.

        Of each not more than the rows are asked for: a file may bring thousands that begin alike.
        """
        if described.key:
            here = bisect_left(self._keys, (described.key, ""))
            before = reversed(self._keys[max(0, here - NEAR) : here])
            yield from self._alike(before, described.start)
            yield from self._alike(self._keys[here : here + NEAR], described.start)
        if described.number:
            here = bisect_left(self._numbers, (described.number, ""))
            yield from self._alike(self._numbers[here : here + MOST], described.number)

    def _alike(self, keys: Iterable[tuple[str, str]], begin: str) -> Iterator[Recent]:
        for _, id_ in takewhile(lambda each: each[0].startswith(begin), keys):
            yield self._recent[id_]

    def _follow(self, rows: sa.Connection, position: int) -> None:
        """Keep what the journal has up to a position and the rows have not."""
        if self._position >= position:
            return
        in_rows = rows.execute(_REACHED).scalar() or 0
        self._let_go(in_rows)
        begin = max(self._position, in_rows)
        with self._journal.engine.connect() as connection:
            named = connection.execute(_NAMED, {"begin": begin, "end": position}).all()
        for row in named:
            self._take(recorded(row))
        self._position = max(begin, position)

    def _let_go(self, position: int) -> None:
        """Forget what the rows have."""
        kept = [each for each in self._recent.values() if each.position > position]
        if len(kept) < len(self._recent):
            self._recent, self._keys, self._numbers = {}, [], []
            for each in kept:
                self._add(each)

    def _take(self, event: Recorded) -> None:
        """Keep what a customer is after an event."""
        history = [event] if event.version == 1 else self._journal.history(event.stream)
        row = fold(customers, {}, history, keep_versions=False).rows.get(event.stream)
        if row is not None:  # one that cannot be read is in no row either
            columns = {name: row[name] for name in COLUMNS}
            since, subject = history[0].position, subject_of(customers, row)
            self._add(Recent(**columns, since=since, subject=subject))

    def _add(self, recent: Recent) -> None:
        self._recent[recent.id] = recent
        insort(self._keys, (recent.name_key, recent.id))
        if recent.registration_key:
            insort(self._numbers, (recent.registration_key, recent.id))
