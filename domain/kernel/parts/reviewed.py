"""Reviewed: a draft is submitted, and approved level by level as far as authority goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Generic, TypeVar

from domain.kernel.aggregate import Aggregate, RuleViolation, command, starts
from domain.kernel.part import Part
from domain.kernel.types.authority import HighestLevel, Level, Limit, Limits, Seat, Seats, Step
from domain.kernel.types.values import Line, Prose

Ruled = TypeVar("Ruled", bound=Limits)
"""The type of the parameter that says how far each level's authority goes: which rule decides."""

DRAFTED, SUBMITTED, APPROVED = "drafted", "submitted", "approved"
"""The states of a record under review, among those that it has."""


class NotYourLevel(RuleViolation):
    """A submission is approved by somebody who may approve at the level it has reached, or above."""  # noqa: E501


class AuthorityExhausted(RuleViolation):
    """What is beyond the authority of every level is not approved."""


class DraftRequired(RuleViolation):
    """Only a draft is changed and submitted."""


class DecisionOpenRequired(RuleViolation):
    """Only what was submitted and is not decided is approved, sent back or taken back."""


def route_of(seats: Sequence[Seat | None], limits: Sequence[Limit]) -> list[Step]:
    """Return the levels that a submission goes up to the one whose authority is enough for it.

    There are none where the author's own is. Raises `AuthorityExhausted`.
    """
    known = {each.level: each for each in limits}
    route: list[Step] = []
    if Level.OWN in known and known[Level.OWN].enough:
        return route
    for seat in seats:
        if seat is not None and seat.level in known:
            _, limit, enough = known[seat.level]
            route.append(Step(level=seat.level, unit=seat.unit, limit=limit))
            if enough:
                return route
    raise AuthorityExhausted


def next_level(route: Sequence[Step], reached: Level, highest: Level | None) -> Level | None:
    """Return where a submission goes on to from the highest level of who approves it.

    That is `None` where their authority is enough. Raises `NotYourLevel`.
    """
    if highest is None or highest.height < reached.height:
        raise NotYourLevel(hint=f"It has reached the level {reached}.")
    return next((each.level for each in route if each.level.height > highest.height), None)


class Reviewed(Part, Generic[Ruled]):
    """Whether the record is a draft, waits for approval, at which level, or was approved.

    What happens to a draft and in a review states no day: nothing that is dated earlier comes
    into what was approved.
    """

    needs = ("unit",)

    class Submitted(Aggregate.Event, to=SUBMITTED):
        """{who} submitted the {record} for approval[: "{note}"]."""

        route: list[Step]
        rule: str
        rule_version: int
        note: str | None = None

        def apply(self, aggregate: Any) -> None:
            """Begin at the first level of the route."""
            aggregate.route = tuple(self.route)
            aggregate.reached = self.route[0].level if self.route else Level.OWN

    class Approved(Aggregate.Event, to=APPROVED):
        """{who} approved the {record} at the level {level}[: "{note}"]."""

        level: Level
        note: str | None = None

    class PassedOn(Aggregate.Event, to=SUBMITTED):
        """{who} approved the {record} at the level {level}, from which it goes to {to}[: "{note}"].

        The reason is {reason}.
        """

        level: Level
        to: Level
        reason: str
        note: str | None = None

        def apply(self, aggregate: Any) -> None:
            """Wait at the next level."""
            aggregate.reached = self.to

    class SentBack(Aggregate.Event, to=DRAFTED):
        """{who} sent the {record} back, because "{reason}"."""

        reason: str

    class TakenBack(Aggregate.Event, to=DRAFTED):
        """{who} took the {record} back before it was decided."""

    beyond: ClassVar[str] = "value-beyond-authority"
    """Why it goes from one level to the next, as a rule's name."""

    route: tuple[Step, ...] = starts(tuple)
    """The levels of the last submission: none where it was within its author's authority."""
    reached: Level = starts(lambda: Level.OWN)
    """The level that the last submission has reached."""

    def require_approvable(self) -> None:
        """Refuse to submit and approve what cannot stand as it is; any record can by itself."""

    @command(only=(DRAFTED, DraftRequired))
    def submit(self, seats: Seats, limits: Ruled, note: Prose | None = None) -> None:
        """Submit the {record} for approval; within the author's own authority it is approved so."""
        self.require_approvable()
        route = route_of(seats, limits.outcome)
        self.trigger_event(
            self.Submitted,
            route=route,
            rule=limits.rule,
            rule_version=limits.version,
            note=note,
        )
        if not route:
            self.trigger_event(self.Approved, level=Level.OWN)

    @command(only=(SUBMITTED, DecisionOpenRequired), apart_from=Submitted)
    def approve(self, highest: HighestLevel, note: Prose | None = None) -> None:
        """Approve the {record}; beyond the approver's authority it goes on to the next level."""
        self.require_approvable()
        to = next_level(self.route, self.reached, highest)
        if to is None:
            self.trigger_event(self.Approved, level=highest, note=note)
        else:
            self.trigger_event(self.PassedOn, level=highest, to=to, reason=self.beyond, note=note)

    @command(states=SentBack, only=(SUBMITTED, DecisionOpenRequired), apart_from=Submitted)
    def send_back(self, reason: Line) -> None:
        """Send the {record} back to its author, for a reason; it is a draft again."""

    @command(states=TakenBack, only=(SUBMITTED, DecisionOpenRequired))
    def take_back(self) -> None:
        """Take the {record} back before it is decided; it is a draft again."""
