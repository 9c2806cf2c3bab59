"""Contracts: an agreement with a customer, from its draft and signature to its end."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, applies, command
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.managed import Managed
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.parts.outlives import Outlives
from domain.kernel.parts.reviewed import DraftRequired, Reviewed
from domain.kernel.time.business_day import recorded_day
from domain.kernel.time.correction import Fields, corrected, correction
from domain.kernel.types.authority import Limits
from domain.kernel.types.decided import Decided
from domain.kernel.types.values import (
    Code,
    Come,
    ContractId,
    Currency,
    CustomerId,
    EmployeeCode,
    Id,
    Line,
    NearDay,
    OpportunityId,
    PastDay,
    Prose,
    UnitCode,
    Worth,
)
from domain.sales.contract_amendment import ApprovedTextOnly
from domain.sales.contract_clock import ContractClock, Renewal
from domain.sales.contract_course import UNSIGNED, SignedStands, Status
from domain.sales.contract_end import Lines
from domain.sales.contract_terms import ContractLine, LineOutsideTerm, Terms, require_whole

Months = Annotated[int, Field(ge=1, le=120)]
Days = Annotated[int, Field(ge=0, le=730)]

ContractAuthority = Annotated[Limits, Decided("contract-value", "value", "currency")]
"""How far each level's authority goes, as the rule set for the value of contracts decides."""


class ContractNumberTaken(RuleViolation):
    """The number of a contract is given once."""


class ContractApprovalRequired(RuleViolation):
    """Only an approved contract is signed."""


