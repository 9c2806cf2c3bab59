"""The course of a campaign: submitted, approved or rejected, launched, paused, closed."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.kernel import Aggregate, RuleViolation, applies, command
from domain.part import Part
from domain.values import Day, Line, Prose


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


class CampaignBackdated(RuleViolation):
    """A step of a campaign is not dated before the one that preceded it."""


class CampaignCourse(Part):
    """The states of a campaign."""

    class Submitted(Aggregate.Event):
        note: str | None = None

    class Approved(Aggregate.Event):
        note: str | None = None

    class Rejected(Aggregate.Event):
        reason: str

    class Launched(Aggregate.Event):
        on: date | None = None

    class Paused(Aggregate.Event):
        reason: str
        on: date | None = None

    class Resumed(Aggregate.Event):
        on: date | None = None

    class Closed(Aggregate.Event):
        note: str | None = None
        on: date | None = None

    status: Status
    targets: set[str]
    step_on: date | None

    def require_launched(self) -> None:
        """Refuse before the launch of the campaign and after its close."""
        if self.status not in (Status.RUNNING, Status.PAUSED):
            raise LaunchRequired

    def _require_order(self, on: date | None) -> None:
        if on and self.step_on and on < self.step_on:
            raise CampaignBackdated("on")

    def _step(self, status: Status, on: date | None) -> None:
        self.status = status
        self.step_on = on or self.step_on

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
    def launch(self, on: Day | None = None) -> None:
        """Launch the approved campaign."""
        if self.status is not Status.APPROVED:
            raise ApprovalRequired
        if not self.targets:
            raise TargetsRequired
        self.trigger_event(self.Launched, on=on)

    @applies(Launched)
    def _launched(self, on: date | None) -> None:
        self._step(Status.RUNNING, on)

    @command
    def pause(self, reason: Line, on: Day | None = None) -> None:
        """Pause the campaign, for a reason."""
        self._require_order(on)
        if self.status is not Status.RUNNING:
            raise RunningRequired
        self.trigger_event(self.Paused, reason=reason, on=on)

    @applies(Paused)
    def _paused(self, on: date | None) -> None:
        self._step(Status.PAUSED, on)

    @command
    def resume(self, on: Day | None = None) -> None:
        """Resume the paused campaign."""
        self._require_order(on)
        if self.status is not Status.PAUSED:
            raise PauseRequired
        self.trigger_event(self.Resumed, on=on)

    @applies(Resumed)
    def _resumed(self, on: date | None) -> None:
        self._step(Status.RUNNING, on)

    @command
    def close(self, note: Prose | None = None, on: Day | None = None) -> None:
        """Close the campaign: nobody is contacted any more."""
        self._require_order(on)
        self.require_launched()
        self.trigger_event(self.Closed, note=note, on=on)

    @applies(Closed)
    def _closed(self, on: date | None) -> None:
        self._step(Status.CLOSED, on)
