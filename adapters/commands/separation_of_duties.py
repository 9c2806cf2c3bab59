"""Separation of duties: nobody decides about what they put forward themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.journal.recorded_actors import behalf, who
from adapters.journal.unit_of_work import Transaction
from adapters.storage.journal_tables import events
from domain.kernel.actors import Actor, ActorKind
from domain.kernel.aggregate import Origin, SameHands
from domain.kernel.commands import Command

_WHO = ("actor", "on_behalf_of", "on_behalf_kind", "actor_kind")
_READ = ("stream", "type", "data", *_WHO)
_STREAM, _TYPE, _DATA, *_HANDS = map(events.columns.keys().index, _READ)
_STATED = (
    sa.select(*(events.c[name] for name in ("data", *_WHO)))
    .where(events.c.stream == sa.bindparam("stream"), events.c.type == sa.bindparam("type"))
    .order_by(events.c.version.desc())
)
_LAST = _STATED.limit(1)


def require_other_hands(
    transaction: Transaction,
    command: Command,
    stream: str,
    origin: Origin,
    arguments: Mapping[str, Any],
) -> None:
    """Refuse a command to those who stated the fact that it decides about.

    That is the last such fact, of one part of the record where facts and command say which.
    Neither who did it nor on whose behalf it was done may be the same. Raises `SameHands`.
    """
    if command.apart_from is None:
        return
    about = command.apart_from.about
    part = None if about is None else (about, arguments[about])
    if not _hands(transaction, stream, command.apart_from.type, part).isdisjoint(origin.hands):
        raise SameHands


def _hands(
    transaction: Transaction, stream: str, type_: str, part: tuple[str, Any] | None
) -> set[Actor | None]:
    """Return who stated the last fact of a type about a record or its part, and for whom."""
    for row in reversed(transaction.appended):
        if row[_STREAM] == stream and row[_TYPE] == type_ and _is_about(row[_DATA], part):
            return _of(*(row[place] for place in _HANDS))
    query = _LAST if part is None else _STATED
    found = transaction.connection.execute(query, {"stream": stream, "type": type_}).all()
    for data, *hands in found:
        if _is_about(data, part):
            return _of(*hands)
    return set()


def _is_about(data: str, part: tuple[str, Any] | None) -> bool:
    return part is None or orjson.loads(data).get(part[0]) == part[1]


def _of(
    actor: str, had: str | None, had_kind: ActorKind | None, kind: ActorKind | None
) -> set[Actor | None]:
    return {who(actor, kind), behalf(had, had_kind, kind)}