class EarlierSignatureRequired(RuleViolation):
    """Only a contract that was signed before it was entered is taken over without an approval."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Draft(Fields):
    """What a contract says."""

    number: str | None = None
    opportunity_id: str | None = None
    quote_id: str | None = None
    quote_version: int | None = None
    title: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    renewal: Renewal | None = None
    renewal_months: int | None = None
    notice_days: int | None = None
    lines: list[ContractLine] | None = None
    clauses: str | None = None
    payment_days: int | None = None
    replaces_id: str | None = None
    checksum: str | None = None


def _terms(draft: Mapping[str, Any]) -> Terms:
    days = {name: draft[name] for name in ("starts_on", "ends_on")}
    return Terms(**days, lines=tuple(draft["lines"]))


class Contract(
    ContractClock, Reviewed[ContractAuthority], Managed, InUnit, Outlives, OfCustomer, Aggregate
):
    """An agreement with a customer: lines with their periods, in a term."""

    titles = {
        "checksum": "校验和",
        "clauses": "条款",
        "notice_days": "通知天数",
        "number": "合同编号",
        "opportunity_id": "商机",
        "payment_days": "付款天数",
        "quote_id": "报价单",
        "quote_version": "报价版本",
        "renewal": "续约方式",
        "renewal_months": "续约月数",
        "replaces_id": "替代合同",
    }

    class Drafted(Draft, Aggregate.Created):
        """{who} drafted the contract "{title}"[, number {number},] with {customer_id} at {unit}.

        It runs from {starts_on} to {ends_on}.[ It is worth {value} {currency}.]
        """

        customer_id: str
        unit: str
        manager: str | None
        currency: str
        value: Worth
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep what it says."""
            for name in ("customer_id", "unit", "manager", "currency"):
                setattr(aggregate, name, getattr(self, name))
            aggregate._outline = Draft.among(vars(self))
            aggregate.take(aggregate._outline, self.timestamp)

    class Revised(Draft, Aggregate.Event):
        """{who} revised the draft: {changes}."""

        value: Worth
        cleared: tuple[str, ...] = ()

        def apply(self, aggregate: Any) -> None:
            """Keep what it says now."""
            aggregate._outline = corrected(aggregate._outline, vars(self), self.cleared)
            aggregate.take(aggregate._outline, self.timestamp)

    class Signed(Aggregate.Event, to=Status.SIGNED):
        """{who} noted that the contract was signed[ by {ours} for us][ and by {contact_id}]."""

        dated: ClassVar[str] = "signed_on"

        signed_on: date | None
        ours: str
        contact_id: str | None
        document_id: str | None
        checksum: str

    class TakenOver(Aggregate.Event, to=Status.SIGNED):
        """{who} took over the contract, signed on {signed_on}[ by {signed_by} for us].

        It was not approved here.[ For the customer {contact_id} signed.]
        """

        signed_on: Annotated[date, Come()]
        signed_by: str | None
        contact_id: str | None
        document_id: str | None
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Tell of its end from then on."""
            aggregate.agree(aggregate.terms, recorded_day(self.timestamp))

    _outline: dict[str, Any]
    currency: str

    @classmethod
    @command
    def draft(
        cls,
        customer_id: CustomerId,
        unit: UnitCode,
        title: Line,
        starts_on: NearDay,
        ends_on: NearDay,
        lines: Lines,
        number: Code | None = None,
        opportunity_id: OpportunityId | None = None,
        quote_id: Id | None = None,
        quote_version: Annotated[int, Field(ge=1)] | None = None,
        manager: EmployeeCode | None = None,
        currency: Currency = "CNY",
        renewal: Renewal = Renewal.NONE,
        renewal_months: Months | None = None,
        notice_days: Days | None = None,
        clauses: Prose | None = None,
        payment_days: Days | None = None,
        replaces_id: ContractId | None = None,
        checksum: Code | None = None,
    ) -> Contract:
        """Draft a contract; all its amounts are in one `currency`.

        The `checksum` is that of its text, which is then the only one to be signed.
        """
        draft = Draft.among(locals())
        terms = _terms(draft)
        require_whole(terms, "lines", LineOutsideTerm)
        return cls._create(
            cls.Drafted,
            customer_id=customer_id,
            unit=unit,
            manager=manager,
            currency=currency,
            value=terms.value,
            **draft,
        )

    def take(self, draft: Mapping[str, Any], timestamp: datetime) -> None:
        """Take over what a draft says."""
        self.agree(_terms(draft), recorded_day(timestamp))
        self.renewal, self.renewal_months = draft["renewal"], draft["renewal_months"]
        self.notice_days = draft["notice_days"]

    @property
    def value(self) -> Decimal:
        """What the contract is worth over its term."""
        return self.terms.value

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The number of the contract, for ever."""
        number = self._outline["number"]
        return {ContractNumberTaken: number} if number else {}

    @command(only=(*UNSIGNED, SignedStands, Status.DRAFTED, DraftRequired))
    def revise(
        self,
        number: Code | None = None,
        opportunity_id: OpportunityId | None = None,
        quote_id: Id | None = None,
        quote_version: Annotated[int, Field(ge=1)] | None = None,
        title: Line | None = None,
        starts_on: NearDay | None = None,
        ends_on: NearDay | None = None,
        renewal: Renewal | None = None,
        renewal_months: Months | None = None,
        notice_days: Days | None = None,
        lines: Lines | None = None,
        clauses: Prose | None = None,
        payment_days: Days | None = None,
        replaces_id: ContractId | None = None,
        checksum: Code | None = None,
        clear: list[
            Literal[
                "number",
                "opportunity_id",
                "quote_id",
                "quote_version",
                "renewal_months",
                "notice_days",
                "clauses",
                "payment_days",
                "replaces_id",
                "checksum",
            ]
        ]
        | None = None,
    ) -> None:
        """Revise the draft: what is given changes, `clear` names what is left out from now on."""
        changes = correction(self._outline, Draft.among(locals()), clear or ())
        if not changes:
            raise NothingChanged
        terms = _terms(corrected(self._outline, changes, changes.get("cleared", ())))
        told = "lines" if lines else "ends_on" if ends_on else "starts_on"
        require_whole(terms, told, LineOutsideTerm)
        self.trigger_event(self.Revised, value=terms.value, **changes)

    @command(only=(*UNSIGNED, SignedStands, Status.APPROVED, ContractApprovalRequired))
    def sign(
        self,
        ours: EmployeeCode,
        checksum: Code,
        contact_id: Id | None = None,
        document_id: Id | None = None,
        signed_on: PastDay | None = None,
    ) -> None:
        """Note that the approved contract was signed, by whom, and the checksum of its text."""
        if self._outline["checksum"] not in (None, checksum):
            raise ApprovedTextOnly("checksum")
        self.trigger_event(
            self.Signed,
            signed_on=signed_on,
            ours=ours,
            contact_id=contact_id,
            document_id=document_id,
            checksum=checksum,
        )

    @applies(Signed)
    def _signed(self, timestamp: datetime) -> None:
        self.agree(self.terms, recorded_day(timestamp))

    @command(only=(*UNSIGNED, SignedStands, Status.DRAFTED, DraftRequired))
    def take_over(
        self,
        signed_on: PastDay,
        signed_by: Line | None = None,
        contact_id: Id | None = None,
        document_id: Id | None = None,
    ) -> None:
        """Take over, as it was drafted, a contract that had been signed before: when, and by whom.

        Nobody approves it here. It is true from the day on which it is taken over, unless an
        earlier one is stated.
        """
        if signed_on >= recorded_day(self.created_on):
            raise EarlierSignatureRequired("signed_on")
        self.trigger_event(
            self.TakenOver,
            signed_on=signed_on,
            signed_by=signed_by,
            contact_id=contact_id,
            document_id=document_id,
        )
