"""How a contract goes on or ends: notice, renewal, termination."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from domain.kernel.aggregate import Aggregate, RuleViolation, applies, command, starts
from domain.kernel.time.business_day import recorded_day, today
from domain.kernel.types.values import Amount, Day, Id, LastDay, Line, NearDay, PastDay, Worth
from domain.sales.contract_course import RUNNING, SIGNED, ContractCourse, InForceRequired, Status
from domain.sales.contract_terms import ContractLine, LineOutsideTerm, TermInverted, require_whole

Lines = Annotated[list[ContractLine], Field(min_length=1, max_length=200)]
"""The lines of a contract."""

Share = Annotated[Decimal, Field(ge=0, le=100, decimal_places=2, strict=False, examples=["30"])]
"""A share in percent."""


class Party(StrEnum):
    """Who ends a contract."""

    CUSTOMER = "customer"
    US = "us"
    BOTH = "both"


class NoticeTooLate(RuleViolation):
    """After the notice day a contract ends by agreement or with a penalty."""


class NoticeRequired(RuleViolation):
    """Only a notice that was given is withdrawn."""


class TerminationOutsideTerm(RuleViolation):
    """The last day lies in the term."""


class OnePenalty(RuleViolation):
    """A penalty is an amount, or a share of what is left: one of these."""


class ContractEnd(ContractCourse):
    """Notice, renewal and termination of a contract."""

    class NoticeGiven(Aggregate.Event):
        """{who} noted that notice was given by {by} for {for_day}."""

        dated: ClassVar[str] = "given_on"

        by: Party
        for_day: date
        given_on: date | None = None

    class NoticeWithdrawn(Aggregate.Event):
        """{who} noted that the notice was withdrawn[, because "{reason}"]."""

        reason: str | None = None
        on: date | None = None

    class Renewed(Aggregate.Event):
        """{who} renewed the contract until {ends_on}[, as nobody gave notice by {notice_day}]."""

        ends_on: date
        lines: list[ContractLine] | None = None
        document_id: str | None = None
        notice_day: date | None = None
        due_at: datetime | None = None
        on: date | None = None

    class Terminated(Aggregate.Event, to=Status.TERMINATED):
        """{who} terminated the contract, {last_day} being its last day, because "{reason}".

        It ends by {by}.[ It went to {competitor}.][ {remaining} is left of it.][ The penalty is
        {penalty}.]
        """

        last_day: date
        by: Party
        reason: str
        competitor: str | None
        remaining: Worth
        penalty: Worth | None
        on: date | None = None

    notice_days: int | None
    penalty: Decimal | None = starts(lambda: None)

    def late(self, day: date, last_day: date) -> bool:
        """Tell whether it is too late, on a day, to give notice for a last day."""
        return self.notice_days is not None and (last_day - day).days < self.notice_days

    @command(only=SIGNED)
    def give_notice(
        self,
        by: Literal[Party.CUSTOMER, Party.US],
        for_day: LastDay,
        given_on: PastDay | None = None,
    ) -> None:
        """Note that one party gave notice, so that the contract ends with a day of its term."""
        if not self.terms.starts_on <= for_day <= self.terms.ends_on:
            raise TerminationOutsideTerm("for_day")
        if self.late(given_on or today(), for_day):
            raise NoticeTooLate("for_day")
        self.trigger_event(self.NoticeGiven, by=by, for_day=for_day, given_on=given_on)

    @applies(NoticeGiven)
    def _notice_given(self, for_day: date) -> None:
        self.terms = self.terms.model_copy(update={"cut_on": for_day})

    @command(only=SIGNED)
    def withdraw_notice(self, reason: Line | None = None) -> None:
        """Note that the notice was withdrawn: the contract goes on as if there had been none."""
        if self.terms.cut_on is None:
            raise NoticeRequired
        self.trigger_event(self.NoticeWithdrawn, reason=reason)

    @applies(NoticeWithdrawn)
    def _notice_withdrawn(self, timestamp: datetime) -> None:
        self.agree(self.terms.model_copy(update={"cut_on": None}), recorded_day(timestamp))

    @command
    def renew(
        self, ends_on: NearDay, lines: Lines | None = None, document_id: Id | None = None
    ) -> None:
        """Renew the contract until a later day, with the same lines or with others from then on."""
        self.require_in_force()
        if ends_on <= self.terms.ends_on:
            raise TermInverted("ends_on")
        require_whole(self.terms.renewed(ends_on, lines), "lines", LineOutsideTerm)
        self.trigger_event(self.Renewed, ends_on=ends_on, lines=lines, document_id=document_id)

    @applies(Renewed)
    def _renewed(
        self,
        ends_on: date,
        lines: list[ContractLine] | None,
        notice_day: date | None,
        timestamp: datetime,
    ) -> None:
        self.agree(self.terms.renewed(ends_on, lines), notice_day or recorded_day(timestamp))

    @command(only=(*RUNNING, InForceRequired))
    def terminate(
        self,
        last_day: Day,
        by: Party,
        reason: Line,
        competitor: Line | None = None,
        penalty: Amount | None = None,
        penalty_percent: Share | None = None,
    ) -> None:
        """End the contract before its term does.

        A `penalty` is agreed as an amount, or in percent of what is left of the contract.
        """
        self.require_in_force()
        if not self.terms.starts_on <= last_day <= self.terms.last_day:
            raise TerminationOutsideTerm("last_day")
        if penalty is not None and penalty_percent is not None:
            raise OnePenalty("penalty_percent")
        agreed = by is Party.BOTH or penalty or penalty_percent
        if not agreed and self.late(today(), last_day):
            raise NoticeTooLate("penalty")
        remaining = self.terms.left(last_day)
        if penalty_percent is not None:
            penalty = (remaining * penalty_percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
        self.trigger_event(
            self.Terminated,
            last_day=last_day,
            by=by,
            reason=reason,
            competitor=competitor,
            remaining=remaining,
            penalty=penalty,
        )

    @applies(Terminated)
    def _terminated(self, last_day: date, penalty: Decimal | None) -> None:
        self.terms = self.terms.model_copy(update={"cut_on": last_day})
        self.penalty = penalty
