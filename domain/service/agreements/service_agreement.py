"""Service agreements: what a customer is promised of our service, by versions with their days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    begins,
    command,
)
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.parts.outlives import Outlives
from domain.kernel.parts.reviewed import DraftRequired, Reviewed
from domain.kernel.time.business_day import today
from domain.kernel.types.authority import Limits
from domain.kernel.types.decided import Decided
from domain.kernel.types.values import Code, CustomerId, LastDay, Line, NearDay, UnitCode
from domain.service.agreements.agreement_clauses import Clause, Clauses, require_clauses

AgreementAuthority = Annotated[Limits, Decided("agreement-authority", "most_credit")]
"""How far each level's authority goes, by the largest part of a fee that a miss earns."""

NoticeHours = Annotated[int, Field(ge=0, le=8_760)]
"""How long before it begins planned work is announced, so as not to count against us."""


class Status(StrEnum):
    """Where the latest version of an agreement stands, until the agreement is ended."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    ENDED = "ended"


class AmendAhead(RuleViolation):
    """An amendment counts from the day after its approval at the earliest."""


class AmendmentPending(RuleViolation):
    """One version of an agreement is decided before the next is drafted."""


class AmendmentsFollow(RuleViolation):
    """An amendment counts no earlier than what it amends, and while the agreement lasts."""


class AgreementReversed(RuleViolation):
    """An agreement ends no earlier than it begins."""


class AgreementEnded(RuleViolation):
    """An agreement that ended promises nothing new."""


class Version(NamedTuple):
    """What a version of an agreement promises, and from which day on."""

    valid_from: date
    clauses: list[Clause]


class ServiceAgreement(Reviewed[AgreementAuthority], InUnit, Outlives, OfCustomer, Aggregate):
    """What a customer is promised of our service, by versions that follow one another."""

    beyond = "credit-beyond-authority"
    titles = {
        "clauses": "条款",
        "contract_number": "合同编号",
        "name": "协议名称",
        "notice_hours": "提前通知小时数",
        "until": "截止日",
        "valid_from": "生效日",
    }

    class Drafted(Aggregate.Created, changes=("customer_id", "unit", "until")):
        """{who} drafted the service agreement "{name}" with {customer_id} at {unit}.

        It counts from {valid_from} on[ until {until}].[ It belongs to the contract {contract_number}.]
        """  # noqa: E501

        customer_id: str
        unit: str
        name: str
        clauses: list[Clause]
        valid_from: date
        until: date | None
        contract_number: str | None
        notice_hours: int

        def apply(self, aggregate: Any) -> None:
            """Keep its first version."""
            aggregate.versions = [Version(self.valid_from, self.clauses)]

    class DraftRevised(Aggregate.Event):
        """{who} revised the draft[: from {valid_from} on][: {clauses}]."""

        clauses: list[Clause] | None = None
        valid_from: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what the version promises now."""
            last = aggregate.versions[-1]
            aggregate.versions[-1] = Version(
                self.valid_from or last.valid_from, self.clauses or last.clauses
            )

    class AmendmentDrafted(Aggregate.Event, to=Status.DRAFTED):
        """{who} drafted an amendment, from {valid_from} on."""

        clauses: list[Clause]
        valid_from: date

        def apply(self, aggregate: Any) -> None:
            """Add the version."""
            aggregate.versions.append(Version(self.valid_from, self.clauses))

    class Ended(Aggregate.Event, to=Status.ENDED):
        """{who} ended the service agreement, because "{reason}"."""

        reason: str
        on: date | None = None

    status = begins(Status.DRAFTED, ends=(Status.ENDED,), ended=AgreementEnded)
    until: date | None
    versions: list[Version]
    """Its versions, of which the last may not be approved."""

    @classmethod
    @command
    def draft(
        cls,
        customer_id: CustomerId,
        unit: UnitCode,
        name: Line,
        clauses: Clauses,
        from_: NearDay,
        until: LastDay | None = None,
        contract_number: Code | None = None,
        notice_hours: NoticeHours = 72,
    ) -> ServiceAgreement:
        """Draft what a customer is promised from a day on, and until when, if that is known."""
        require_clauses(clauses)
        if until is not None and until < from_:
            raise AgreementReversed("until")
        return cls._create(
            cls.Drafted,
            customer_id=customer_id,
            unit=unit,
            name=name,
            clauses=clauses,
            valid_from=from_,
            until=until,
            contract_number=contract_number,
            notice_hours=notice_hours,
        )

    @property
    def most_credit(self) -> Decimal:
        """How many percent of a fee a miss of the latest version earns at most."""
        return max(each.most for each in self.versions[-1].clauses)

    @property
    def promised(self) -> Mapping[str, bool]:
        """By the codes of its clauses, whether they count cases; the latest version has its way."""
        return {each.code: each.of_cases for version in self.versions for each in version.clauses}

    def require_approvable(self) -> None:
        """Refuse an amendment that would count before it was approved."""
        if len(self.versions) > 1 and self.versions[-1].valid_from <= today():
            raise AmendAhead

    @command(only=(Status.DRAFTED, DraftRequired))
    def revise_draft(self, clauses: Clauses | None = None, from_: NearDay | None = None) -> None:
        """Revise the draft: what it promises, or from which day on it counts."""
        last = self.versions[-1]
        told = Version(from_ or last.valid_from, last.clauses if clauses is None else clauses)
        if told == last:
            raise NothingChanged
        require_clauses(told.clauses)
        self._require_order(told, self.versions[:-1])
        self.trigger_event(self.DraftRevised, clauses=clauses, valid_from=from_)

    @command(only=(Status.APPROVED, AmendmentPending))
    def draft_amendment(self, clauses: Clauses, from_: NearDay) -> None:
        """Draft what is promised instead from a day on."""
        require_clauses(clauses)
        self._require_order(Version(from_, clauses), self.versions)
        self.trigger_event(self.AmendmentDrafted, clauses=clauses, valid_from=from_)

    def _require_order(self, told: Version, before: list[Version]) -> None:
        """Refuse a version that begins before one that it follows, or after all is over."""
        over = self.until is not None and told.valid_from > self.until
        if not before and over:
            raise AgreementReversed("from")
        if before and (over or told.valid_from < before[-1].valid_from):
            raise AmendmentsFollow("from")

    @command(states=Ended)
    def end(self, reason: Line) -> None:
        """End the agreement: nothing is promised from that day on."""
