"""Service statements: what was attained of an agreement in a period, as counted and answered."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    NotDue,
    NothingChanged,
    RuleViolation,
    begins,
    command,
    deadline,
    starts,
)
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.time.business_day import today
from domain.kernel.types.values import (
    Code,
    Count,
    Day,
    Line,
    Moment,
    Number,
    Prose,
    Value,
    attribute,
)
from domain.service.agreements.agreement_clauses import ClauseMeasure
from domain.service.agreements.agreement_references import AgreementId, AtWhich, OfWhom
from domain.service.agreements.periods import Period, PeriodName

Counted = Annotated[frozenset[str], attribute("service-agreement", "agreement_id", "counted")]

AFTERWARDS = timedelta(days=7)
"""How long after a period is over it is counted by itself."""

Share = Annotated[str, Field(pattern=r"^-?[0-9]+(/[0-9]+)?$", max_length=64, examples=["18/19"])]
"""A part of a whole as a fraction: it is never rounded."""


class StatementState(StrEnum):
    """Whether a period is counted yet, and what the customer says to that."""

    RUNNING = "running"
    STATED = "stated"
    ACCEPTED = "accepted"
    CONTESTED = "contested"


class PeriodRunning(RuleViolation):
    """A period is stated once it is over."""


class PeriodStated(RuleViolation):
    """A period is stated once; what changes is restated beside it, for a reason."""


class StatementRequired(RuleViolation):
    """What was stated, and is not accepted, is accepted or contested."""


class NothingCounted(RuleViolation):
    """A period is one by which a clause of the agreement is counted."""


class ClauseResult(Value):
    """What was attained of a clause on the days of a period on which its version was in force."""

    clause: Code
    version: int
    measure: ClauseMeasure
    first_day: Day
    last_day: Day
    cases: Count
    kept: Count
    left_out: Count
    promised_seconds: int
    lost_seconds: int
    share: Share | None
    attained_percent: Number | None
    required_percent: Number
    met: bool
    credit_percent: Number


class ServiceStatement(InUnit, OfCustomer, Aggregate):
    """What was attained of a service agreement in a period."""

    titles = {
        "agreement_id": "服务协议",
        "clauses": "条款结果",
        "count_on": "统计日",
        "counted_to": "统计截至位置",
        "last_day": "末日",
        "period": "考核期",
    }

    class Begun(
        Aggregate.Created,
        changes=("agreement_id", "customer_id", "unit", "period", "last_day", "count_on"),
    ):
        """{who} began {period} of {agreement_id}, which is counted on {count_on}."""

        agreement_id: str
        customer_id: str
        unit: str
        period: str
        last_day: date
        count_on: date

    class CountFellDue(Aggregate.Event):
        """{who} noted that {period} is to be counted."""

        period: str
        due_at: datetime
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Be due no more."""
            aggregate.count_on = None

    class CountAsked(Aggregate.Event):
        """{who} had {period} counted[, because "{reason}"]."""

        period: str
        reason: str | None

        def apply(self, aggregate: Any) -> None:
            """Remember why."""
            aggregate.reason = self.reason

    class Stated(Aggregate.Event, to=StatementState.STATED, changes="clauses"):
        """{who} stated what was attained, as known at {counted_to}[: {clauses}]."""

        counted_to: int
        clauses: list[ClauseResult]

    class Restated(Aggregate.Event, to=StatementState.STATED, changes="clauses"):
        """{who} stated what was attained anew, as known at {counted_to}[: {clauses}].

        The reason is "{reason}".
        """

        counted_to: int
        clauses: list[ClauseResult]
        reason: str

    class Confirmed(Aggregate.Event):
        """{who} counted anew, as known at {confirmed_to}, and found the same."""

        confirmed_to: int

    class Accepted(Aggregate.Event, to=StatementState.ACCEPTED):
        """{who} recorded that {accepted_by} accepted it[ by {document_number}]."""

        accepted_by: str
        document_number: str | None

    class Contested(Aggregate.Event, to=StatementState.CONTESTED):
        """{who} recorded that the customer contests it: "{objection}"."""

        objection: str

    revives = True
    state = begins(StatementState.RUNNING, ends=(StatementState.ACCEPTED,))
    agreement_id: str
    period: str
    last_day: date
    count_on: date | None
    clauses: list[ClauseResult] = starts(list)
    reason: str | None = starts(lambda: None)
    """Why it was last asked to be counted anew."""

    @property
    def claims(self) -> Mapping[type[RuleViolation], tuple[str, str]]:
        """A period of an agreement is stated in one place."""
        return {PeriodStated: (self.agreement_id, self.period)}

    @classmethod
    @command
    def begin(
        cls,
        agreement_id: AgreementId,
        period: PeriodName,
        counted: Counted,
        customer_id: OfWhom,
        unit: AtWhich,
    ) -> ServiceStatement:
        """Begin a period of an agreement, which is counted a week after it is over.

        The periods that follow begin by themselves, as long as the agreement is in force.
        """
        of = Period.named(period)
        if of.kind not in counted:
            raise NothingCounted("period")
        return cls._create(
            cls.Begun,
            agreement_id=agreement_id,
            customer_id=customer_id,
            unit=unit,
            period=period,
            last_day=of.after - timedelta(days=1),
            count_on=of.after + AFTERWARDS,
        )

    @deadline(at="count_on", only=(StatementState.RUNNING, NotDue))
    def fall_due(self, due_at: Moment) -> None:
        """Have the period counted, as it has been over for a week."""
        self.trigger_event(self.CountFellDue, period=self.period, due_at=due_at)

    @command
    def count(self, reason: Line | None = None) -> None:
        """Have the period counted now; what was stated is counted anew, for a reason."""
        if today() <= self.last_day:
            raise PeriodRunning
        if self.state is not StatementState.RUNNING and reason is None:
            raise PeriodStated("reason")
        self.trigger_event(self.CountAsked, period=self.period, reason=reason)

    @command(system=True)
    def state_result(
        self, counted_to: Annotated[int, Field(ge=1)], clauses: list[ClauseResult]
    ) -> None:
        """State what was attained; anew where it is something else than was stated."""
        if self.state is StatementState.RUNNING:
            self.trigger_event(self.Stated, counted_to=counted_to, clauses=clauses)
        elif self.reason is None:
            raise NothingChanged
        elif clauses == self.clauses:
            self.trigger_event(self.Confirmed, confirmed_to=counted_to)
        else:
            told = {"counted_to": counted_to, "clauses": clauses, "reason": self.reason}
            self.trigger_event(self.Restated, **told)

    @command(
        states=Accepted,
        only=(StatementState.STATED, StatementState.CONTESTED, StatementRequired),
    )
    def accept(self, accepted_by: Line, document_number: Code | None = None) -> None:
        """Record that somebody at the customer accepted what was stated."""

    @command(
        states=Contested,
        only=(StatementState.STATED, StatementState.CONTESTED, StatementRequired),
    )
    def contest(self, objection: Prose) -> None:
        """Record that the customer contests what was stated, and why."""
