"""Visits: customers are called on, from the plan to what came of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    begins,
    command,
    deadline,
)
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.managed import Managed
from domain.kernel.parts.noted import Noted
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.rule import NotDue
from domain.kernel.time.business_day import recorded_day
from domain.kernel.types.values import (
    CustomerId,
    EmployeeCode,
    Id,
    Line,
    Moment,
    NearDay,
    Prose,
    SiteId,
    UnitCode,
    Value,
)

MISSED_AFTER = timedelta(days=3)
"""How long after its day a visit of which nothing was recorded is missed."""

RECORDED_WITHIN = timedelta(days=7)
"""How long after a visit it is recorded without a reason."""


class VisitState(StrEnum):
    """What became of a visit."""

    PLANNED = "planned"
    MISSED = "missed"
    DONE = "done"
    CANCELLED = "cancelled"


class VisitPurpose(StrEnum):
    """What a customer is called on for."""

    ROUTINE = "routine"
    PROBLEM = "problem"
    CONTRACT = "contract"
    EXECUTIVE = "executive"
    TECHNICAL = "technical"


class FindingKind(StrEnum):
    """What is found at a visit."""

    COMPLAINT = "complaint"
    FAULT = "fault"
    LEAD = "lead"
    RISK = "risk"
    PRAISE = "praise"


class SomebodyMet(RuleViolation):
    """A visit that was held says who was met."""


class RecordInTime(RuleViolation):
    """A visit is recorded within seven days, later with a reason."""


class VisitToCome(RuleViolation):
    """A visit is recorded once it was held."""


class VisitEnded(RuleViolation):
    """A visit that was held or cancelled is not changed any more."""


class Finding(Value):
    """Something that was found at a visit, and of which kind it is."""

    kind: FindingKind
    text: Prose


class RivalNote(Value):
    """What was heard at a visit of a competitor."""

    competitor: Line
    text: Prose


class NextStep(Value):
    """What was promised at a visit: who does it, by which day."""

    text: Line
    who: EmployeeCode
    due: NearDay


Mood = Annotated[int, Field(ge=1, le=5)]
"""How the customer was disposed, from 1 (angry) to 5 (delighted)."""

Contacts = Annotated[list[Id], Field(max_length=50)]
Colleagues = Annotated[list[EmployeeCode], Field(max_length=50)]
Findings = Annotated[list[Finding], Field(max_length=50)]
Needs = Annotated[list[Line], Field(max_length=50)]
RivalNotes = Annotated[list[RivalNote], Field(max_length=50)]
NextSteps = Annotated[list[NextStep], Field(max_length=50)]


def missed_on(day: date) -> date:
    """Return the day after which a visit planned for a `day` is missed."""
    return day + MISSED_AFTER


class Visit(Noted, Managed, InUnit, OfCustomer, Aggregate):
    """A visit to a customer, planned, held, missed or cancelled."""

    titles = {
        "agenda": "议程",
        "comments": "批注",
        "competitor_notes": "竞争对手动态",
        "contacts": "拟见联系人",
        "day": "计划日期",
        "findings": "走访发现",
        "happened_at": "走访时间",
        "late_because": "补录原因",
        "met": "会见联系人",
        "mood": "客户情绪",
        "moves": "改期次数",
        "needs": "客户需求",
        "next_steps": "后续事项",
        "participants": "参与人员",
        "purpose": "走访目的",
        "site_id": "客户点",
    }

    class Planned(Aggregate.Created, changes=("customer_id", "unit", "day")):
        """{who} planned a visit to {customer_id} for {day} ({purpose})."""

        customer_id: str
        unit: str
        day: date
        purpose: VisitPurpose
        participants: list[str]
        contacts: list[str]
        agenda: str | None
        site_id: str | None
        on: date | None = None

    class Moved(Aggregate.Event, to=VisitState.PLANNED, changes="day"):
        """{who} put the visit to {day}, before {was.day}[, because "{reason}"]."""

        day: date
        reason: str | None = None
        on: date | None = None

    class Recorded(Aggregate.Event, to=VisitState.DONE):
        """{who} recorded the visit, held at {happened_at}[, late, because "{late_because}"]."""

        happened_at: datetime
        met: list[str]
        findings: list[Finding]
        needs: list[str]
        competitor_notes: list[RivalNote]
        next_steps: list[NextStep]
        mood: int | None = None
        late_because: str | None = None
        on: date | None = None

    class Missed(Aggregate.Event, to=VisitState.MISSED):
        """{who} noted that the visit was missed."""

        due_at: datetime
        on: date | None = None

    class Cancelled(Aggregate.Event, to=VisitState.CANCELLED):
        """{who} cancelled the visit, because "{reason}"."""

        reason: str
        on: date | None = None

    state = begins(
        VisitState.PLANNED, ends=(VisitState.DONE, VisitState.CANCELLED), ended=VisitEnded
    )
    day: date

    @classmethod
    @command(states=Planned)
    def plan(
        cls,
        customer_id: CustomerId,
        unit: UnitCode,
        day: NearDay,
        purpose: VisitPurpose,
        participants: Colleagues = [],  # noqa: B006
        contacts: Contacts = [],  # noqa: B006
        agenda: Prose | None = None,
        site_id: SiteId | None = None,
    ) -> None:
        """Plan a visit to a customer: when, what for, who goes, and whom they want to meet."""

    @command
    def move(self, day: NearDay, reason: Line | None = None) -> None:
        """Put the visit to another day; one that was missed is planned again."""
        if day == self.day:
            raise NothingChanged("day")
        self.trigger_event(self.Moved, day=day, reason=reason)

    @command
    def record(
        self,
        happened_at: Moment,
        met: Contacts,
        findings: Findings = [],  # noqa: B006
        needs: Needs = [],  # noqa: B006
        competitor_notes: RivalNotes = [],  # noqa: B006
        next_steps: NextSteps = [],  # noqa: B006
        mood: Mood | None = None,
        reason: Line | None = None,
    ) -> None:
        """Record that the visit was held: whom we met, what was found, what is to be done.

        After seven days it takes a `reason` why it is recorded only now.
        """
        held = recorded_day(happened_at)
        if not met:
            raise SomebodyMet("met")
        if held > self.stated_day:
            raise VisitToCome("happened_at")
        late = self.stated_day - held > RECORDED_WITHIN
        if late and reason is None:
            raise RecordInTime("reason")
        self.trigger_event(
            self.Recorded,
            happened_at=happened_at,
            met=met,
            findings=findings,
            needs=needs,
            competitor_notes=competitor_notes,
            next_steps=next_steps,
            mood=mood,
            late_because=reason if late else None,
        )

    @deadline(after=missed_on, of=("day",), states=Missed, only=(VisitState.PLANNED, NotDue))
    def miss(self) -> None:
        """Note that nothing was recorded of the visit three days after it was to be."""

    @command(states=Cancelled)
    def cancel(self, reason: Line) -> None:
        """Cancel the visit, for a reason."""
