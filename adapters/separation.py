"""Separation of duties: nobody decides about what they put forward themselves."""

from __future__ import annotations

import sqlalchemy as sa

from adapters.journal_tables import events
from adapters.transaction import Transaction
from domain.commands import Command
from domain.kernel import Origin, SameHands

_STREAM, _TYPE, _ACTOR, _BEHALF = (
    events.columns.keys().index(name) for name in ("stream", "type", "actor", "on_behalf_of")
)
_LAST = (
    sa.select(events.c.actor, events.c.on_behalf_of)
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
    if not stated.isdisjoint({origin.actor, origin.on_behalf_of or origin.actor}):
        raise SameHands


def _hands(transaction: Transaction, stream: str, type_: str) -> set[str]:
    """Return who stated the last fact of a type about a record, and on whose behalf."""
    for row in reversed(transaction.appended):
        if row[_STREAM] == stream and row[_TYPE] == type_:
            return {row[_ACTOR], row[_BEHALF] or row[_ACTOR]}
    found = transaction.connection.execute(_LAST, {"stream": stream, "type": type_}).first()
    return set() if found is None else {found.actor, found.on_behalf_of or found.actor}
