"""Acting: who a row of the journal is of, also where it was recorded before rows had kinds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from adapters.storage.journal_tables import events
from domain.kernel.actors import (
    FORMER_NAMES,
    FORMER_PREFIXES,
    Actor,
    ActorKind,
    attributed,
    formerly,
)

R = TypeVar("R", bound=Sequence[Any])

_ACTOR, _BEHALF = (events.columns.keys().index(name) for name in ("actor", "on_behalf_of"))


def who(actor: str, kind: ActorKind | None) -> Actor:
    """Return who a row means by its actor and the kind of it."""
    return attributed(actor) if kind is None else Actor(kind, actor)


def behalf(
    on_behalf_of: str | None, kind: ActorKind | None, actor_kind: ActorKind | None
) -> Actor | None:
    """Return for whom a row says that it was done; `actor_kind` tells whether it has kinds."""
    if on_behalf_of is None:
        return None
    return attributed(on_behalf_of) if actor_kind is None else Actor(kind or "person", on_behalf_of)


def with_kinds(row: R) -> R:
    """Return a row of `events` with the kinds of whom it tells of, as if it had always had them."""
    if row[-1] is not None:
        return row
    did, had = attributed(row[_ACTOR]), behalf(row[_BEHALF], None, None)
    known = list(row)
    known[_ACTOR], known[-1] = did.id, did.kind
    if had is not None:
        known[_BEHALF], known[-2] = had.id, had.kind
    whole: Any = tuple(known)
    return whole  # type: ignore[no-any-return]


def by(table: sa.Table, *actors: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that rows of `events` or `operations` are of one of some actors."""
    return _is(table.c.actor, table.c.actor_kind, table.c.actor_kind, actors)


def on_behalf_of(table: sa.Table, *actors: Actor) -> sa.ColumnElement[bool]:
    """Return the condition that what rows tell of was done for one of some actors."""
    return _is(table.c.on_behalf_of, table.c.on_behalf_kind, table.c.actor_kind, actors)


def of_kind(table: sa.Table, kind: ActorKind) -> sa.ColumnElement[bool]:
    """Return the condition that rows are of somebody of a kind."""
    text = table.c.actor
    former = sa.case(
        *((text == name, each.kind) for name, each in FORMER_NAMES.items()),
        *((text.like(f"{begin}:_%"), begin) for begin in FORMER_PREFIXES),
        else_="person",
    )
    return sa.func.coalesce(table.c.actor_kind, former) == kind


def _is(
    text: sa.ColumnElement[str],
    kind: sa.ColumnElement[str],
    known: sa.ColumnElement[str],
    actors: Collection[Actor],
) -> sa.ColumnElement[bool]:
    """Return the condition that a text and its kind are those of one of some actors.

    Rows without kinds are those where `known` is null. The text stands in front alone, as that is
    what there are indexes for.
    """
    kinds: dict[ActorKind, list[str]] = {}
    for each in actors:
        kinds.setdefault(each.kind, []).append(each.id)
    former = [told for each in actors if (told := formerly(each)) is not None]
    texts = {*former, *(each.id for each in actors)}
    new = [sa.and_(kind == each, text.in_(ids)) for each, ids in kinds.items()]
    return sa.and_(
        text.in_(sorted(texts)), sa.or_(*new, sa.and_(known.is_(None), text.in_(former)))
    )
