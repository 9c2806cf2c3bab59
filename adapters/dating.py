"""Dating: facts stated for another day than today come in where they hold."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from adapters.transaction import Transaction, instant
from domain.commands import Command
from domain.hindsight import FutureFact, Hindsight
from domain.kernel import Aggregate

AHEAD = timedelta(days=1)
"""How far ahead a day may be: in UTC a day begins later than where the business is."""


def give(
    transaction: Transaction,
    command: Command,
    target: Any,
    arguments: Mapping[str, Any],
    yields: bool = False,
) -> Aggregate:
    """Give a command to a record, or to the class of a new one; return the record as it is then.

    It is decided in the record as it was on the day for which it is stated; one that `yields`
    is stated for the latest day that is known of the record when its own is earlier. Raises a
    `RuleViolation`, also when what was recorded for later days contradicts it.
    """
    day = command.day(arguments)
    if day is not None and day > instant(transaction.time_us).date() + AHEAD:
        raise FutureFact(command.dated)
    if day is None or command.creates or day >= target.in_force:
        return command.give(target, arguments)
    if yields:
        return command.give(target, {**arguments, str(command.dated): target.in_force})
    hindsight = Hindsight(target, transaction.history(target.id), day, command.dated)
    command.give(hindsight.then, arguments)
    return hindsight.retold()
