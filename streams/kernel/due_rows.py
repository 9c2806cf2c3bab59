"""Due rows: those whose instant has come, over all deadlines, in the order of the instants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa

from adapters.storage.databases import in_parts
from projections.kernel.read_model import Row
from projections.kernel.rows.tables import settled, upsert
from streams.kernel.deadline import Deadline

Key = tuple[datetime, str, str]
"""An instant, the name of a deadline and the id of a record: what is due once."""


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

    A row whose command was refused keeps its instant, and would be asked for at each look.
    """

    def __init__(self, engine: sa.Engine, deadlines: Iterable[Deadline]) -> None:
        """Look into the row database."""
        self._deadlines = list(deadlines)
        self._reading = engine.execution_options(writes=False)
        self._writing = engine.execution_options(writes=True)

    def due(self, now: datetime, limit: int) -> Sequence[Due]:
        """Return the first rows that are due, at most `limit`, in the order of their instants."""
        found: list[Due] = []
        with self._reading.connect() as connection:
            for each in self._deadlines:
                rows = connection.execute(_open(each, now).limit(limit)).mappings()
                found += [Due(row[each.at], each, dict(row)) for row in rows]
        return sorted(found, key=lambda due: due.key)[:limit]

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

    def settle(self, answered: Iterable[Due], failed: Mapping[Key, str]) -> None:
        """Note which of the rows that were asked for are still due at the same instant.

        `failed` tells, by their keys, why some could not be asked for.
        """
        kept: list[dict[str, Any]] = []
        by_deadline = sorted(answered, key=lambda due: due.deadline.name)
        with self._reading.connect() as connection:
            for name, group in groupby(by_deadline, key=lambda due: due.deadline.name):
                asked = {due.row["id"]: due for due in group}
                for part in in_parts(list(asked.values())):
                    kept += [
                        {
                            "deadline": name,
                            "stream": id_,
                            "due": at,
                            "error": failed.get(asked[id_].key),
                        }
                        for id_, at in connection.execute(_instants(part))
                        if at == asked[id_].at
                    ]
        if kept:
            with self._writing.begin() as connection:
                connection.execute(upsert(settled, connection.dialect.name), kept)

    def failures(self) -> int:
        """Return how many rows could not be asked for."""
        query = sa.select(sa.func.count()).where(settled.c.error.is_not(None))
        with self._reading.connect() as connection:
            return connection.scalar(query) or 0

    def forgive(self) -> None:
        """Have the rows that could not be asked for tried again: the program may be mended."""
        with self._writing.begin() as connection:
            connection.execute(settled.delete().where(settled.c.error.is_not(None)))


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
