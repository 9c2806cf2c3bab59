"""Due rows: those whose instant has come, over all deadlines, in the order of the instants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from adapters.storage.databases import in_parts
from projections.kernel.parking_lot import Lot, in_rows
from projections.kernel.read_model import Parked, Row
from projections.kernel.rows.tables import parked, settled, upsert
from streams.kernel.deadline import Deadline

Key = tuple[datetime, str, str]
"""An instant, the name of a deadline and the id of a record: what is due once."""

PREFIX = "deadline:"
"""Stands before the name of a deadline among the places that have put events aside."""


class Due(NamedTuple):
    """A row that a deadline is to be asked for, and since when."""

    at: datetime
    deadline: Deadline
    row: Row

    @property
    def key(self) -> Key:
        """What tells it from all others, and by which they are in order."""
        return (self.at, self.deadline.name, self.row["id"])


class DueRows:
    """The rows that are due, save those that were settled: answered, and due as before.

    A row whose command was refused or failed keeps its instant, and would be asked for at each
    look. One whose command failed is put aside besides, by its last event, until it is due at
    another instant.
    """

    def __init__(self, engine: sa.Engine, deadlines: Iterable[Deadline]) -> None:
        """Look into the row database."""
        self._deadlines = list(deadlines)
        self._reading = engine.execution_options(writes=False)
        self._writing = engine.execution_options(writes=True)

    def due(self, now: datetime, limit: int) -> Sequence[Due]:
        """Return the first rows that are due, at most `limit`, in the order of their instants.

        Of a record only what is due first: what comes of that may change what is due after it.
        """
        found: list[Due] = []
        with self._reading.connect() as connection:
            for each in self._deadlines:
                rows = connection.execute(_open(each, now).limit(limit)).mappings()
                found += [Due(row[each.at], each, dict(row)) for row in rows]
        found = sorted(found, key=lambda due: due.key)[:limit]
        first: dict[str, datetime] = {}
        return [due for due in found if first.setdefault(due.row["id"], due.at) == due.at]

    def of(self, place: str, stream: str, now: datetime) -> Sequence[Due]:
        """Return the row of a record if it is due by the deadline of a place, settled or not."""
        found: list[Due] = []
        with self._reading.connect() as connection:
            for each in self._at(place):
                mine = each.due(now).where(each.rows.table.c.id == stream)
                rows = connection.execute(mine).mappings()
                found += [Due(row[each.at], each, dict(row)) for row in rows]
        return found

    def oldest(self, now: datetime) -> datetime | None:
        """Return since when the first row is due; `None` when none is."""
        first = self.due(now, 1)
        return first[0].at if first else None

    def following(self, now: datetime) -> datetime | None:
        """Return the next instant that is to come; `None` when nothing is to."""
        firsts = [
            sa.select(sa.func.min(each.instant)).where(each.instant > now).scalar_subquery()
            for each in self._deadlines
        ]
        with self._reading.connect() as connection:
            found = connection.execute(sa.select(*firsts)).one() if firsts else ()
        return min((each for each in found if each is not None), default=None)

    def settle(self, answered: Iterable[Due], failed: Mapping[Key, Parked]) -> None:
        """Note which of the rows that were asked for are still due at the same instant.

        Of these are put aside, and no others, those whose command `failed`, by their keys.
        """
        kept: list[Due] = []
        by_deadline = sorted(answered, key=lambda due: due.deadline.name)
        with self._reading.connect() as connection:
            for _, group in groupby(by_deadline, key=lambda due: due.deadline.name):
                for part in in_parts(list(group)):
                    now = {row.id: row[1] for row in connection.execute(_instants(part))}
                    kept += [due for due in part if now.get(due.row["id"]) == due.at]
        if not kept:
            return
        columns = ("due", "deadline", "stream")
        rows = [dict(zip(columns, each.key, strict=True)) for each in kept]
        with self._writing.begin() as connection:
            connection.execute(upsert(settled, connection.dialect.name), rows)
            for each in kept:
                lot = Lot(in_rows(connection), PREFIX + each.deadline.name)
                lot.forget(each.row["id"])
                lot.park([failed[each.key]] if each.key in failed else [])

    def heal(self) -> None:
        """Forget what was put aside of rows that are due at another instant by now, or at none."""
        # Asked at each look, and nearly always there is none: one question instead of one for each.
        any_ = sa.select(parked.c.model).where(parked.c.model.startswith(PREFIX)).distinct()
        with self._reading.connect() as connection:
            aside = connection.scalars(any_).all()
        for each in (each for place in aside for each in self._at(place)):
            with self._reading.connect() as connection:
                moved = connection.scalars(_moved(each)).all()
            for stream in moved:
                self.forget(PREFIX + each.name, stream)

    def forget(self, place: str, stream: str) -> None:
        """Forget what was put aside of a record, and that it was asked for."""
        name = place.removeprefix(PREFIX)
        asked = settled.delete().where(settled.c.deadline == name, settled.c.stream == stream)
        with self._writing.begin() as connection:
            Lot(in_rows(connection), place).forget(stream)
            connection.execute(asked)

    def pass_over(self, place: str, stream: str) -> None:
        """Go on without what was put aside of a record, until it is due at another instant."""
        with self._writing.begin() as connection:
            lot = Lot(in_rows(connection), place)
            for event in lot.queue(stream):
                lot.pass_over(event)

    def _at(self, place: str) -> list[Deadline]:
        return [each for each in self._deadlines if PREFIX + each.name == place]


def _open(deadline: Deadline, now: datetime) -> sa.Select[Any]:
    """Return the query of the rows that are due and not settled."""
    known = sa.exists().where(
        settled.c.deadline == deadline.name,
        settled.c.stream == deadline.rows.table.c.id,
        settled.c.due == deadline.instant,
    )
    return deadline.due(now).where(~known)


def _instants(part: Sequence[Due]) -> sa.Select[Any]:
    """Return the query of the instants that some rows of one deadline have now."""
    deadline = part[0].deadline
    id_ = deadline.rows.table.c.id
    return sa.select(id_, deadline.instant).where(id_.in_([due.row["id"] for due in part]))


def _moved(deadline: Deadline) -> sa.Select[Any]:
    """Return the query of the records put aside that are not due any more as they were."""
    table = deadline.rows.table
    still = sa.exists().where(
        settled.c.deadline == deadline.name,
        settled.c.stream == parked.c.stream,
        table.c.id == parked.c.stream,
        deadline.instant == settled.c.due,
    )
    aside = parked.c.model == PREFIX + deadline.name
    return sa.select(parked.c.stream).where(aside, ~still).distinct()
