"""The payments of a bill: what was paid, reversed, written off, and what remains."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from domain.kernel.aggregate import Aggregate, RuleViolation, applies, begins, command, starts
from domain.kernel.part import Part
from domain.kernel.types.values import Amount, Code, Line, PastDay, Sensitive

Revenue = Annotated[Decimal, Sensitive("revenue")]
"""An amount of a bill, as an event states it."""

Paid = Annotated[Amount, Field(gt=0)]
"""What is paid: more than nothing."""


class BillState(StrEnum):
    """How far a bill is paid."""

    RECEIVED = "received"
    PART_PAID = "part-paid"
    PAID = "paid"
    WRITTEN_OFF = "written-off"
    CANCELLED = "cancelled"


class Overpaid(RuleViolation):
    """No more is paid or written off than the bill comes to."""


class PaymentReferenceTaken(RuleViolation):
    """A payment is recorded once by its reference."""


class RecordedPaymentRequired(RuleViolation):
    """Only a payment that was recorded is reversed."""


class BillCancelled(RuleViolation):
    """A cancelled bill stands again only by a correction; until then nothing is done with it."""


STANDING = (True, BillCancelled)
"""What a command is for that needs a bill that stands, with the rule told of any other."""


def standing(amount: Decimal, paid: Decimal, written_off: Decimal) -> BillState:
    """Return how far a bill is paid that comes to an amount."""
    if paid + written_off == amount:
        return BillState.WRITTEN_OFF if written_off else BillState.PAID
    return BillState.PART_PAID if paid or written_off else BillState.RECEIVED


class BillPayments(Part):
    """What was paid of a bill."""

    needs = ("amount",)

    class PaymentRecorded(Aggregate.Event):
        """{who} recorded that {amount} was paid ({reference})."""

        amount: Revenue
        reference: str
        on: date | None = None

    class PaymentReversed(Aggregate.Event):
        """{who} reversed the payment {reference}, because "{reason}"."""

        reference: str
        reason: str
        on: date | None = None

    class WrittenOff(Aggregate.Event):
        """{who} wrote off {amount}, because "{reason}"."""

        amount: Revenue
        reason: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what will not be paid."""
            aggregate.written_off += self.amount

    stands = begins(True)
    """Whether the bill is one that is to be paid: it was not cancelled."""
    amount: Decimal
    receipts: dict[str, Decimal] = starts(dict)
    """What was paid, by the references of the payments."""
    written_off: Decimal = starts(Decimal)

    @property
    def remaining(self) -> Decimal:
        """What is still to be paid."""
        return self.amount - sum(self.receipts.values()) - self.written_off

    @property
    def state(self) -> BillState:
        """How far it is paid."""
        if not self.stands:
            return BillState.CANCELLED
        return standing(self.amount, sum(self.receipts.values(), Decimal(0)), self.written_off)

    @command(only=STANDING)
    def record_payment(self, amount: Paid, on: PastDay, reference: Code) -> None:
        """Record that some of the bill, or all, was paid on a day."""
        if reference in self.now.receipts:
            raise PaymentReferenceTaken("reference")
        if amount > self.now.remaining:
            raise Overpaid("amount")
        self.trigger_event(self.PaymentRecorded, amount=amount, on=on, reference=reference)

    @applies(PaymentRecorded)
    def _payment_recorded(self, amount: Decimal, reference: str) -> None:
        self.receipts[reference] = amount

    @command(only=STANDING)
    def reverse_payment(self, reference: Code, reason: Line) -> None:
        """Reverse a payment, as one that was returned, for a reason."""
        if reference not in self.receipts or reference not in self.now.receipts:
            raise RecordedPaymentRequired("reference")
        self.trigger_event(self.PaymentReversed, reference=reference, reason=reason)

    @applies(PaymentReversed)
    def _payment_reversed(self, reference: str) -> None:
        self.receipts.pop(reference, None)

    @command(only=STANDING)
    def write_off(self, amount: Paid, reason: Line) -> None:
        """Write off some of what remains, or all, for a reason."""
        if amount > self.now.remaining:
            raise Overpaid("amount")
        self.trigger_event(self.WrittenOff, amount=amount, reason=reason)
