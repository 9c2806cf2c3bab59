"""Bills: what a customer owes for a month, by account; billing systems send them, in runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import Field

from domain.billing.bill_lines import BillLine, Lines, total
from domain.billing.bill_payments import STANDING, BillPayments, Overpaid, Paid, Revenue
from domain.billing.billing_terms import (
    AccountClosed,
    Billed,
    Month,
    RunBalanced,
    RunTerms,
    System,
    first_day,
    last_day,
)
from domain.kernel.aggregate import (
    Aggregate,
    MovedMeanwhile,
    NothingChanged,
    RuleViolation,
    command,
    starts,
)
from domain.kernel.claim import text
from domain.kernel.envelope import named_id
from domain.kernel.time.business_day import begin_of
from domain.kernel.types.values import (
    ACCOUNT_NUMBER,
    BILL_RUN,
    Code,
    Currency,
    Id,
    LastDay,
    Line,
    Lineage,
    PastDay,
    Sensitive,
    Signed,
    attribute,
)

OfAccount = Annotated[
    Sequence[Billed], Lineage("billing-account", "account_number", None, ACCOUNT_NUMBER, "billed")
]
Closed = Annotated[
    bool | None, attribute("billing-account", "account_number", "closed", ACCOUNT_NUMBER)
]
OfRun = Annotated[
    Sequence[RunTerms], Lineage("bill-run", ("source", "month"), None, BILL_RUN, "gives")
]

Places = Annotated[list[Annotated[int, Field(ge=1, le=200)]], Field(min_length=1, max_length=200)]
"""Lines of a bill, by their places from 1 on."""


class Outcome(StrEnum):
    """What came of a dispute."""

    UPHELD = "upheld"
    PARTLY = "partly"
    REJECTED = "rejected"


class BillOnce(RuleViolation):
    """An account has one bill a month; what comes again is a correction."""


class LinesDisagree(RuleViolation):
    """The lines of a bill come to its amount."""


class DueBeforeIssue(RuleViolation):
    """A bill is due no earlier than it is issued."""


class AccountCurrency(RuleViolation):
    """A bill is in the currency of its account."""


class LineRequired(RuleViolation):
    """Only lines that a bill has are disputed."""


class DisputeOpen(RuleViolation):
    """A bill has one dispute at a time."""


class DisputeRequired(RuleViolation):
    """Only a dispute that is open is settled."""


class BillPaid(RuleViolation):
    """A bill with payments on it is not cancelled before they are reversed."""


class Bill(BillPayments, Aggregate):
    """What is billed through an account for a month, with its lines and payments."""

    titles = {
        "account_number": "账户号码",
        "amount": "金额",
        "disputed": "争议明细",
        "due_on": "到期日",
        "issued_on": "出账日",
        "lines": "明细",
        "month": "账期",
        "outcome": "争议结果",
        "overdue_from": "逾期起始日",
        "paid": "已付",
        "reference": "付款凭证",
        "remaining": "未付",
        "settled_on": "结清日",
        "source": "计费系统",
        "written_off": "坏账核销",
    }

    class Received(
        Aggregate.Created,
        changes=(
            *("account_number", "month", "source", "issued_on", "due_on", "lines", "amount"),
            *("currency", "customer_id", "unit"),
        ),
    ):
        """{who} received the bill of {source} for {month}, account {account_number}: {amount}.

        [It is for {customer_id}.]
        """

        dated: ClassVar[str] = "issued_on"

        account_number: str
        month: str
        issued_on: date
        due_on: date
        lines: list[BillLine]
        amount: Revenue
        source: str
        currency: str
        customer_id: str | None
        unit: str | None

    class Corrected(Aggregate.Event, changes=("lines", "amount"), to=True):
        """{who} corrected the bill to {amount}[, before {was.amount}], because "{reason}"."""

        lines: list[BillLine]
        amount: Revenue
        reason: str
        on: date | None = None

    class Disputed(Aggregate.Event):
        """{who} noted that the lines {lines} are disputed, because "{reason}"."""

        lines: list[int]
        reason: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what is disputed."""
            aggregate.disputed = self.lines

    class DisputeSettled(Aggregate.Event):
        """{who} settled the dispute: {outcome}[, with {amount}]."""

        outcome: Outcome
        amount: Annotated[Decimal | None, Sensitive("revenue")] = None
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Nothing is disputed any more."""
            aggregate.disputed = []

    class Cancelled(Aggregate.Event, to=False):
        """{who} cancelled the bill, because "{reason}"."""

        reason: str
        on: date | None = None

    class Followed(Aggregate.Event, changes=("customer_id", "unit")):
        """{who} had the bill go with its account[ to {customer_id}][, before {was.customer_id}]."""

        customer_id: str | None
        unit: str | None
        on: date | None = None

    account_number: str
    month: str
    source: str
    issued_on: date
    due_on: date
    currency: str
    customer_id: str | None
    unit: str | None
    lines: list[BillLine]
    disputed: list[int] = starts(list)

    @staticmethod
    def create_id(account_number: str, month: str, source: str) -> str:
        """Return the id of the bill of an account for a month."""
        return named_id(begin_of(first_day(month)), "bill", account_number, month, source)

    @classmethod
    @command
    def receive(
        cls,
        account_number: Code,
        month: Month,
        issued_on: PastDay,
        due_on: LastDay,
        lines: Lines,
        amount: Signed,
        account: OfAccount,
        closed: Closed,
        run: OfRun,
        source: System = "billing",
        currency: Currency | None = None,
    ) -> Bill:
        """Receive the bill of an account for a month, of the customer who held it at its end.

        One of an account that nobody holds, or that is not known yet, waits for whoever does.
        """
        if any(each.balanced for each in run):
            raise RunBalanced("month")
        if closed:
            raise AccountClosed("account_number")
        if due_on < issued_on:
            raise DueBeforeIssue("due_on")
        of = next(iter(account), None)
        if of is not None and currency not in (None, of.currency):
            raise AccountCurrency("currency", f"The account is in {of.currency}.")
        if total(lines) != amount:
            raise LinesDisagree("amount", f"They come to {total(lines)}.")
        return cls._create(
            cls.Received,
            account_number=account_number,
            month=month,
            issued_on=issued_on,
            due_on=due_on,
            lines=lines,
            amount=amount,
            source=source,
            currency=of.currency if of else currency or "CNY",
            customer_id=of.holder(last_day(month)) if of else None,
            unit=of.unit if of else next((each.unit for each in run), None),
        )

    @property
    def claims(self) -> Mapping[type[RuleViolation], tuple[str, str, str]]:
        """The month of the account in the billing system, for ever."""
        return {BillOnce: (self.source, self.month, self.account_number)}

    @property
    def tallied(self) -> Mapping[str, Decimal]:
        """The run for which it counts, unless it was cancelled."""
        return {text((self.source, self.month)): self.amount} if self.stands else {}

    @command
    def correct(self, lines: Lines, amount: Signed, reason: Line) -> None:
        """Correct what was billed, for a reason; a cancelled bill stands again by that."""
        if total(lines) != amount:
            raise LinesDisagree("amount", f"They come to {total(lines)}.")
        if 0 < self.now.amount - self.now.remaining > amount:
            raise Overpaid("amount")
        if self.stands and lines == self.lines:
            raise NothingChanged("lines")
        self.trigger_event(self.Corrected, lines=lines, amount=amount, reason=reason)

    @command(only=STANDING)
    def dispute(self, lines: Places, reason: Line) -> None:
        """Note that lines of the bill, by their places from 1 on, are disputed."""
        if self.disputed:
            raise DisputeOpen
        if max(lines) > len(self.lines):
            raise LineRequired("lines", f"It has {len(self.lines)}.")
        self.trigger_event(self.Disputed, lines=lines, reason=reason)

    @command
    def settle_dispute(self, outcome: Outcome, amount: Paid | None = None) -> None:
        """Settle the dispute; what the customer is relieved of comes as a correction besides."""
        if not self.disputed:
            raise DisputeRequired
        self.trigger_event(self.DisputeSettled, outcome=outcome, amount=amount)

    @command(only=STANDING)
    def cancel(self, reason: Line) -> None:
        """Cancel the bill, for a reason: it counts for nothing from then on."""
        if self.receipts or self.now.receipts:
            raise BillPaid
        self.trigger_event(self.Cancelled, reason=reason)

    @command(system=True)
    def follow_account(self, customer_id: Id | None, unit: Code | None) -> None:
        """Be of the customer who held the account at the end of the month, as that is known now."""
        if (customer_id, unit) == (self.now.customer_id, self.now.unit):
            raise NothingChanged
        self.trigger_event(self.Followed, customer_id=customer_id, unit=unit)

    @command(system=True)
    def follow_customer(self, customer_id: Id, former_id: Id) -> None:
        """Follow the customer, in whatever state, where a merge or its undoing brought it."""
        if former_id != self.now.customer_id:
            raise MovedMeanwhile
        self.trigger_event(self.Followed, customer_id=customer_id, unit=self.unit)
