"""Separation of duties: nobody decides about what they put forward themselves."""

from __future__ import annotations

import sqlalchemy as sa

from adapters.journal.recorded_actors import behalf, who
from adapters.journal.unit_of_work import Transaction
from adapters.storage.journal_tables import events
from domain.kernel.actors import Actor, ActorKind
from domain.kernel.aggregate import Origin, SameHands
from domain.kernel.commands import Command

_WHO = ("actor", "on_behalf_of", "on_behalf_kind", "actor_kind")
_STREAM, _TYPE, *_HANDS = map(events.columns.keys().index, ("stream", "type", *_WHO))
_LAST = (
    sa.select(*(events.c[name] for name in _WHO))
    .where(events.c.stream == sa.bindparam("stream"), events.c.type == sa.bindparam("type"))
    .order_by(events.c.version.desc())
    .limit(1)
)


def require_other_hands(
    transaction: Transaction, command: Command, stream: str, origin: Origin
) -> None:
    """Refuse a command to those who stated the fact that it decides about.

    Neither who did it nor on whose behalf it was done may be the same. Raises `SameHands`.
    """
    if command.apart_from is None:
        return
    stated = _hands(transaction, stream, command.apart_from.type)
    if not stated.isdisjoint(origin.hands):
        raise SameHands


def _hands(transaction: Transaction, stream: str, type_: str) -> set[Actor | None]:
    """Return who stated the last fact of a type about a record, and on whose behalf."""
    for row in reversed(transaction.appended):
        if row[_STREAM] == stream and row[_TYPE] == type_:
            return _of(*(row[place] for place in _HANDS))
    found = transaction.connection.execute(_LAST, {"stream": stream, "type": type_}).first()
    return set() if found is None else _of(*found)


def _of(
    actor: str, had: str | None, had_kind: ActorKind | None, kind: ActorKind | None
) -> set[Actor | None]:
    return {who(actor, kind), behalf(had, had_kind, kind)}
