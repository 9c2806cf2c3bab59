"""Control totals: what billing systems announced for a month, beside the bills that are in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from adapters.commands.access_cache import Guard
from adapters.commands.permission_check import subject
from adapters.journal.unit_of_work import Transaction
from api.imports.rows import Work
from domain.billing.bill import Bill
from domain.billing.bill_run import BillRun, RunOnce
from domain.kernel.claim import text
from domain.kernel.commands import commands
from domain.kernel.tally import Tally
from projections.kernel.visibility.visibility import Party

KIND = Bill.kind
"""What is counted."""


class ControlTotal(NamedTuple):
    """The run of a billing system for a month: its number of bills and their sum.

    `announced` is nothing where no run is in sight; then nothing else is told of it either.
    """

    system: str
    month: str
    announced: Tally | None = None
    received: Tally | None = None

    @property
    def missing(self) -> Tally | None:
        """What has not come yet, or below nothing what came too much."""
        if self.announced is None or self.received is None:
            return None
        number = self.announced.number - self.received.number
        return Tally(number, self.announced.amount - self.received.amount)

    def __str__(self) -> str:
        """Say it to people."""
        whose = f"Run {self.month} of {self.system}"
        if self.announced is None or self.received is None:
            return f"{whose}: none is announced that is in sight."
        announced, received = (f"{n:,} of {sum_:,}" for n, sum_ in (self.announced, self.received))
        if self.missing == Tally():
            return f"{whose}: all bills are in, {announced}; it can be balanced."
        number, amount = self.missing or Tally()
        return f"{whose}: {announced} announced, {received} in; {number:,} of {amount:,} missing."


def control_totals(
    transaction: Transaction, work: Sequence[Work], guard: Guard, party: Party | None
) -> list[ControlTotal]:
    """Return the totals of the runs that bills of a file are of, as a party may see them."""
    default = commands()[f"{KIND}.receive"].body.model_fields["source"].default
    bodies = (each.first for each in work)
    runs = {(str(b.get("source", default)), str(b["month"])) for b in bodies if "month" in b}
    return [_of(transaction, *each, guard, party) for each in sorted(runs)]


def _of(
    transaction: Transaction, system: str, month: str, guard: Guard, party: Party | None
) -> ControlTotal:
    key = text((system, month))
    id_ = transaction.holder(RunOnce.rule(), key)
    run = transaction.load(id_) if id_ else None
    if not isinstance(run, BillRun):
        return ControlTotal(system, month)
    if party is not None:
        sight = guard.now().sight(party, f"{BillRun.kind}.read", datetime.now(UTC))
        if "revenue" in sight.masked_somewhere() or not sight.covers(subject(run, transaction)):
            return ControlTotal(system, month)
    received = transaction.tallies.of((KIND, key))
    return ControlTotal(system, month, Tally(run.bills, run.total), received)
