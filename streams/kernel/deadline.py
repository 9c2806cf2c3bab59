"""Deadlines: what time alone brings about, as aggregates declare it, or as row → commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

import sqlalchemy as sa

from domain.kernel.discovery import declared
from projections.kernel.columns import Instant
from projections.kernel.read_model import ReadModel, Row, read_models
from streams.kernel.policy import Wish

Decide = Callable[[Row], Iterable[Wish]]


@dataclass(frozen=True)
class Deadline:
    """A deadline: the rows that it watches, the column of the instant, what it wishes for then.

    One that is `plain` looks at nothing of a row but which record it is of.
    """

    name: str
    rows: ReadModel
    at: str
    decide: Decide
    plain: bool = False

    @property
    def instant(self) -> sa.Column[Any]:
        """The column that has the instant at which a row is due; none where nothing is."""
        return self.rows.table.c[self.at]

    def due(self, now: datetime) -> sa.Select[Any]:
        """Return the query of the rows that are due, in the order of their instants."""
        table, unit = self.rows.table, self.rows.scope.unit
        needed = {"id", "position", self.at, unit or "id"} if self.plain else table.c.keys()
        query = sa.select(*(table.c[name] for name in needed)).where(self.instant <= now)
        return query.order_by(self.instant.nulls_first(), table.c.id)  # as the index


def deadline(rows: ReadModel, at: str) -> Callable[[Decide], Deadline]:
    """Declare the function below as a deadline, named after it.

    It is asked for each row whose instant has come, and asked again only when the fold gives the
    row another instant: so the fold takes the instant away once what it stood for has happened.
    A command that has a parameter `due_at` gets the instant; one that is stated for a day or a
    moment is stated for that of the instant, though not before the last that is known of the
    record. The command has to refuse what has moved meanwhile: the row may be older than it.
    What a record brings about in itself alone its aggregate declares (`domain.kernel.time.due`).

    Args:
        rows: The read model.
        at: Its column of type `Instant` with the moment at which the row is due; an index begins
            with it.

    Raises `ValueError` when there is no such column, or no such index.
    """

    def declare(decide: Decide) -> Deadline:
        name = str(getattr(decide, "__name__", "")).replace("_", "-")
        column = rows.table.c.get(at)
        if column is None or not isinstance(column.type, Instant):
            raise ValueError(f"The deadline {name} needs an instant {at!r} in {rows.name}.")
        if all(index[0] != at for index in rows.indexes):
            raise ValueError(f"The deadline {name} needs an index of {rows.name} on {at!r}.")
        return Deadline(name, rows, at, decide)

    return declare


@cache
def deadlines() -> Mapping[str, Deadline]:
    """Return every deadline by name; modules of this layer may declare some, aggregates others.

    That of an aggregate is named as its command is.
    """
    found = [*declared("streams", Deadline), *_of_aggregates()]
    return {each.name: each for each in found}


def _of_aggregates() -> Iterator[Deadline]:
    for model in read_models().values():
        for due in model.dues:
            yield Deadline(due.command, model, due.name, partial(_wish, due.command), True)


def _wish(command: str, row: Row) -> Iterator[Wish]:
    yield Wish(command, row["id"])
