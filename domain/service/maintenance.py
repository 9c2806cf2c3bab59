"""Maintenance: planned work on what customers use, announced, objected to, and done."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    begins,
    command,
    starts,
)
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.managed import Managed
from domain.kernel.parts.noted import Noted
from domain.kernel.types.values import (
    CustomerId,
    Id,
    Line,
    Moment,
    Prose,
    Reference,
    TermMoment,
    UnitCode,
)
from domain.service.maintenance_rules import (
    AnnouncementRequired,
    BeginRequired,
    InterruptionOutside,
    MaintenanceHeld,
    ObjectionOpen,
    ObjectionRequired,
    WindowReversed,
    WorkBegun,
    WorkedOnRequired,
    WorkEnded,
    WorkToCome,
)
from domain.service.maintenance_terms import (
    Findings,
    Interruption,
    Interruptions,
    Minutes,
    Sites,
    Uses,
    WorkKind,
    WorkRisk,
    WorkState,
)

Objector = Annotated[Id, Reference("customer", live=False)]
"""Who objected, also one that was merged into another since."""

_PLANNED = (WorkState.PLANNED, WorkState.ANNOUNCED, WorkState.HELD, WorkBegun)


class Maintenance(Noted, Managed, InUnit, Aggregate):
    """Planned work on what customers use: its time, who was told, who objected, what it took."""

    titles = {
        "customer_ids": "受影响客户",
        "fallback": "回退方案",
        "findings": "发现问题",
        "interruption_minutes": "预计中断分钟数",
        "interruptions": "实际中断",
        "kind": "作业类型",
        "products_in_use": "涉及在用产品",
        "risk": "风险等级",
        "sites": "涉及客户点",
        "starts_at": "计划开始时间",
        "until": "计划结束时间",
    }

    class Planned(Aggregate.Created, changes=("unit", "starts_at", "until")):
        """{who} planned work ({kind}) from {starts_at} to {until}."""

        unit: str
        kind: WorkKind
        products_in_use: list[str]
        sites: list[str]
        starts_at: datetime
        until: datetime
        interruption_minutes: int
        risk: WorkRisk
        fallback: str | None
        on: date | None = None

    class Announced(Aggregate.Event, to=WorkState.ANNOUNCED):
        """{who} announced the work to the customers[ at {announced_at}]."""

        announced_at: datetime | None
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep when that was, as stated or as recorded."""
            aggregate.announced_at = self.announced_at or self.timestamp

    class AffectedNoted(Aggregate.Event):
        """{who} noted which customers the work affects."""

        customer_ids: list[str]
        on: date | None = None

    class Objected(Aggregate.Event):
        """{who} recorded that {customer_id} objects to the work, because "{reason}"."""

        customer_id: str
        reason: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the objection, which is open."""
            aggregate.objecting = [*aggregate.objecting, self.customer_id]

    class ObjectionAnswered(Aggregate.Event):
        """{who} answered the objection of {customer_id}: "{answer}"."""

        customer_id: str
        answer: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep it no longer."""
            aggregate.objecting = [c for c in aggregate.objecting if c != self.customer_id]

    class Began(Aggregate.Event, to=WorkState.IN_PROGRESS):
        """{who} began the work[ at {began_at}]."""

        began_at: datetime | None
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep when that was, as stated or as recorded."""
            aggregate.began_at = self.began_at or self.timestamp

    class Finished(Aggregate.Event, to=WorkState.DONE):
        """{who} finished the work[ at {finished_at}]."""

        finished_at: datetime | None
        findings: list[str]
        interruptions: list[Interruption]
        completed: bool
        on: date | None = None

    class Postponed(Aggregate.Event, to=WorkState.PLANNED, changes=("starts_at", "until")):
        """{who} put the work to {starts_at} to {until}, because "{reason}"."""

        starts_at: datetime
        until: datetime
        reason: str
        on: date | None = None

    class Held(Aggregate.Event, to=WorkState.HELD):
        """{who} put the work on hold, because "{reason}"."""

        reason: str
        on: date | None = None

    class Cancelled(Aggregate.Event, to=WorkState.CANCELLED):
        """{who} cancelled the work, because "{reason}"."""

        reason: str
        on: date | None = None

    state = begins(WorkState.PLANNED, ends=(WorkState.DONE, WorkState.CANCELLED), ended=WorkEnded)
    starts_at: datetime
    until: datetime
    announced_at: datetime | None = starts(lambda: None)
    began_at: datetime | None = starts(lambda: None)
    objecting: list[str] = starts(list)
    """Customers whose objections are open."""

    @classmethod
    @command
    def plan(
        cls,
        kind: WorkKind,
        unit: UnitCode,
        products_in_use: Uses,
        from_: TermMoment,
        until: TermMoment,
        interruption_minutes: Minutes,
        risk: WorkRisk,
        sites: Sites = [],  # noqa: B006
        fallback: Prose | None = None,
    ) -> Maintenance:
        """Plan work on products in use, or on all that there is at some sites, in a time."""
        if not products_in_use and not sites:
            raise WorkedOnRequired("products_in_use")
        if from_ >= until:
            raise WindowReversed("until")
        return cls._create(
            cls.Planned,
            unit=unit,
            kind=kind,
            products_in_use=products_in_use,
            sites=sites,
            starts_at=from_,
            until=until,
            interruption_minutes=interruption_minutes,
            risk=risk,
            fallback=fallback,
        )

    @command(only=_PLANNED)
    def announce(self, announced_at: Moment | None = None) -> None:
        """Announce the work to the customers that it affects, now or as it was at a moment."""
        if self.state is WorkState.HELD:
            raise MaintenanceHeld
        if self.state is WorkState.ANNOUNCED:
            raise NothingChanged
        _happened("announced_at", announced_at)
        self.trigger_event(self.Announced, announced_at=announced_at)

    @command(states=AffectedNoted, system=True, always=True)
    def note_affected(self, customer_ids: Annotated[list[Id], Field(max_length=10_000)]) -> None:
        """Note which customers have what is worked on."""

    @command(states=Objected, only=(WorkState.ANNOUNCED, AnnouncementRequired))
    def object(self, customer_id: CustomerId, reason: Line) -> None:
        """Record that a customer objects to work that was announced."""

    @command
    def answer_objection(self, customer_id: Objector, answer: Line) -> None:
        """Answer the objection of a customer."""
        if customer_id not in self.objecting:
            raise ObjectionRequired("customer_id")
        self.trigger_event(self.ObjectionAnswered, customer_id=customer_id, answer=answer)

    @command(only=(WorkState.ANNOUNCED, WorkState.HELD, AnnouncementRequired))
    def begin(self, began_at: Moment | None = None) -> None:
        """Begin the work, now or at a moment that is stated."""
        if self.state is WorkState.HELD:
            raise MaintenanceHeld
        if self.objecting:
            raise ObjectionOpen
        at = _happened("began_at", began_at)
        if self.announced_at is not None and at < self.announced_at:
            raise AnnouncementRequired("began_at")
        self.trigger_event(self.Began, began_at=began_at)

    @command(only=(WorkState.IN_PROGRESS, BeginRequired))
    def finish(
        self,
        completed: bool = True,
        findings: Findings = [],  # noqa: B006
        interruptions: Interruptions = [],  # noqa: B006
        finished_at: Moment | None = None,
    ) -> None:
        """Finish the work: whether all was done, what was found, what it interrupted and when."""
        end = _happened("finished_at", finished_at)
        begin = self.began_at or end
        if end < begin:
            raise WindowReversed("finished_at")
        for place, each in enumerate(interruptions):
            if not begin <= each.since < each.until <= end:
                raise InterruptionOutside(f"interruptions/{place}")
        self.trigger_event(
            self.Finished,
            finished_at=finished_at,
            findings=findings,
            interruptions=interruptions,
            completed=completed,
        )

    @command(only=_PLANNED)
    def postpone(self, from_: TermMoment, until: TermMoment, reason: Line) -> None:
        """Put the work to another time, for which it is announced anew."""
        if from_ >= until:
            raise WindowReversed("until")
        if (from_, until) == (self.starts_at, self.until):
            raise NothingChanged("from")
        self.trigger_event(self.Postponed, starts_at=from_, until=until, reason=reason)

    @command(only=_PLANNED)
    def put_on_hold(self, reason: Line) -> None:
        """Put the work on hold, for a reason: it is postponed before it goes on."""
        if self.state is WorkState.HELD:
            raise NothingChanged
        self.trigger_event(self.Held, reason=reason)

    @command(states=Cancelled, only=_PLANNED)
    def cancel(self, reason: Line) -> None:
        """Cancel the work, for a reason."""


def _happened(field: str, at: datetime | None) -> datetime:
    """Return when something happened, as stated or now. Refuses what is yet to come."""
    now = datetime.now(UTC)
    if at is not None and at > now:
        raise WorkToCome(field)
    return at or now
