"""The parking lot: events put aside with the reason, tried again, or passed over; in any store."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from domain.kernel.actors import attributed
from domain.kernel.aggregate import Recorded, from_stored, registry
from domain.kernel.envelope import Unreadable
from projections.kernel.fold import Parked, Passes, Waiting
from projections.kernel.rows.tables import parked, upsert
from projections.kernel.visibility.owner_index import among

Key = tuple[str, int]
"""An event of a place: its stream and version."""

Rows = Sequence[Mapping[str, Any]]
"""Rows of the table, by column."""


class Store(NamedTuple):
    """A transaction in which events are put aside: its dialect, its table, what executes in it.

    It may be given parameters, of which each set counts, and returns the rows of a query.
    """

    dialect: str
    table: sa.Table
    execute: Callable[[sa.Executable, Rows], list[dict[str, Any]]]


def in_rows(connection: sa.Connection) -> Store:
    """Return a transaction of the row database as a store."""

    def execute(statement: sa.Executable, values: Rows) -> list[dict[str, Any]]:
        found = connection.execute(statement, [dict(each) for each in values] or None)
        return [dict(each) for each in found.mappings()] if found.returns_rows else []

    return Store(connection.dialect.name, parked, execute)


class Lot:
    """What one place has put aside: a read model, `history_<read model>` or `policy:<name>`.

    An event is parked until it can be applied, or until an operator decides to go on without it:
    then it is passed over, each time that it still cannot be applied, until that is taken back.
    """

    def __init__(self, store: Store, place: str) -> None:
        """Look after a place, within a transaction of its store."""
        self._dialect, self._table, self._execute = store
        self._place = place
        self._mine = self._table.c.model == place
        self._passed = self._table.c.passed_at.is_not(None)

    def waiting(self, streams: Collection[str]) -> Waiting:
        """Return what is parked of some streams."""
        some = among(self._table.c.stream, streams, self._dialect)
        query = sa.select(self._table.c.event).where(self._mine, ~self._passed, some)
        found: Waiting = {}
        for event in (read(each["event"]) for each in self._execute(query, ())):
            found.setdefault(event.stream, {})[event.version] = event
        return found

    def queue(self, stream: str) -> list[Recorded]:
        """Return what is parked of a stream, in order."""
        queue = self.waiting([stream]).get(stream, {})
        return [queue[version] for version in sorted(queue)]

    def streams(self) -> set[str]:
        """Return the streams of which something is parked."""
        query = sa.select(self._table.c.stream).where(self._mine, ~self._passed).distinct()
        return {each["stream"] for each in self._execute(query, ())}

    def park(self, found: Iterable[Parked]) -> None:
        """Put events aside with the reason why they could not be applied."""
        now = datetime.now(UTC)
        rows = [
            {
                "model": self._place,
                "stream": each.event.stream,
                "version": each.event.version,
                "position": each.event.position,
                "event": written(each.event),
                "error": each.error.replace("\x00", "")[:2000],
                "parked_at": now,
                "passed_at": None,
            }
            for each in found
        ]
        self.put(rows)

    def put(self, rows: Rows) -> None:
        """Have rows as `listed` gives them, of whatever store."""
        if rows:
            self._execute(upsert(self._table, self._dialect), rows)

    def unpark(self, events: Sequence[Recorded]) -> None:
        """Forget that events were parked."""
        for event in events:
            self._execute(self._table.delete().where(*self._is(event), ~self._passed), ())

    def passes(self, event: Recorded) -> bool:
        """Tell whether an event is to be passed over."""
        query = sa.select(self._table.c.version).where(*self._is(event), self._passed)
        return bool(self._execute(query, ()))

    def decided(self, stream: str | None = None) -> dict[Key, Mapping[str, Any]]:
        """Return the rows of the events that are to be passed over, all of them or a stream's."""
        query = sa.select(self._table).where(self._mine, self._passed)
        if stream is not None:
            query = query.where(self._table.c.stream == stream)
        return {(each["stream"], each["version"]): each for each in self._execute(query, ())}

    def pass_over(self, event: Recorded) -> None:
        """Decide to go on without an event that is parked."""
        change = self._table.update().where(*self._is(event))
        self._execute(change.values(passed_at=datetime.now(UTC)), ())

    def take_back(self, stream: str) -> None:
        """Park what was passed over of a stream."""
        mine = (self._mine, self._table.c.stream == stream)
        self._execute(self._table.update().where(*mine).values(passed_at=None), ())

    def forget(self, stream: str) -> None:
        """Forget all about a stream, which is to be folded from its beginning."""
        self._execute(self._table.delete().where(self._mine, self._table.c.stream == stream), ())

    def renew(self, found: Iterable[Parked], passed: Collection[Key]) -> None:
        """Have these events aside and no others, and of what was decided what was needed."""
        kept = [row for key, row in self.decided().items() if key in passed]
        self._execute(self._table.delete().where(self._mine), ())
        self.park(found)
        self.put(kept)

    def _is(self, event: Recorded) -> tuple[sa.ColumnElement[bool], ...]:
        columns = self._table.c
        return self._mine, columns.stream == event.stream, columns.version == event.version


