"""Service tickets: a fault, complaint, consultation or request, from opening to closing."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    applies,
    command,
    deadline,
    starts,
)
from domain.kernel.erasure import LegalBasis, PersonErased, require_discretion
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.time.effective_day import TIMED
from domain.kernel.types.values import CustomerId, Erases, Line, Moment, Personal, Prose, UnitCode
from domain.service.service_terms import ServiceTicketKind as ServiceTicketKind
from domain.service.service_terms import Severity as Severity
from domain.service.ticket_clock import Run
from domain.service.ticket_follow_up import FollowUp, Score
from domain.service.ticket_handling import ACCEPTED, UNFINISHED, Handling, HandlingLevel, Status
from domain.service.ticket_outages import Outages
from domain.service.ticket_relations import Relations
from domain.service.ticket_step import Step
from domain.service.ticket_terms import TicketTerms
from domain.service.ticket_times import TicketTimes


class Channel(StrEnum):
    """How the ticket reached us."""

    HOTLINE = "hotline"
    ACCOUNT_MANAGER = "account-manager"
    EMAIL = "email"
    WEB = "web"
    VISIT = "visit"
    MONITORING = "monitoring"
    SYSTEM = "system"


class ResolutionRequired(RuleViolation):
    """A ticket is confirmed and closed only after it was resolved."""


class ContactNamed(RuleViolation):
    """The contact of a ticket is erased only if it names one."""


class ResolvedRequired(RuleViolation):
    """Only a ticket that was resolved, confirmed or closed is reopened."""


DONE = (Status.RESOLVED, Status.CONFIRMED)


class ServiceTicket(
    OfCustomer, Handling, TicketTerms, TicketTimes, FollowUp, Outages, Relations, Aggregate
):
    """One fault, complaint, consultation or request, worked by one owner at a time."""

    titles = {
        "at": "时间",
        "begin": "开始",
        "channel": "受理渠道",
        "contact": "联系人",
        "end": "结束",
        "run": "计时状态",
        "severity": "严重程度",
    }
    revives = True
    contact_erased = starts(bool)
    severity: Severity
    contact: str | None

    class Opened(
        Aggregate.Created, changes=("customer_id", "severity", "unit", "level", "contact")
    ):
        """{who} opened the ticket "{title}" of {customer_id} at {unit}.

        It is a {severity} {kind}, by {channel}.
        """

        dated: ClassVar[str] = TIMED
        runs: ClassVar[Run | None] = Run.RUNNING

        customer_id: str
        kind: ServiceTicketKind
        severity: Severity
        channel: Channel
        title: str
        description: str
        unit: str
        level: HandlingLevel
        contact: Annotated[str | None, Personal()]
        at: datetime | None

    class Reclassified(Step):
        """{who} reclassified the ticket as {kind}, {severity}, because "{reason}".

        [Before it was {was.kind}, {was.severity}.]
        """

        kind: ServiceTicketKind
        severity: Severity
        reason: str
        at: datetime | None = None

    class Resolved(Step, to=Status.RESOLVED):
        """{who} resolved the ticket: cause "{cause}", action "{action}"."""

        runs: ClassVar[Run | None] = Run.RESOLVED
        cause: str
        action: str
        at: datetime | None = None

    class Confirmed(Step, to=Status.CONFIRMED):
        """{who} noted that the customer confirmed the solution[: "{comment}"].

        Its satisfaction is {satisfaction} of 5.
        """

        satisfaction: int
        comment: str | None = None
        at: datetime | None = None

    class Reopened(Step, to=Status.ASSIGNED):
        """{who} reopened the ticket, because "{reason}"."""

        runs: ClassVar[Run | None] = Run.RUNNING
        reason: str
        at: datetime | None = None

        def apply(self, aggregate: Any) -> None:
            """Forget that the customer was called back."""
            aggregate.called_back = False

    class Closed(Step, to=Status.CLOSED):
        """{who} closed the ticket[: "{note}"][, as nothing was heard of it until {due_at}]."""

        note: str | None = None
        at: datetime | None = None
        due_at: datetime | None = None

    class Withdrawn(Step, to=Status.WITHDRAWN):
        """{who} withdrew the ticket, because "{reason}"."""

        runs: ClassVar[Run | None] = Run.WITHDRAWN
        reason: str
        at: datetime | None = None

    class ContactErased(Aggregate.Event):
        """{who} erased who reported the ticket, because "{reason}" ({legal_basis})."""

        person: Annotated[str, Erases()]
        reason: str
        legal_basis: str

    @classmethod
    @command(states=Opened)
    def open(
        cls,
        customer_id: CustomerId,
        kind: ServiceTicketKind,
        severity: Severity,
        channel: Channel,
        title: Line,
        unit: UnitCode,
        description: Prose = "",
        level: HandlingLevel = HandlingLevel.LOCAL,
        contact: Line | None = None,
        at: Moment | None = None,
    ) -> None:
        """Open a ticket in the unit that works on it; `contact` is whom to call back, and how."""

    @applies(Opened)
    def __init__(self, kind: ServiceTicketKind) -> None:
        self.kind_of_ticket = kind

    def hold(self, fact: Aggregate.Event) -> None:
        """Note that a fact was recorded and applied: it may turn the clock."""
        super().hold(fact)
        self.turn_clock(fact)

    @property
    def owners(self) -> frozenset[str]:
        """Who works on the ticket."""
        return frozenset({self.owner} if self.owner else ())

    def entrust(self, employee: str) -> None:
        """Assign the ticket to the employee."""
        self.trigger_event(self.Assigned, owner=employee, at=self.begun)

    @command(only=UNFINISHED)
    def reclassify(
        self, kind: ServiceTicketKind, severity: Severity, reason: Line, at: Moment | None = None
    ) -> None:
        """Give the ticket another kind or severity, for a reason."""
        if (kind, severity) == (self.kind_of_ticket, self.severity):
            raise NothingChanged
        self.trigger_event(self.Reclassified, kind=kind, severity=severity, reason=reason, at=at)

    @applies(Reclassified)
    def _reclassified(self, kind: ServiceTicketKind, severity: Severity) -> None:
        self.kind_of_ticket = kind
        self.severity = severity

    @command(states=Resolved, only=ACCEPTED)
    def resolve(self, cause: Prose, action: Prose, at: Moment | None = None) -> None:
        """Resolve the ticket: what the cause was and what was done about it."""

    @command(states=Confirmed, only=(Status.RESOLVED, ResolutionRequired))
    def confirm(
        self, satisfaction: Score, comment: Prose | None = None, at: Moment | None = None
    ) -> None:
        """Note that the customer confirmed the resolution, and how satisfied it is."""

    @command(states=Reopened, only=(*DONE, Status.CLOSED, ResolvedRequired))
    def reopen(self, reason: Line, at: Moment | None = None) -> None:
        """Reopen the ticket, for a reason; its owner has to accept it again."""

    @command(states=Closed, only=(*DONE, ResolutionRequired))
    def close(self, note: Prose | None = None, at: Moment | None = None) -> None:
        """Close the ticket, after its resolution or its confirmation."""

    @deadline(at="close_at", states=Closed, only=(Status.RESOLVED, ResolutionRequired))
    def close_unheard(self, at: Moment | None = None) -> None:
        """Close the ticket, as nothing was heard for three working days after its resolution."""

    @command(states=Withdrawn, only=UNFINISHED)
    def withdraw(self, reason: Line, at: Moment | None = None) -> None:
        """Withdraw a ticket that needs no work any more, for a reason."""

    @command
    def erase_contact(self, reason: Line, legal_basis: LegalBasis) -> None:
        """Erase for good whom the ticket names to call back, in whatever state it is.

        The reason and its legal basis are kept; they must not repeat what is erased.
        """
        if self.contact_erased:
            raise PersonErased
        if self.contact is None:
            raise ContactNamed
        require_discretion(reason, legal_basis, [self.contact])
        self.trigger_event(
            self.ContactErased, person=self.id, reason=reason, legal_basis=legal_basis
        )

    @applies(ContactErased)
    def _contact_erased(self) -> None:
        self.contact = None
        self.contact_erased = True
