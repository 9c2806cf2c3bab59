"""Bill runs: the month of one billing system, and whether all of its bills are in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from domain.billing.billing_terms import Month, RunBalanced, RunState, RunTerms, System
from domain.kernel.aggregate import Aggregate, RuleViolation, begins, command
from domain.kernel.claim import text
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.tally import Tallied, Tally
from domain.kernel.types.values import Count, Line, Sensitive, Signed, UnitCode


class RunOnce(RuleViolation):
    """A billing system has one run a month."""


class ControlTotalsDiffer(RuleViolation):
    """A run is balanced only when the number and the sum of its bills are those announced."""


class BalanceRequired(RuleViolation):
    """Only a balanced run is opened again."""


class BillRun(InUnit, Aggregate):
    """The bills of one billing system for a month, with their number and their sum."""

    titles = {
        "balanced_on": "平账日期",
        "bills": "账单数",
        "month": "账期",
        "reopened": "重开次数",
        "system": "计费系统",
        "total": "账单总额",
    }

    class Announced(Aggregate.Created, changes=("month", "system", "unit", "bills", "total")):
        """{who} announced {bills} bills of {system} for {month}, of {total} together."""

        month: str
        system: str
        unit: str
        bills: int
        total: Annotated[Decimal, Sensitive("revenue")]
        on: date | None = None

    class Balanced(Aggregate.Event, to=RunState.BALANCED):
        """{who} balanced the run: all of its bills are in."""

        on: date | None = None

    class Reopened(Aggregate.Event, to=RunState.ANNOUNCED):
        """{who} opened the run again, because "{reason}"[: {bills} bills][ of {total} together]."""

        reason: str
        bills: int | None = None
        total: Annotated[Decimal | None, Sensitive("revenue")] = None
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what is announced by now."""
            aggregate.bills = aggregate.bills if self.bills is None else self.bills
            aggregate.total = aggregate.total if self.total is None else self.total

    state = begins(RunState.ANNOUNCED)
    month: str
    system: str
    bills: int
    total: Decimal

    @classmethod
    @command(states=Announced)
    def announce(
        cls, month: Month, bills: Count, total: Signed, unit: UnitCode, system: System = "billing"
    ) -> None:
        """Announce the bills of a billing system for a month: how many, and what they come to.

        The total is that of the amounts, in whatever currency.
        """

    @property
    def key(self) -> tuple[str, str]:
        """The system and the month."""
        return self.system, self.month

    @property
    def claims(self) -> Mapping[type[RuleViolation], tuple[str, str]]:
        """The month of the system, for ever."""
        return {RunOnce: self.key}

    @property
    def counts_by(self) -> str:
        """The key by which its bills are tallied."""
        return text(self.key)

    @property
    def gives(self) -> RunTerms:
        """What it gives to its bills."""
        return RunTerms(self.state is RunState.BALANCED, self.unit)

    @command(only=(RunState.ANNOUNCED, RunBalanced))
    def balance(self, received: Annotated[Tally, Tallied("bill", "counts_by")]) -> None:
        """Note that all bills of the run are in: their number and their sum are those announced."""
        if received != (self.bills, self.total):
            raise ControlTotalsDiffer(
                None, f"{received.number} bills of {received.amount} together are in."
            )
        self.trigger_event(self.Balanced)

    @command(states=Reopened, only=(RunState.BALANCED, BalanceRequired))
    def reopen(self, reason: Line, bills: Count | None = None, total: Signed | None = None) -> None:
        """Open a balanced run again, for a reason; other bills may be announced with that."""