def retry(
    lot: Lot,
    stream: str,
    apply: Callable[[Sequence[Recorded]], object],
    anew: Callable[[str], object],
) -> int:
    """Apply what is parked of a stream again; returns how many events are still parked.

    When something was passed over, that is taken back: the stream is folded `anew`.
    """
    if lot.decided(stream):
        anew(stream)
    else:
        apply(lot.queue(stream))
    return len(lot.queue(stream))


def skip(
    lot: Lot,
    stream: str,
    apply: Callable[[Sequence[Recorded]], object],
    turn: Callable[[str], int],
) -> int:
    """Pass over the parked event whose turn it is in a stream, and apply those behind it.

    It is tried first. Returns how many are still parked; `turn` tells the version that is to come.
    """
    apply(lot.queue(stream))
    queue = lot.queue(stream)
    for event in queue:
        if event.version == turn(stream):
            lot.pass_over(event)
    apply(queue)
    return len(lot.queue(stream))


def listed(store: Store, *, passed: bool = False) -> list[dict[str, Any]]:
    """Return what is parked, or passed over: model, stream, version, position, event, error.

    With `parked_at` and, of what is passed over, `passed_at`.
    """
    columns = [each for each in store.table.c if passed or each.name != "passed_at"]
    chosen = store.table.c.passed_at.is_not(None) if passed else store.table.c.passed_at.is_(None)
    order = (store.table.c.model, store.table.c.stream, store.table.c.version)
    query = sa.select(*columns).where(chosen).order_by(*order)
    return store.execute(query, ())


def passes_by(rows: sa.Engine, model: str) -> Passes:
    """Return what tells of a read model's events whether they are to be passed over.

    For who seldom asks: it takes a connection only then, to any database.
    """

    def told(event: Recorded) -> bool:
        with rows.connect() as connection:
            there = sa.inspect(connection).has_table(parked.name)
            return there and Lot(in_rows(connection), model).passes(event)

    return told


def written(event: Recorded) -> str:
    """Return an event as JSON, with its payload at the schema named in it, or as it is stored."""
    known = registry.events.get(event.type)
    fields = {each.name: getattr(event, each.name) for each in dataclasses.fields(event)}
    if isinstance(event.data, Unreadable):
        fields["data"] = event.data.raw
    elif known is not None:
        fields["schema"] = known.schema
    return orjson.dumps(fields).decode()


def read(text: str) -> Recorded:
    """Return a parked event, with its payload at the schema that this program has now."""
    fields = plain(text)
    data, type_, schema = fields["data"], fields["type"], fields["schema"]
    fields["data"] = from_stored(
        type_, schema, data if isinstance(data, str) else orjson.dumps(data)
    )
    return Recorded(**{**fields, "time": datetime.fromisoformat(fields["time"])})


def plain(text: str) -> dict[str, Any]:
    """Return what a parked event says, with the kinds of whom it tells of."""
    fields: dict[str, Any] = orjson.loads(text)
    if "actor_kind" not in fields:  # parked before there were kinds
        fields |= _kinds(fields["actor"], fields["on_behalf_of"])
    return fields


def _kinds(actor: str, on_behalf_of: str | None) -> dict[str, str | None]:
    kind, actor = attributed(actor)
    behalf = None if on_behalf_of is None else attributed(on_behalf_of)
    return {
        "actor": actor,
        "actor_kind": kind,
        "on_behalf_of": behalf and behalf.id,
        "on_behalf_kind": behalf and behalf.kind,
    }
