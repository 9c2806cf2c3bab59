"""Added parts: the ids of what a command adds to its record, as its answers tell them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.journal.operation_entries import Done
from adapters.journal.unit_of_work import Transaction
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Aggregate
from domain.kernel.commands import Command


def added(command: Command, aggregate: Aggregate) -> Mapping[str, str]:
    """Return the ids, by field, of what the facts add that a record has just stated."""
    if not command.adds:
        return {}
    return _ids(command, (vars(fact) for fact in aggregate.pending_events))


def added_before(
    command: Command, transaction: Transaction, command_id: str, done: Done
) -> Mapping[str, str]:
    """Return the ids, by field, of what a command added when it was done."""
    if not command.adds:
        return {}
    query = sa.select(events.c.data).where(
        events.c.stream == done.target,
        events.c.version <= done.version,
        events.c.command_id == command_id,
    )
    known = list(transaction.connection.scalars(query.order_by(events.c.version)))
    for _, stream, version, *_, by, _, _, data, _, _ in transaction.appended:
        if stream == done.target and version <= done.version and by == command_id:
            known.append(data)
    return _ids(command, map(orjson.loads, known))


def _ids(command: Command, facts: Iterator[Mapping[str, Any]]) -> dict[str, str]:
    """Return what facts add; of two commands of one id the later is the one that is asked about."""
    return {name: fact[name] for fact in facts for name in command.adds if name in fact}
