"""Dating: facts stated for another day than today come in where they hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from adapters.journal.unit_of_work import Transaction
from adapters.storage.instants import instant
from domain.kernel.aggregate import Aggregate
from domain.kernel.commands import Command
from domain.kernel.time.business_day import recorded_day
from domain.kernel.time.effective_day import as_day
from domain.kernel.time.retroactive import (
    FutureFact,
    Hindsight,
    require_begun,
    require_come,
    require_turn,
)
from domain.kernel.types.days import AHEAD


def give(
    transaction: Transaction,
    command: Command,
    target: Any,
    arguments: Mapping[str, Any],
    yields: bool = False,
    named: str | None = None,
) -> Aggregate:
    """Give a command to a record, or to the class of a new one; return the record as it is then.

    It is decided in the record as it was on the day for which it is stated; one that `yields`
    is stated for the latest day, or moment, that is known of the record when its own is earlier.
    A new record is `named` by an id, or has one of its own. Raises a `RuleViolation`, also when
    what is recorded of other days contradicts it.
    """
    stated = command.stated(arguments)
    if stated is None:
        return command.give(target, arguments, named)
    if as_day(stated) > recorded_day(instant(transaction.time_us)) + AHEAD:
        raise FutureFact(command.dated)
    late = not command.creates and as_day(stated) < target.in_force
    if yields and not command.creates:
        latest = target.last_step if isinstance(stated, datetime) else target.in_force
        if late or stated < latest:
            return command.give(target, {**arguments, str(command.dated): latest})
    if not command.creates:
        require_begun(target.kind, target.beginning, target.created_on, stated, command.dated)
    hindsight = None
    if late:
        history = transaction.history(target.id)
        hindsight = Hindsight(target, history, as_day(stated), command.dated)
        target = hindsight.then
    if not command.creates:
        require_turn(target, stated, command.dated)
    record = command.give(target, arguments, named)
    require_come(record.unrecorded)
    return record if hindsight is None else hindsight.retold()
