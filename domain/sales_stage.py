"""The course of a sale: its stages and their probabilities, and how it ends."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from domain.kernel import Aggregate, NothingChanged, RuleViolation, applies, command
from domain.part import Part
from domain.values import Amount, Code, Day, Line, Prose, Worth


class Stage(StrEnum):
    """How far a sale has come, in this order."""

    LEAD = "lead"
    QUALIFIED = "qualified"
    SOLUTION = "solution"
    PROPOSAL = "proposal"
    NEGOTIATION = "negotiation"


class Status(StrEnum):
    """Whether a sale is still open, or how it ended."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    ABANDONED = "abandoned"


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


ORDER = list(Stage)
"""The stages from first to last."""

PROBABILITY = {
    Stage.LEAD: 10,
    Stage.QUALIFIED: 25,
    Stage.SOLUTION: 40,
    Stage.PROPOSAL: 60,
    Stage.NEGOTIATION: 80,
}
"""How likely a sale is to be won at each stage, in percent, unless somebody knows better."""

Percent = Annotated[int, Field(ge=0, le=100)]
"""A share in whole percent."""


class OpportunityEnded(RuleViolation):
    """An opportunity that was won, lost or abandoned is not changed until it is reopened."""


class EndRequired(RuleViolation):
    """Only an opportunity that was won, lost or abandoned is reopened."""


class LeadRequired(RuleViolation):
    """Only a lead is qualified."""


class LaterStageRequired(RuleViolation):
    """An opportunity advances only to a later stage than its own."""


class EarlierStageRequired(RuleViolation):
    """An opportunity moves back only to an earlier stage than its own."""


class CustomerRequired(RuleViolation):
    """An opportunity is won only when its customer is named."""


class SalesStage(Part):
    """The stage of an opportunity, its probability, and its end."""

    class Advanced(Aggregate.Event):
        """{who} advanced it from {previous} to {stage}, at {probability} %[: "{note}"]."""

        previous: Stage
        stage: Stage
        probability: int
        note: str | None = None
        on: date | None = None

    class MovedBack(Aggregate.Event):
        """{who} moved it back from {previous} to {stage}, because "{reason}".

        Its probability is {probability} %.
        """

        previous: Stage
        stage: Stage
        probability: int
        reason: str
        on: date | None = None

    class Estimated(Aggregate.Event):
        """{who} estimated it at {probability} %[, before {was.probability} %][, "{reason}"]."""

        probability: int
        reason: str | None = None
        on: date | None = None

    class Won(Aggregate.Event):
        """{who} won the opportunity[, worth {amount} {currency}][, contract {contract_number}]."""

        dated: ClassVar[str] = "closed_on"

        amount: Worth
        contract_number: str | None = None
        closed_on: date | None = None

    class Lost(Aggregate.Event):
        """{who} lost the opportunity: {reason}[, to {competitor}][, "{note}"]."""

        dated: ClassVar[str] = "closed_on"

        reason: LossReason
        competitor: str | None = None
        note: str | None = None
        closed_on: date | None = None

    class Abandoned(Aggregate.Event):
        """{who} abandoned the opportunity, because "{reason}"."""

        dated: ClassVar[str] = "closed_on"

        reason: str
        closed_on: date | None = None

    class Reopened(Aggregate.Event):
        """{who} reopened the opportunity, because "{reason}"."""

        reason: str
        on: date | None = None

    customer_id: str | None
    amount: Decimal | None
    stage: Stage
    status: Status
    probability: int

    def start(self, stage: Stage, probability: int) -> None:
        """Begin open."""
        self.stage = stage
        self.status = Status.OPEN
        self.probability = probability

    def require_open(self) -> None:
        """Refuse when the opportunity has ended."""
        if self.status is not Status.OPEN:
            raise OpportunityEnded

    @property
    def course(self) -> object:
        """How far the sale has come, or how it ended."""
        return (self.status, self.stage)

    def _move(self, stage: Stage, probability: int) -> None:
        self.stage = stage
        self.probability = probability

    @command
    def qualify(self, probability: Percent | None = None, note: Prose | None = None) -> None:
        """Note that a lead is a real need with a budget, someone who decides and a date."""
        if self.stage is not Stage.LEAD:
            raise LeadRequired
        self.advance(Stage.QUALIFIED, probability, note)

    @command
    def advance(
        self,
        stage: Stage,
        probability: Percent | None = None,
        note: Prose | None = None,
    ) -> None:
        """Advance to a later stage, with its usual probability in percent or the given one."""
        self.require_open()
        if ORDER.index(stage) <= ORDER.index(self.stage):
            raise LaterStageRequired("stage")
        self.trigger_event(
            self.Advanced,
            previous=self.stage,
            stage=stage,
            probability=PROBABILITY[stage] if probability is None else probability,
            note=note,
        )

    @applies(Advanced)
    def _advanced(self, stage: Stage, probability: int) -> None:
        self._move(stage, probability)

    @command
    def move_back(
        self,
        stage: Stage,
        reason: Line,
        probability: Percent | None = None,
    ) -> None:
        """Move back to an earlier stage, for a reason."""
        self.require_open()
        if ORDER.index(stage) >= ORDER.index(self.stage):
            raise EarlierStageRequired("stage")
        self.trigger_event(
            self.MovedBack,
            previous=self.stage,
            stage=stage,
            probability=PROBABILITY[stage] if probability is None else probability,
            reason=reason,
        )

    @applies(MovedBack)
    def _moved_back(self, stage: Stage, probability: int) -> None:
        self._move(stage, probability)

    @command
    def estimate(self, probability: Percent, reason: Line | None = None) -> None:
        """State how likely the sale is, in percent, whatever is usual at its stage."""
        self.require_open()
        if probability == self.probability:
            raise NothingChanged("probability")
        self.trigger_event(self.Estimated, probability=probability, reason=reason)

    @applies(Estimated)
    def _estimated(self, probability: int) -> None:
        self.probability = probability

    @command
    def win(
        self, amount: Amount, contract_number: Code | None = None, closed_on: Day | None = None
    ) -> None:
        """Win the sale: the amount that was really agreed, and the contract's number."""
        self.require_open()
        if self.customer_id is None:
            raise CustomerRequired
        self.trigger_event(
            self.Won, amount=amount, contract_number=contract_number, closed_on=closed_on
        )

    @applies(Won)
    def _won(self, amount: Decimal) -> None:
        self.amount = amount
        self.status = Status.WON

    @command
    def lose(
        self,
        reason: LossReason,
        competitor: Line | None = None,
        note: Prose | None = None,
        closed_on: Day | None = None,
    ) -> None:
        """Lose the sale: why, and to which competitor."""
        self.require_open()
        self.trigger_event(
            self.Lost, reason=reason, competitor=competitor, note=note, closed_on=closed_on
        )

    @applies(Lost)
    def _lost(self) -> None:
        self.status = Status.LOST

    @command
    def abandon(self, reason: Line, closed_on: Day | None = None) -> None:
        """Stop pursuing the sale, for a reason of ours."""
        self.require_open()
        self.trigger_event(self.Abandoned, reason=reason, closed_on=closed_on)

    @applies(Abandoned)
    def _abandoned(self) -> None:
        self.status = Status.ABANDONED

    @command
    def reopen(self, reason: Line) -> None:
        """Take up an ended sale again, at the stage where it stood."""
        if self.status is Status.OPEN:
            raise EndRequired
        self.trigger_event(self.Reopened, reason=reason)

    @applies(Reopened)
    def _reopened(self) -> None:
        self.status = Status.OPEN
