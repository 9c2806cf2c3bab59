"""Replaying: records made from their stored history, each fact where it holds by its day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar, cast

import orjson

from domain.kernel.aggregate import Aggregate, Recorded, as_stated, discover
from domain.kernel.envelope import History, UnreadableEvent
from domain.kernel.time.effective_day import by_day

A = TypeVar("A", Aggregate, Aggregate | None)


class LateFact(Exception):
    """A fact is true from a day before the latest that is known of its record."""


DAY = attrgetter("effective_day")
"""Returns the day from which a fact is true."""


def evolve(aggregate: Aggregate | None, history: History) -> Aggregate | None:
    """Apply stored events, which come oldest first, to a record in the order in which they hold.

    With `None` for the record its first event makes it; `None` comes back when there is no event
    at all. Raises `UnreadableEvent` for one that cannot be applied, or whose type no aggregate
    declares, and `LateFact` when the record has to be made anew from its whole history instead.
    """
    facts = read(aggregate.version if aggregate else 0, history)
    if aggregate is not None:
        if any(fact.effective_day < aggregate.in_force for fact in facts):
            raise LateFact
        return tell(aggregate, sorted(facts, key=DAY))
    try:
        return tell(None, by_day(facts, DAY))
    except UnreadableEvent:
        # Days were not always required to agree with one another: what was said last holds.
        return tell(None, facts)


def read(version: int, history: History) -> list[Aggregate.Event]:
    """Return the facts of a record that follow its `version`, as they are stored, oldest first.

    Raises `UnreadableEvent` as `evolve` does.
    """
    facts: list[Aggregate.Event] = []
    for stored in history:
        try:
            if stored[1] != version + len(facts) + 1:
                raise ValueError(f"after version {version + len(facts)}")
            facts.append(as_stated(*stored))
        except Exception as error:
            raise _unreadable(*stored[:3], error) from error
    return facts


def tell(aggregate: A, facts: Iterable[Aggregate.Event]) -> A:
    """Apply facts to a record in the order given, whatever their versions. Return the record.

    With `None` for the record the first of them makes it. Raises `UnreadableEvent` for one that
    cannot be applied.
    """
    record: Any = aggregate
    for fact in facts:
        try:
            if record is None:
                record = fact.mutate(None)
            else:
                fact.apply(record)
                record.version += 1
        except Exception as error:
            stream, version = fact.originator_id, fact.originator_version
            raise _unreadable(stream, version, fact.type, error) from error
        record.hold(fact)
    told: A = record
    return told


def follow(record: Aggregate | None, event: Recorded) -> Aggregate:
    """Return a record after one more event as readers have it, whatever its version.

    With `None` for the record the event makes it. Raises `UnreadableEvent` for one that cannot be
    applied.
    """
    stream, version, type_ = event.stream, event.version, event.type
    schema = discover().events[type_].schema  # readers have payloads at the current one
    try:
        fact = as_stated(stream, version, type_, schema, event.time, orjson.dumps(event.data))
    except Exception as error:
        raise _unreadable(stream, version, type_, error) from error
    return cast("Aggregate", tell(record, [fact]))


def _unreadable(stream: str, version: int, type_: str, error: Exception) -> UnreadableEvent:
    reason = f"{type(error).__name__}: {error}"
    return UnreadableEvent(f"Event {version} ({type_}) of {stream} cannot be read: {reason}")


def taken(record: Aggregate, time: datetime) -> list[Aggregate.Event]:
    """Take from a record the facts that it has stated, to be recorded at a time (UTC)."""
    facts: list[Any] = list(record.collect_events())
    for fact in facts:
        vars(fact)["timestamp"] = time
        record.hold(fact)
    return facts
