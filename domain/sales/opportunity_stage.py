"""The course of a sale: its stages and their probabilities."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import Aggregate, RuleViolation, begins, command
from domain.kernel.part import Part
from domain.kernel.types.values import Line, Prose


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


ENDS = (Status.WON, Status.LOST, Status.ABANDONED)
"""The ways in which a sale ends."""

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


class LeadRequired(RuleViolation):
    """Only a lead is qualified."""


class LaterStageRequired(RuleViolation):
    """An opportunity advances only to a later stage than its own."""


class EarlierStageRequired(RuleViolation):
    """An opportunity moves back only to an earlier stage than its own."""


class SalesStage(Part):
    """The stage of an opportunity, its probability, and what it is expected to be worth."""

    class Advanced(Aggregate.Event, changes=("stage", "probability")):
        """{who} advanced it from {previous} to {stage}, at {probability} %[: "{note}"]."""

        previous: Stage
        stage: Stage
        probability: int
        note: str | None = None
        on: date | None = None

    class MovedBack(Aggregate.Event, changes=("stage", "probability")):
        """{who} moved it back from {previous} to {stage}, because "{reason}".

        Its probability is {probability} %.
        """

        previous: Stage
        stage: Stage
        probability: int
        reason: str
        on: date | None = None

    class Estimated(Aggregate.Event, changes="probability"):
        """{who} estimated it at {probability} %[, before {was.probability} %][, "{reason}"]."""

        probability: int
        reason: str | None = None
        on: date | None = None

    status = begins(Status.OPEN, ends=ENDS, ended=OpportunityEnded)
    amount: Decimal | None
    stage: Stage
    probability: int

    def expect(self, amount: Decimal | None) -> None:
        """Expect another amount, which a win does not change."""
        self.expected_amount = amount
        if self.status is not Status.WON:
            self.amount = amount

    @property
    def course(self) -> object:
        """How far the sale has come, or how it ended."""
        return (self.status, self.stage)

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
        if ORDER.index(stage) <= ORDER.index(self.stage):
            raise LaterStageRequired("stage")
        self.trigger_event(
            self.Advanced,
            previous=self.stage,
            stage=stage,
            probability=PROBABILITY[stage] if probability is None else probability,
            note=note,
        )

    @command
    def move_back(
        self,
        stage: Stage,
        reason: Line,
        probability: Percent | None = None,
    ) -> None:
        """Move back to an earlier stage, for a reason."""
        if ORDER.index(stage) >= ORDER.index(self.stage):
            raise EarlierStageRequired("stage")
        self.trigger_event(
            self.MovedBack,
            previous=self.stage,
            stage=stage,
            probability=PROBABILITY[stage] if probability is None else probability,
            reason=reason,
        )

    @command(states=Estimated)
    def estimate(self, probability: Percent, reason: Line | None = None) -> None:
        """State how likely the sale is, in percent, whatever is usual at its stage."""
