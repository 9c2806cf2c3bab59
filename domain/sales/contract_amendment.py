"""Amendments: what was signed is changed by another signature, from a day on."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    applies,
    command,
    new_id,
    starts,
)
from domain.kernel.parts.reviewed_amendments import ReviewedAmendments
from domain.kernel.time.business_day import recorded_day
from domain.kernel.time.retroactive import DatesContradict
from domain.kernel.types.authority import Limits
from domain.kernel.types.decided import Decided
from domain.kernel.types.values import (
    Adds,
    Code,
    Day,
    Id,
    Line,
    NearDay,
    PastDay,
    Prose,
    Value,
    Worth,
)
from domain.sales.contract_course import SIGNED
from domain.sales.contract_end import Lines
from domain.sales.contract_payments import ContractPayments
from domain.sales.contract_terms import ContractLine, LineEnd, Terms, require_running, require_whole

LineEnds = Annotated[list[LineEnd], Field(min_length=1, max_length=200)]
"""The lines that an amendment ends."""


class AmendmentOutsideTerm(RuleViolation):
    """An amendment takes effect within the term that it leaves."""


class AmendmentRequired(RuleViolation):
    """Only an amendment that was drafted is signed or dropped."""


class AmendmentApprovalRequired(RuleViolation):
    """Only an approved amendment is signed."""


class ApprovedTextOnly(RuleViolation):
    """What is signed has the checksum of what was approved."""


class Amendment(Value):
    """What an amendment changes, from a day on."""

    since: date
    end_lines: tuple[LineEnd, ...] = ()
    new_lines: tuple[ContractLine, ...] = ()
    ends_on: date | None = None
    checksum: str | None = None

    def to(self, terms: Terms) -> Terms:
        """Return terms with what it changes."""
        return terms.amended(self.since, self.end_lines, self.new_lines, self.ends_on)


AmendmentAuthority = Annotated[Limits, Decided("contract-value", "at_stake", "currency")]
"""How far each level's authority goes, by what an amendment adds to the value or takes from it."""


class ContractAmendments(ContractPayments, ReviewedAmendments[AmendmentAuthority]):
    """The amendments of a contract."""

    class AmendmentDrafted(Aggregate.Event):
        """{who} drafted an amendment from {since} on[: lines {new_lines}][, ended {end_lines}].

        [The contract then ends on {ends_on}. ]It changes what it is worth by {value_change}.
        """

        amendment_id: Annotated[str, Adds()]
        since: date
        end_lines: list[LineEnd]
        new_lines: list[ContractLine]
        ends_on: date | None
        clauses: str | None
        checksum: str | None
        value_change: Worth

    class AmendmentSigned(Aggregate.Event):
        """{who} noted that the amendment {amendment_id} was signed."""

        dated: ClassVar[str] = "signed_on"

        amendment_id: str
        document_id: str | None = None
        checksum: str | None = None
        signed_on: date | None = None

    class AmendmentDropped(Aggregate.Event):
        """{who} dropped the amendment {amendment_id}[, because "{reason}"]."""

        amendment_id: str
        reason: str | None = None

    proposed: dict[str, Amendment] = starts(dict)
    amended_from: date = starts(lambda: date.min)

    def at_stake(self, amendment_id: str) -> Decimal:
        """Return what an amendment adds to the value or takes from it; of none nothing."""
        known = self.proposed.get(amendment_id)
        return Decimal(0) if known is None else abs(known.to(self.terms).value - self.terms.value)

    @command(only=SIGNED)
    def draft_amendment(
        self,
        from_: Day,
        end_lines: LineEnds | None = None,
        new_lines: Lines | None = None,
        ends_on: NearDay | None = None,
        clauses: Prose | None = None,
        checksum: Code | None = None,
    ) -> None:
        """Draft what changes from a day on: lines that end, lines that begin, the end, clauses."""
        if not (end_lines or new_lines or ends_on or clauses):
            raise NothingChanged
        amendment = Amendment(
            since=from_,
            end_lines=tuple(end_lines or ()),
            new_lines=tuple(new_lines or ()),
            ends_on=ends_on,
            checksum=checksum,
        )
        after = self._amended(amendment)
        self.trigger_event(
            self.AmendmentDrafted,
            amendment_id=new_id(),
            since=from_,
            end_lines=end_lines or [],
            new_lines=new_lines or [],
            ends_on=ends_on,
            clauses=clauses,
            checksum=checksum,
            value_change=after.value - self.terms.value,
        )

    def _amended(self, amendment: Amendment) -> Terms:
        """Return the terms that an amendment leaves, where it can be made to those of today."""
        if amendment.since < self.amended_from:
            hint = f"Another amendment is in effect from {self.amended_from} on."
            raise DatesContradict("from", hint)
        require_running(self.terms, amendment.end_lines)
        after = amendment.to(self.terms)
        require_whole(after, "new_lines", AmendmentOutsideTerm)
        days = [each.last_day + timedelta(days=1) for each in amendment.end_lines]
        days += (each.from_ for each in amendment.new_lines if each.from_)
        if not after.in_force(amendment.since) or any(day < amendment.since for day in days):
            raise AmendmentOutsideTerm("from")
        return after

    @applies(AmendmentDrafted)
    def _amendment_drafted(
        self,
        amendment_id: str,
        since: date,
        end_lines: list[LineEnd],
        new_lines: list[ContractLine],
        ends_on: date | None,
        checksum: str | None,
    ) -> None:
        self.proposed[amendment_id] = Amendment(
            since=since,
            end_lines=tuple(end_lines),
            new_lines=tuple(new_lines),
            ends_on=ends_on,
            checksum=checksum,
        )

    @command(only=SIGNED)
    def sign_amendment(
        self,
        amendment_id: Id,
        signed_on: PastDay | None = None,
        document_id: Id | None = None,
        checksum: Code | None = None,
    ) -> None:
        """Note that an amendment was signed: from its day on the contract has its lines and end."""
        if amendment_id not in self.proposed:
            raise AmendmentRequired("amendment_id")
        amendment = self.proposed[amendment_id]
        if not self.amendment_approved(amendment_id):
            raise AmendmentApprovalRequired("amendment_id")
        if amendment.checksum not in (None, checksum):
            raise ApprovedTextOnly("checksum")
        self._amended(amendment)
        self.trigger_event(
            self.AmendmentSigned,
            amendment_id=amendment_id,
            document_id=document_id,
            checksum=checksum,
            signed_on=signed_on,
        )

    @applies(AmendmentSigned)
    def _amendment_signed(self, amendment_id: str, timestamp: datetime) -> None:
        amendment = self.proposed.pop(amendment_id)
        self.amended_from = amendment.since
        self.agree(amendment.to(self.terms), recorded_day(timestamp))

    @command(only=SIGNED)
    def drop_amendment(self, amendment_id: Id, reason: Line | None = None) -> None:
        """Drop an amendment that was drafted."""
        if amendment_id not in self.proposed:
            raise AmendmentRequired("amendment_id")
        self.trigger_event(self.AmendmentDropped, amendment_id=amendment_id, reason=reason)

    @applies(AmendmentDropped)
    def _amendment_dropped(self, amendment_id: str) -> None:
        del self.proposed[amendment_id]
        self.reviews.pop(amendment_id, None)
