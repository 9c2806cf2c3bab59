"""The operation log as it is read: the entries that are wanted and in sight, newest first."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.journal.recorded_actors import behalf, by, of_kind, on_behalf_of
from adapters.storage.instants import EPOCH, instant
from adapters.storage.journal_tables import operations
from adapters.storage.query_timeout import Patience, patient
from domain.kernel.actors import ACTOR_KINDS, Actor, ActorKind, attributed
from projections.kernel.visibility.visibility import Sight, Subject

_SHOWN = [c for c in operations.columns if c.name not in ("time_us", "digest")]
ENTRY = sa.select(operations.c.time_us, *_SHOWN)
"""The query for rows of which `entry` makes entries."""

FIELDS = ("time", *(str(column.name) for column in _SHOWN))
"""What an entry says, in this order."""

FREE_TEXT = ("query", "detail")
"""What may name a value that somebody who sees masked fields must not see."""


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are wanted: those that are all that is given.

    `person` acted or was acted for; `actor` acted, who is of an `actor_kind`; `units` are several
    of which one is meant; `since` and `until` are inclusive.
    """

    person: str | None = None
    actor: str | None = None
    actor_kind: ActorKind | None = None
    target: str | None = None
    units: frozenset[str] | None = None
    command: str | None = None
    kind: str | None = None
    accepted: bool | None = None
    refusal: str | None = None
    trace: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def entries(
    journal: Journal,
    wanted: Wanted,
    sight: Sight,
    below: int | None,
    limit: int,
    patience: Patience | None = None,
) -> list[dict[str, Any]]:
    """Return wanted entries that are in sight, newest first, only those numbered below `below`.

    Raises `QuestionTooLong` when there is no more `patience` for what may be a look at all of them.
    """
    conditions = [*_conditions(wanted), *in_sight(sight)]
    if below is not None:
        conditions.append(operations.c.number < below)
    with journal.engine.connect() as connection, patient(patience, connection):
        if wanted.since is not None:
            last = _number_at(connection, _microseconds(wanted.since) - 1)
            conditions.append(operations.c.number > last)
        if wanted.until is not None:
            last = _number_at(connection, _microseconds(wanted.until))
            conditions.append(operations.c.number <= last)
        query = ENTRY.where(_numbers(wanted.person, conditions, limit))
        query = query.order_by(operations.c.number.desc()).limit(limit)
        rows = connection.execute(query).all()
    return [as_seen(entry(row), sight) for row in rows]


def entry(row: sa.Row[Any]) -> dict[str, Any]:
    """Return a row of the log as everybody sees it, whatever the way out."""
    told: dict[str, Any] = {"time": instant(row[0]), **dict(zip(FIELDS[1:], row[1:], strict=True))}
    if told["actor_kind"] is None:
        did, had = attributed(told["actor"]), behalf(told["on_behalf_of"], None, None)
        told |= {"actor": did.id, "actor_kind": did.kind}
        if had is not None:
            told |= {"on_behalf_of": had.id, "on_behalf_kind": had.kind}
    return told


def published(journal: Journal, after: int, limit: int) -> list[dict[str, Any]]:
    """Return the entries after a number, oldest first."""
    query = ENTRY.where(operations.c.number > after).order_by(operations.c.number)
    with journal.engine.connect() as connection:
        return [entry(row) for row in connection.execute(query.limit(limit))]


def _conditions(wanted: Wanted) -> Iterator[sa.ColumnElement[bool]]:
    for name in ("target", "command", "kind", "accepted", "refusal", "trace"):
        value = getattr(wanted, name)
        if value is not None:
            yield operations.c[name] == value
    kinds = ACTOR_KINDS if wanted.actor_kind is None else (wanted.actor_kind,)
    if wanted.actor is not None:
        yield by(operations, *(Actor(kind, wanted.actor) for kind in kinds))
    elif wanted.actor_kind is not None:
        yield of_kind(operations, wanted.actor_kind)
    if wanted.units is not None:
        yield operations.c.unit.in_(wanted.units)


def _numbers(
    person: str | None, conditions: Sequence[sa.ColumnElement[bool]], limit: int
) -> sa.ColumnElement[bool]:
    """Return the condition that finds the entries; a person has two columns, each its index."""
    if person is None:
        return sa.and_(sa.true(), *conditions)
    who = Actor("person", person)
    by_actor = [by(operations, who)]
    by_other = [on_behalf_of(operations, who), operations.c.actor != person]
    found = [
        sa.select(operations.c.number)
        .where(*either, *conditions)
        .order_by(operations.c.number.desc())
        .limit(limit)
        .subquery()
        for either in (by_actor, by_other)
    ]
    return operations.c.number.in_(sa.union_all(*(sa.select(each.c.number) for each in found)))


def in_sight(sight: Sight) -> Iterator[sa.ColumnElement[bool]]:
    """Yield the conditions that entries are in sight."""
    if sight.whole:
        return
    views = []
    for view in sight.views:
        parts: list[sa.ColumnElement[bool]] = []
        if view.units is not None:
            parts.append(operations.c.unit.in_(view.units))
        if view.owners is not None:
            people = [Actor("person", code) for code in view.owners]
            parts.append(sa.or_(by(operations, *people), on_behalf_of(operations, *people)))
        views.append(sa.and_(*parts))
    yield sa.or_(sa.false(), *views)


def as_seen(found: dict[str, Any], sight: Sight) -> dict[str, Any]:
    """Return an entry as whoever has that sight of the log sees it."""
    if sight.everything:
        return found
    people = frozenset(
        found[name]
        for name, kind in (("actor", "actor_kind"), ("on_behalf_of", "on_behalf_kind"))
        if found[kind] == "person"
    )
    if not sight.masked(Subject(frozenset({found["unit"]}), people)):
        return found
    return found | dict.fromkeys(FREE_TEXT) | {"masked": list(FREE_TEXT)}


def _number_at(connection: sa.Connection, time_us: int) -> int:
    """Return the number of the last entry at or before a time: entries are in its order."""
    query = (
        sa.select(operations.c.number)
        .where(operations.c.time_us <= time_us)
        .order_by(operations.c.time_us.desc(), operations.c.number.desc())
        .limit(1)
    )
    return connection.scalar(query) or 0


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // (instant(1) - EPOCH)
