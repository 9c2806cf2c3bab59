"""The course of a campaign: submitted, approved or rejected, launched, paused, closed."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.kernel.aggregate import Aggregate, RuleViolation, applies, command
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


class CampaignCourse(Part):
    """The states of a campaign."""

    class Submitted(Aggregate.Event):
        """{who} submitted the campaign for approval[: "{note}"]."""

        note: str | None = None
        on: date | None = None

    class Approved(Aggregate.Event):
        """{who} approved the campaign[: "{note}"]."""

        note: str | None = None
        on: date | None = None

    class Rejected(Aggregate.Event):
        """{who} rejected the campaign, because "{reason}"."""

        reason: str
        on: date | None = None

    class Launched(Aggregate.Event):
        """{who} launched the campaign."""

        on: date | None = None

    class Paused(Aggregate.Event):
        """{who} paused the campaign, because "{reason}"."""

        reason: str
        on: date | None = None

    class Resumed(Aggregate.Event):
        """{who} resumed the campaign."""

        on: date | None = None

    class Closed(Aggregate.Event):
        """{who} closed the campaign[: "{note}"]."""

        note: str | None = None
        on: date | None = None

    status: Status
    targets: set[str]

    def require_launched(self) -> None:
        """Refuse before the launch of the campaign and after its close."""
        if self.status not in (Status.RUNNING, Status.PAUSED):
            raise LaunchRequired

    @property
    def course(self) -> object:
        """Where the campaign stands."""
        return self.status

    @command
    def submit(self, note: Prose | None = None) -> None:
        """Submit the plan for approval."""
        if self.status is not Status.PLANNED:
            raise PlanRequired
        self.trigger_event(self.Submitted, note=note)

    @applies(Submitted)
    def _submitted(self) -> None:
        self.status = Status.SUBMITTED

    @command(apart_from=Submitted)
    def approve(self, note: Prose | None = None) -> None:
        """Approve the plan."""
        if self.status is not Status.SUBMITTED:
            raise SubmissionRequired
        self.trigger_event(self.Approved, note=note)

    @applies(Approved)
    def _approved(self) -> None:
        self.status = Status.APPROVED

    @command(apart_from=Submitted)
    def reject(self, reason: Line) -> None:
        """Reject the plan, for a reason; it can be revised and submitted again."""
        if self.status is not Status.SUBMITTED:
            raise SubmissionRequired
        self.trigger_event(self.Rejected, reason=reason)

    @applies(Rejected)
    def _rejected(self) -> None:
        self.status = Status.PLANNED

    @command
    def launch(self) -> None:
        """Launch the approved campaign."""
        if self.status is not Status.APPROVED:
            raise ApprovalRequired
        if not self.targets:
            raise TargetsRequired
        self.trigger_event(self.Launched)

    @applies(Launched)
    def _launched(self) -> None:
        self.status = Status.RUNNING

    @command
    def pause(self, reason: Line) -> None:
        """Pause the campaign, for a reason."""
        if self.status is not Status.RUNNING:
            raise RunningRequired
        self.trigger_event(self.Paused, reason=reason)

    @applies(Paused)
    def _paused(self) -> None:
        self.status = Status.PAUSED

    @command
    def resume(self) -> None:
        """Resume the paused campaign."""
        if self.status is not Status.PAUSED:
            raise PauseRequired
        self.trigger_event(self.Resumed)

    @applies(Resumed)
    def _resumed(self) -> None:
        self.status = Status.RUNNING

    @command
    def close(self, note: Prose | None = None) -> None:
        """Close the campaign: nobody is contacted any more."""
        self.require_launched()
        self.trigger_event(self.Closed, note=note)

    @applies(Closed)
    def _closed(self) -> None:
        self.status = Status.CLOSED
