"""What time brings to a contract: it takes effect, nears its end, is to be paid for, goes on, ends.

That only notes what its days say: whether it is in force on a day is never asked of these facts.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.kernel.aggregate import Aggregate, applies, deadline
from domain.kernel.rule import NotDue
from domain.kernel.time.business_day import recorded_day
from domain.kernel.types.values import Moment
from domain.sales.contract_amendment import ContractAmendments
from domain.sales.contract_course import RUNNING, Status
from domain.sales.contract_payments import PAYABLE

BEFORE = (180, 90, 60, 30)
"""How many days before its end, or before the last day for notice, a contract is told of."""

_DAY = timedelta(days=1)


class Renewal(StrEnum):
    """Whether a contract goes on after its term."""

    NONE = "none"
    MANUAL = "manual"
    AUTOMATIC = "automatic"


class Until(StrEnum):
    """What a contract nears."""

    TERM = "term"
    NOTICE = "notice"


def reminders(
    last_day: date, notice_day: date | None, told_until: date
) -> Iterator[tuple[date, int, Until]]:
    """Yield the days on which it is still to be told how many days are left until what."""
    for of, end in ((Until.TERM, last_day), (Until.NOTICE, notice_day)):
        for days in BEFORE:
            if end is not None and (day := end - timedelta(days=days)) > told_until:
                yield day, days, of


def reminded_on(last_day: date, notice_day: date | None, told_until: date) -> date | None:
    """Return the day on which it is next told that the end is near."""
    return min((day for day, _, _ in reminders(last_day, notice_day, told_until)), default=None)


def renewed_after(
    ends_on: date, notice_day: date | None, cut_on: date | None, renewal: str
) -> date | None:
    """Return the day after which a contract goes on by itself, as nobody has given notice."""
    goes_on = renewal == Renewal.AUTOMATIC and cut_on is None
    return (notice_day or ends_on) if goes_on else None


def ended_after(last_day: date, cut_on: date | None, renewal: str) -> date | None:
    """Return the last day of a contract that does not go on by itself."""
    return None if renewal == Renewal.AUTOMATIC and cut_on is None else last_day


class ContractClock(ContractAmendments):
    """What is noted when its day has come."""

    class TookEffect(Aggregate.Event, to=Status.IN_FORCE):
        """{who} noted that the contract took effect."""

        due_at: datetime
        on: date | None = None

    class EndNeared(Aggregate.Event):
        """{who} noted that there are {days} days left to the end of its {of}."""

        days: int
        of: Until
        due_at: datetime
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Remember the day."""
            aggregate.told_until = max(aggregate.told_until, recorded_day(self.due_at))

    class PaymentFellDue(Aggregate.Event):
        """{who} noted that the payment {item} fell due."""

        item: str
        due_at: datetime
        on: date | None = None

    class Expired(Aggregate.Event, to=Status.EXPIRED):
        """{who} noted that the contract expired."""

        due_at: datetime
        on: date | None = None

    renewal: Renewal
    renewal_months: int | None

    @property
    def notice_day(self) -> date | None:
        """The last day on which notice can be given for the end of the term."""
        return self.terms.notice_day(self.notice_days)

    @deadline(at="terms.starts_on", states=TookEffect, only=(Status.SIGNED, NotDue))
    def take_effect(self) -> None:
        """Note that the contract is in force, as its first day has come."""

    @deadline(
        at=reminded_on,
        of=("terms.last_day", "notice_day", "told_until"),
        only=(*RUNNING, NotDue),
    )
    def near_end(self, due_at: Moment) -> None:
        """Note that the contract nears the end of its term, the last day for notice, or both."""
        for day, days, of in reminders(self.terms.last_day, self.notice_day, self.told_until):
            if day == recorded_day(due_at):
                self.trigger_event(self.EndNeared, days=days, of=of, due_at=due_at)

    @deadline(at="falls_due_on", only=PAYABLE)
    def fall_due(self, due_at: Moment) -> None:
        """Note which payments are due that were not made in whole."""
        for each in [each for each in self.unpaid if each.due_on == recorded_day(due_at)]:
            self.trigger_event(self.PaymentFellDue, item=each.id, due_at=due_at)

    @applies(PaymentFellDue)
    def _payment_fell_due(self, item: str) -> None:
        self.fell_due.add(item)

    @deadline(
        after=renewed_after,
        of=("terms.ends_on", "notice_day", "terms.cut_on", "renewal"),
        only=(*RUNNING, NotDue),
    )
    def renew_automatically(self, due_at: Moment) -> None:
        """Renew the contract, as nobody has given notice by the last day for it."""
        ends_on, last = self.terms.ends_on, recorded_day(due_at) - _DAY
        later = _later(ends_on + _DAY, self.renewal_months or 12) - _DAY
        self.trigger_event(self.Renewed, ends_on=later, notice_day=last, due_at=due_at)

    @deadline(
        after=ended_after,
        of=("terms.last_day", "terms.cut_on", "renewal"),
        states=Expired,
        only=(*RUNNING, NotDue),
    )
    def expire(self) -> None:
        """Note that the contract has ended, on the day after its last."""


def _later(day: date, months: int) -> date:
    """Return the day of the same number some months later, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
