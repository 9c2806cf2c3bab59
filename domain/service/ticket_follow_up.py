"""The follow-up of a ticket: the customer is called back once it is closed, and says how it was."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from domain.kernel.aggregate import RuleViolation, command, starts
from domain.kernel.part import Part
from domain.kernel.types.values import Moment, Prose
from domain.service.ticket_handling import Status
from domain.service.ticket_step import Step

Score = Annotated[int, Field(ge=1, le=5)]
"""How satisfied the customer is, from 1 (not at all) to 5 (fully)."""


class FollowUpAfterClose(RuleViolation):
    """The customer is called back once the ticket is closed."""


class CalledBack(RuleViolation):
    """A ticket has one follow-up call that reached the customer."""


class FollowUp(Part):
    """Whether the customer was called back since the ticket was closed."""

    class FollowUpRecorded(Step):
        """{who} called the customer back (reached: {reached}): "{note}".

        [It is satisfied: {satisfied}.] [The score is {score} of 5.]
        """

        reached: bool
        note: str
        satisfied: bool | None = None
        score: int | None = None
        at: datetime | None = None

        def apply(self, aggregate: Any) -> None:
            """Remember whether the customer was reached."""
            aggregate.called_back = aggregate.called_back or self.reached

    called_back: bool = starts(bool)

    @command(only=(Status.CLOSED, FollowUpAfterClose))
    def record_follow_up(
        self,
        reached: bool,
        note: Prose,
        satisfied: bool | None = None,
        score: Score | None = None,
        at: Moment | None = None,
    ) -> None:
        """Record that the customer was called back; who is not satisfied has the ticket reopened.

        What was not reached may be called again.
        """
        if self.called_back:
            raise CalledBack
        told = {"satisfied": satisfied, "score": score, "at": at}
        self.trigger_event(self.FollowUpRecorded, reached=reached, note=note, **told)
