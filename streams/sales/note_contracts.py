"""Deadline: a contract takes effect, nears its end, is to be paid for, goes on or ends."""

from __future__ import annotations

from collections.abc import Iterator

from domain.kernel.time.business_day import recorded_day
from projections.kernel.read_model import Row
from projections.sales.contract_watch import watch_of
from projections.sales.contracts import contracts
from streams.kernel.deadline import deadline
from streams.kernel.policy import Wish


@deadline(rows=contracts, at="due_at")
def note_contracts(row: Row) -> Iterator[Wish]:
    """Have noted all that the day brings which the row is due for."""
    for due in watch_of(row).ahead():
        if due.day == recorded_day(row["due_at"]):
            key = "/".join((due.command, *map(str, due.told.values())))
            yield Wish(f"contract.{due.command}", row["id"], due.told, key)
