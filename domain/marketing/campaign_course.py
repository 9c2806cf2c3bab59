"""The course of a campaign: submitted, approved or rejected, launched, paused, closed."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.kernel.aggregate import Aggregate, RuleViolation, begins, command, starts
from domain.kernel.part import Part
from domain.kernel.types.values import Line, Prose


class Status(StrEnum):
    """Where a campaign stands."""

    PLANNED = "planned"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    CLOSED = "closed"


class PlanRequired(RuleViolation):
    """A campaign is changed and submitted only while it is planned, before its approval."""


class SubmissionRequired(RuleViolation):
    """Only a campaign that was submitted is approved or rejected."""


class ApprovalRequired(RuleViolation):
    """A campaign is launched only after its plan was approved."""


class TargetsRequired(RuleViolation):
    """A campaign is launched only when it has a target."""


class RunningRequired(RuleViolation):
    """Customers are contacted, and a campaign is paused, only while it is running."""


class PauseRequired(RuleViolation):
    """Only a paused campaign is resumed."""


class LaunchRequired(RuleViolation):
    """A campaign is closed, and responses come in, only after its launch and before its close."""


RUNNING = (Status.RUNNING, RunningRequired)
LAUNCHED = (Status.RUNNING, Status.PAUSED, LaunchRequired)
"""The states that steps are for, each with the rule told in any other."""


class CampaignCourse(Part):
    """The states of a campaign."""

    class Submitted(Aggregate.Event, to=Status.SUBMITTED):
        """{who} submitted the campaign for approval[: "{note}"]."""

        note: str | None = None
        on: date | None = None

    class Approved(Aggregate.Event, to=Status.APPROVED):
        """{who} approved the campaign[: "{note}"]."""

        note: str | None = None
        on: date | None = None

    class Rejected(Aggregate.Event, to=Status.PLANNED):
        """{who} rejected the campaign, because "{reason}"."""

        reason: str
        on: date | None = None

    class Launched(Aggregate.Event, to=Status.RUNNING):
        """{who} launched the campaign."""

        on: date | None = None

    class Paused(Aggregate.Event, to=Status.PAUSED):
        """{who} paused the campaign, because "{reason}"."""

        reason: str
        on: date | None = None

    class Resumed(Aggregate.Event, to=Status.RUNNING):
        """{who} resumed the campaign."""

        on: date | None = None

    class Closed(Aggregate.Event, to=Status.CLOSED):
        """{who} closed the campaign[: "{note}"]."""

        note: str | None = None
        on: date | None = None

    status = begins(Status.PLANNED, ends=(Status.CLOSED,))
    targets: set[str] = starts(set)

    @command(states=Submitted, only=(Status.PLANNED, PlanRequired))
    def submit(self, note: Prose | None = None) -> None:
        """Submit the plan for approval."""

    @command(states=Approved, only=(Status.SUBMITTED, SubmissionRequired), apart_from=Submitted)
    def approve(self, note: Prose | None = None) -> None:
        """Approve the plan."""

    @command(states=Rejected, only=(Status.SUBMITTED, SubmissionRequired), apart_from=Submitted)
    def reject(self, reason: Line) -> None:
        """Reject the plan, for a reason; it can be revised and submitted again."""

    @command(only=(Status.APPROVED, ApprovalRequired))
    def launch(self) -> None:
        """Launch the approved campaign."""
        if not self.targets:
            raise TargetsRequired
        self.trigger_event(self.Launched)

    @command(states=Paused, only=RUNNING)
    def pause(self, reason: Line) -> None:
        """Pause the campaign, for a reason."""

    @command(states=Resumed, only=(Status.PAUSED, PauseRequired))
    def resume(self) -> None:
        """Resume the paused campaign."""

    @command(states=Closed, only=LAUNCHED)
    def close(self, note: Prose | None = None) -> None:
        """Close the campaign: nobody is contacted any more."""
