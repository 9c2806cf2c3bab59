"""The payments of a contract: when what is to be paid, and what was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from domain.kernel.aggregate import Aggregate, RuleViolation, applies, command, starts
from domain.kernel.types.values import (
    Amount,
    Code,
    LastDay,
    Line,
    PastDay,
    Sensitive,
    Value,
    Worth,
)
from domain.sales.contract_course import RUNNING, SignatureRequired, Status
from domain.sales.contract_end import ContractEnd


class PaymentsBeyondValue(RuleViolation):
    """Scheduled payments come to no more than the contract is worth."""


class PaymentStands(RuleViolation):
    """A payment that was made stays scheduled, for no less than was paid."""


class PaymentRequired(RuleViolation):
    """Only a payment that is scheduled is made."""


class PaidTwice(RuleViolation):
    """For a payment no more is recorded than was scheduled."""


class Payment(Value):
    """What is to be paid `for` something, at the latest on a day."""

    model_config = ConfigDict(
        serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )

    id: Code
    amount: Annotated[Amount, Sensitive("amount")]
    due_on: LastDay
    for_: Annotated[Line, Field(alias="for")]


def _once(items: list[Payment]) -> list[Payment]:
    if len({each.id for each in items}) < len(items):
        raise PydanticCustomError("payment_ids", "Each payment has an id of its own")
    return items


Payments = Annotated[list[Payment], Field(max_length=500), AfterValidator(_once)]
"""The payments of a contract."""

PAYABLE = (*RUNNING, Status.EXPIRED, Status.TERMINATED, SignatureRequired)
"""The states in which a contract is paid for, with the rule told in any other."""


class ContractPayments(ContractEnd):
    """What is to be paid for a contract, and when."""

    class PaymentsScheduled(Aggregate.Event):
        """{who} scheduled the payments, {items} now."""

        items: list[Payment]
        on: date | None = None

    class PaymentRecorded(Aggregate.Event):
        """{who} recorded that {amount} was paid for {item}[ ({reference})]."""

        dated: ClassVar[str] = "paid_on"

        item: str
        amount: Worth
        paid_on: date | None = None
        reference: str | None = None

    scheduled: dict[str, Payment] = starts(dict)
    receipts: dict[str, Decimal] = starts(dict)
    """What was paid, by the payment that it was for."""
    fell_due: set[str] = starts(set)

    @property
    def unpaid(self) -> Iterator[Payment]:
        """The payments that were not made in whole, and did not fall due."""
        for each in self.scheduled.values():
            if self.receipts.get(each.id, 0) < each.amount and each.id not in self.fell_due:
                yield each

    @property
    def falls_due_on(self) -> date | None:
        """The day on which a payment falls due next, if one does."""
        return min((each.due_on for each in self.unpaid), default=None)

    @command(only=PAYABLE)
    def schedule_payments(self, items: Payments) -> None:
        """Schedule all payments of the contract, instead of those scheduled before."""
        amounts = {each.id: each.amount for each in items}
        if any(amounts.get(name, -1) < paid for name, paid in self.receipts.items()):
            raise PaymentStands("items")
        if sum(amounts.values()) > self.terms.value + (self.penalty or 0):
            raise PaymentsBeyondValue("items")
        self.trigger_event(self.PaymentsScheduled, items=items)

    @applies(PaymentsScheduled)
    def _payments_scheduled(self, items: list[Payment]) -> None:
        known, self.scheduled = self.scheduled, {each.id: each for each in items}
        moved = {n for n, e in known.items() if self.scheduled.get(n, e).due_on != e.due_on}
        self.fell_due -= moved

    @command(only=PAYABLE)
    def record_payment(
        self,
        item: Code,
        amount: Amount,
        paid_on: PastDay | None = None,
        reference: Line | None = None,
    ) -> None:
        """Record that a scheduled payment was made, in whole or in part."""
        if item not in self.scheduled:
            raise PaymentRequired("item")
        if self.receipts.get(item, 0) + amount > self.scheduled[item].amount:
            raise PaidTwice("amount")
        self.trigger_event(
            self.PaymentRecorded, item=item, amount=amount, paid_on=paid_on, reference=reference
        )

    @applies(PaymentRecorded)
    def _payment_recorded(self, item: str, amount: Decimal) -> None:
        self.receipts[item] = self.receipts.get(item, Decimal(0)) + amount
