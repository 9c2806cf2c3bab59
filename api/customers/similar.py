"""Similar: customers that may be the one just registered, as of the position of its registration.

Rows are behind the journal for a moment, or for longer where Kafka brings events. What they may not
have yet is kept in memory, read once for all who ask.
"""

from __future__ import annotations

import threading
from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import sqlalchemy as sa

from adapters.journal.journal import Journal, recorded
from adapters.storage.databases import in_parts
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.customers.merges.duplicates import (
    COLUMNS,
    MOST,
    NAMING,
    Described,
    Duplicate,
    candidates,
    likely,
    named_alike,
    neighbours,
)
from projections.kernel.read_model import fold
from projections.kernel.rows.rotated_index import Rotations
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
    name_words: str
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
        self._position = self._in_rows = 0
        self._recent: dict[str, Recent] = {}
        self._rotations = Rotations()
        self._numbers: list[tuple[str, str]] = []

    def to(self, registered: Sequence[Registration], sight: Sight) -> list[list[Duplicate]]:
        """Return for each registration the customers in sight that are alike, the likeliest first.

        They are those that were there before it, by their names of now.
        """
        rows, recent = list[list[Any]](), list[list[Recent]]()
        with self._rows.connect() as connection:
            with self._lock:  # before the rows: what is let go of meanwhile is in them
                self._follow(connection, max(each.position for each in registered))
                known, reached = self._recent, self._in_rows
                newer = [self._rotations.near(each.described.words) for each in registered]
                recent += [self._numbered(each.described.number) for each in registered]
            for each, near, those in zip(registered, newer, recent, strict=True):
                words, number = each.described.words, each.described.number
                alike = [*named_alike(words, neighbours(connection, words))]
                alike += named_alike(words, near)
                those += [known[id_] for id_ in alike if id_ in known]
                rows.append(candidates(connection, dict.fromkeys(alike), number, sight))
        since = self._since(chain(*rows), min(each.position for each in registered))
        found = []
        for each, older, those in zip(registered, rows, recent, strict=True):
            newest: dict[str, Any] = {one.id: one for one in older}
            for one in (*those, *(known[id_] for id_ in newest if id_ in known)):
                row = newest.get(one.id)
                if one.position > reached and (row is None or one.position >= row.position):
                    newest[one.id] = one
            newest.pop(each.id, None)
            there = [
                one
                for one in newest.values()
                if (
                    one.since < each.position
                    and one.state != "merged"
                    and sight.covers(one.subject)
                    if isinstance(one, Recent)
                    else since.get(one.id, 0) < each.position
                )
            ]
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

    def _numbered(self, number: str) -> list[Recent]:
        """Return what is kept and has a number, not more than the rows are asked for."""
        here = bisect_left(self._numbers, (number, "")) if number else len(self._numbers)
        some = self._numbers[here : here + MOST]
        return [self._recent[id_] for each, id_ in some if each == number]

    def _follow(self, rows: sa.Connection, position: int) -> None:
        """Keep what the journal has up to a position and the rows have not."""
        if self._position >= position:
            return
        self._in_rows = rows.execute(_REACHED).scalar() or 0
        self._let_go()
        begin = max(self._position, self._in_rows)
        with self._journal.engine.connect() as connection:
            named = connection.execute(_NAMED, {"begin": begin, "end": position}).all()
        for row in named:
            self._take(recorded(row))
        self._position = max(begin, position)

    def _let_go(self) -> None:
        """Forget what the rows have, as soon as that is half of what is kept."""
        kept = {id_: one for id_, one in self._recent.items() if one.position > self._in_rows}
        if 2 * len(kept) <= len(self._recent):
            self._recent = kept
            self._rotations = Rotations((id_, one.name_words) for id_, one in kept.items())
            numbers = ((one.registration_key, id_) for id_, one in kept.items())
            self._numbers = sorted((number, id_) for number, id_ in numbers if number)

    def _take(self, event: Recorded) -> None:
        """Keep what a customer is after an event."""
        history = [event] if event.version == 1 else self._journal.history(event.stream)
        row = fold(customers, {}, history, keep_versions=False).rows.get(event.stream)
        if row is not None:  # one that cannot be read is in no row either
            columns = {name: row[name] for name in COLUMNS}
            since, subject = history[0].position, subject_of(customers, row)
            self._add(Recent(**columns, since=since, subject=subject))

    def _add(self, recent: Recent) -> None:
        if (former := self._recent.get(recent.id)) is not None:
            self._rotations.remove(former.id, former.name_words)
        self._recent[recent.id] = recent
        self._rotations.add(recent.id, recent.name_words)
        if recent.registration_key:
            insort(self._numbers, (recent.registration_key, recent.id))
