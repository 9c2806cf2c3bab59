"""Operated: what one transaction enters in the operation log, and the repeats it knows by it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import sqlalchemy as sa

from adapters.journal.recorded_actors import who
from adapters.storage.databases import in_parts
from adapters.storage.journal_tables import operations
from domain.kernel.actors import Actor

_COLUMNS = tuple(operations.columns.keys())
_COMMAND = {
    "credential": None,
    "query": None,
    "kind": "command",
    "times": 1,
    "rows": None,
    "targets": None,
}


class Repeat(NamedTuple):
    """What tells a command that was given before: its id among those of whoever gives it.

    Without anybody all count that came in at the machine itself, and not from some client: who
    repeats an import is not always the one who did it first.
    """

    command_id: str
    who: Actor | None


class Done(NamedTuple):
    """An accepted command as the operation log remembers it: the answer to its repeats."""

    digest: str
    target: str
    version: int
    position: int


class Operated:
    """The entries of a transaction, in units of work that are kept or taken back."""

    def __init__(self, connection: sa.Connection, number: int, time_us: int) -> None:
        """Go on after the entry of this number, at a time in microseconds since 1970 UTC."""
        self._connection = connection
        self._time_us = time_us
        self._before = number
        self._kept = 0
        self.rows: list[tuple[Any, ...]] = []
        """The entries, as rows of their table; not yet in the database."""
        self._unit: list[Repeat] = []
        self._done: dict[Repeat, Done | None] = {}

    @property
    def number(self) -> int:
        """The number of the last entry."""
        return self._before + len(self.rows)

    def undo_unit(self) -> None:
        """Take back the entries of the current unit of work."""
        del self.rows[self._kept :]
        for key in self._unit:
            self._done.pop(key, None)
        self._unit = []

    def end_unit(self) -> None:
        """Keep the entries of the current unit of work."""
        self._kept = len(self.rows)
        self._unit = []

    def remember(self, keys: Iterable[Repeat]) -> None:
        """Look up which of these were accepted before, in one query."""
        wanted = [key for key in dict.fromkeys(keys) if key not in self._done]
        for part in in_parts(wanted):
            columns = ("command_id", "actor", "actor_kind", "address", *Done._fields)
            query = sa.select(*(operations.c[name] for name in columns)).where(
                operations.c.command_id.in_([each.command_id for each in part]),
                operations.c.accepted,
            )
            self._done.update(dict.fromkeys(part))
            for row in self._connection.execute(query):
                answer = Done(row.digest, row.target, row.version, row.position)
                self._done[Repeat(row.command_id, who(row.actor, row.actor_kind))] = answer
                if row.address is None:
                    self._done[Repeat(row.command_id, None)] = answer

    def done(self, repeat: Repeat) -> Done | None:
        """Return what this command was answered when it was accepted, or `None`."""
        if repeat not in self._done:
            self.remember([repeat])
        return self._done[repeat]

    def log(self, operation: dict[str, Any]) -> None:
        """Enter an attempt to command, or a read.

        `operation` has the columns of the table; those of `_COMMAND` may be left out.
        """
        row = _COMMAND | operation | {"number": self.number + 1, "time_us": self._time_us}
        self.rows.append(tuple([row[name] for name in _COLUMNS]))
        if row["accepted"] and row["kind"] == "command":
            done = Done(*(operation[name] for name in Done._fields))
            actor = Actor(row["actor_kind"], row["actor"])
            for who_ in (actor, None) if row["address"] is None else (actor,):
                key = Repeat(row["command_id"], who_)
                self._unit.append(key)
                self._done[key] = done
