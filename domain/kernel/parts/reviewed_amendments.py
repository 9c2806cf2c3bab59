"""Reviewed amendments: each change of what stands is approved by itself, as the record was."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from domain.kernel.aggregate import Aggregate, command, starts
from domain.kernel.part import Part
from domain.kernel.parts.reviewed import DecisionOpenRequired, DraftRequired, next_level, route_of
from domain.kernel.types.authority import HighestLevel, Level, Limits, Seats, Step
from domain.kernel.types.values import Id, Line, Prose

Amending = TypeVar("Amending", bound=Limits)
"""The type of the parameter that says how far each level's authority goes: which rule decides."""


class Review(NamedTuple):
    """The route of a submission, the level that it has reached, whether it was approved there."""

    route: tuple[Step, ...]
    reached: Level
    approved: bool = False


class ReviewedAmendments(Part, Generic[Amending]):
    """How far each amendment has come; one that is not in `reviews` is a draft."""

    needs = ("proposed",)

    class AmendmentSubmitted(Aggregate.Event):
        """{who} submitted an amendment for approval[: "{note}"]."""

        about: ClassVar[str] = "amendment_id"

        amendment_id: str
        route: list[Step]
        rule: str
        rule_version: int
        note: str | None = None

        def apply(self, aggregate: Any) -> None:
            """Begin at the first level of the route."""
            reached = self.route[0].level if self.route else Level.OWN
            aggregate.reviews[self.amendment_id] = Review(tuple(self.route), reached)

    class AmendmentApproved(Aggregate.Event):
        """{who} approved an amendment at the level {level}[: "{note}"]."""

        amendment_id: str
        level: Level
        note: str | None = None

        def apply(self, aggregate: Any) -> None:
            """Let it be signed."""
            review = aggregate.reviews[self.amendment_id]
            aggregate.reviews[self.amendment_id] = review._replace(approved=True)

    class AmendmentPassedOn(Aggregate.Event):
        """{who} approved an amendment at the level {level}, from which it goes to {to}[: "{note}"].

        The reason is {reason}.
        """

        amendment_id: str
        level: Level
        to: Level
        reason: str
        note: str | None = None

        def apply(self, aggregate: Any) -> None:
            """Wait at the next level."""
            review = aggregate.reviews[self.amendment_id]
            aggregate.reviews[self.amendment_id] = review._replace(reached=self.to)

    class AmendmentSentBack(Aggregate.Event):
        """{who} sent an amendment back, because "{reason}"."""

        amendment_id: str
        reason: str

        def apply(self, aggregate: Any) -> None:
            """Let it be a draft."""
            del aggregate.reviews[self.amendment_id]

    class AmendmentTakenBack(Aggregate.Event):
        """{who} took an amendment back before it was decided."""

        amendment_id: str

        def apply(self, aggregate: Any) -> None:
            """Let it be a draft."""
            del aggregate.reviews[self.amendment_id]

    beyond: ClassVar[str]
    proposed: Collection[str]
    reviews: dict[str, Review] = starts(dict)

    def amendment_approved(self, amendment_id: str) -> bool:
        """Tell whether an amendment was approved."""
        return amendment_id in self.reviews and self.reviews[amendment_id].approved

    def _under_review(self, amendment_id: str) -> Review:
        review = self.reviews.get(amendment_id)
        if review is None or review.approved or amendment_id not in self.proposed:
            raise DecisionOpenRequired("amendment_id")
        return review

    @command
    def submit_amendment(
        self, amendment_id: Id, seats: Seats, limits: Amending, note: Prose | None = None
    ) -> None:
        """Submit an amendment for approval; within the author's own authority it is approved so."""
        if amendment_id not in self.proposed or amendment_id in self.reviews:
            raise DraftRequired("amendment_id")
        route = route_of(seats, limits.outcome)
        self.trigger_event(
            self.AmendmentSubmitted,
            amendment_id=amendment_id,
            route=route,
            rule=limits.rule,
            rule_version=limits.version,
            note=note,
        )
        if not route:
            own = Level.OWN
            self.trigger_event(self.AmendmentApproved, amendment_id=amendment_id, level=own)

    @command(apart_from=AmendmentSubmitted)
    def approve_amendment(
        self, amendment_id: Id, highest: HighestLevel, note: Prose | None = None
    ) -> None:
        """Approve an amendment; beyond the approver's authority it goes on to the next level."""
        review = self._under_review(amendment_id)
        to = next_level(review.route, review.reached, highest)
        told = {"amendment_id": amendment_id, "level": highest, "note": note}
        if to is None:
            self.trigger_event(self.AmendmentApproved, **told)
        else:
            self.trigger_event(self.AmendmentPassedOn, to=to, reason=self.beyond, **told)

    @command(apart_from=AmendmentSubmitted)
    def send_back_amendment(self, amendment_id: Id, reason: Line) -> None:
        """Send an amendment back to its author, for a reason; it is a draft again."""
        self._under_review(amendment_id)
        self.trigger_event(self.AmendmentSentBack, amendment_id=amendment_id, reason=reason)

    @command
    def take_back_amendment(self, amendment_id: Id) -> None:
        """Take an amendment back before it is decided; it is a draft again."""
        self._under_review(amendment_id)
        self.trigger_event(self.AmendmentTakenBack, amendment_id=amendment_id)
