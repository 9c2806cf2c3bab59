"""The end of a sale: won, lost or abandoned; a win corrected; an ended sale taken up again."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, Literal

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, applies, command
from domain.kernel.time.correction import Fields, corrected, correction
from domain.kernel.time.effective_day import day_of
from domain.kernel.time.retroactive import DatesContradict
from domain.kernel.types.values import Amount, Code, Day, Line, PastDay, Prose, Worth
from domain.sales.opportunity_stage import ENDS, SalesStage, Status


class LossReason(StrEnum):
    """Why a sale went elsewhere."""

    PRICE = "price"
    PRODUCT = "product"
    COVERAGE = "coverage"
    DELIVERY_TIME = "delivery-time"
    RELATIONSHIP = "relationship"
    NO_BUDGET = "no-budget"
    NO_DECISION = "no-decision"
    OTHER = "other"
    UNKNOWN = "unknown"


class EndRequired(RuleViolation):
    """Only an opportunity that was won, lost or abandoned is reopened."""


class CustomerRequired(RuleViolation):
    """An opportunity is won only when its customer is named."""


class WinRequired(RuleViolation):
    """Only an opportunity that is won has a win to correct."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Win(Fields):
    """What was agreed when the sale was won."""

    amount: Worth | None = None
    contract_number: str | None = None
    closed_on: date | None = None


class SalesEnd(SalesStage):
    """How an opportunity ends."""

    class Won(Aggregate.Event, to=Status.WON):
        """{who} won the opportunity[, worth {amount} {currency}][, contract {contract_number}]."""

        dated: ClassVar[str] = "closed_on"

        amount: Worth
        contract_number: str | None = None
        closed_on: date | None = None

    class WinCorrected(Aggregate.Event):
        """{who} corrected the win, because "{reason}".

        It was won on {closed_on}, worth {amount} {currency}[, contract {contract_number}].
        """

        dated: ClassVar[str] = "since"

        amount: Worth
        contract_number: str | None
        closed_on: date
        reason: str
        since: date  # before the day of the win itself: that it was not won yet

    class Lost(Aggregate.Event, to=Status.LOST):
        """{who} lost the opportunity: {reason}[, to {competitor}][, "{note}"]."""

        dated: ClassVar[str] = "closed_on"

        reason: LossReason
        competitor: str | None = None
        note: str | None = None
        closed_on: date | None = None

    class Abandoned(Aggregate.Event, to=Status.ABANDONED):
        """{who} abandoned the opportunity, because "{reason}"."""

        dated: ClassVar[str] = "closed_on"

        reason: str
        closed_on: date | None = None

    class Reopened(Aggregate.Event, to=Status.OPEN):
        """{who} reopened the opportunity, because "{reason}"."""

        reason: str
        on: date | None = None

    customer_id: str | None
    win_as_told: dict[str, Any] | None = None
    won_after: date | None = None

    @command
    def win(
        self, amount: Amount, contract_number: Code | None = None, closed_on: Day | None = None
    ) -> None:
        """Win the sale: the amount that was really agreed, and the contract's number."""
        if self.customer_id is None:
            raise CustomerRequired
        self.trigger_event(
            self.Won, amount=amount, contract_number=contract_number, closed_on=closed_on
        )

    @applies(Won)
    def _won(
        self,
        amount: Decimal,
        contract_number: str | None,
        closed_on: date | None,
        timestamp: datetime,
    ) -> None:
        self.won_after = self.in_force
        self._win(amount, contract_number, closed_on or day_of(None, timestamp))

    def _win(self, amount: Decimal, contract_number: str | None, closed_on: date) -> None:
        self.amount = amount
        self.status = Status.WON
        self.win_as_told = Win.among(locals())

    @command(only=(Status.WON, WinRequired))
    def correct_win(
        self,
        reason: Line,
        amount: Amount | None = None,
        contract_number: Code | None = None,
        closed_on: PastDay | None = None,
        clear: list[Literal["contract_number"]] | None = None,
    ) -> None:
        """Correct the amount, the contract or the day of a win, for that day; the stages stay."""
        known = self.win_as_told
        if known is None:
            raise WinRequired
        changes = correction(known, Win.among(locals()), clear or ())
        if not changes:
            raise NothingChanged
        win = corrected(known, changes, changes.get("cleared", ()))
        if self.won_after is not None and win["closed_on"] < self.won_after:
            raise DatesContradict("closed_on")
        # On either day it is so: not won on the one yet, or won on it already.
        for since in sorted({known["closed_on"], win["closed_on"]}):
            self.trigger_event(self.WinCorrected, **win, reason=reason, since=since)

    @applies(WinCorrected)
    def _win_corrected(
        self, amount: Decimal, contract_number: str | None, closed_on: date, since: date
    ) -> None:
        if since < closed_on:
            self._take_up()
        else:
            self._win(amount, contract_number, closed_on)

    @command(states=Lost)
    def lose(
        self,
        reason: LossReason,
        competitor: Line | None = None,
        note: Prose | None = None,
        closed_on: Day | None = None,
    ) -> None:
        """Lose the sale: why, and to which competitor."""

    @command(states=Abandoned)
    def abandon(self, reason: Line, closed_on: Day | None = None) -> None:
        """Stop pursuing the sale, for a reason of ours."""

    @command(states=Reopened, only=(*ENDS, EndRequired))
    def reopen(self, reason: Line) -> None:
        """Take up an ended sale again, at its stage and with the amount that was expected."""

    @applies(Reopened)
    def _reopened(self) -> None:
        self._take_up()

    def _take_up(self) -> None:
        self.status = Status.OPEN
        self.amount = self.expected_amount
        self.win_as_told = None
