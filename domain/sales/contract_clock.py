"""What time brings to a contract: it takes effect, nears its end, is to be paid for, goes on, ends.

That only notes what its days say: whether it is in force on a day is never asked of these facts.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from domain.kernel.aggregate import Aggregate, applies, command, starts
from domain.kernel.rule import NotDue
from domain.kernel.time.business_day import recorded_day
from domain.kernel.types.values import Code, Moment
from domain.sales.contract_amendment import ContractAmendments
from domain.sales.contract_course import RUNNING, Status
from domain.sales.contract_terms import Terms

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


class Due(NamedTuple):
    """A day from which something is so, and the command by which that is noted."""

    day: date
    command: str
    told: Mapping[str, Any] = {}


class Watch(NamedTuple):
    """What has to be known of a contract to say what is to come.

    `told_since` is the day on which its terms were recorded, `reminded` the last day on which it
    was told that it nears an end, by which; `unpaid` the days of payments that are not whole, by
    their ids.
    """

    status: Status
    terms: Terms
    renewal: Renewal
    notice_days: int | None
    told_since: date
    reminded: Mapping[str, date]
    unpaid: Mapping[str, date]

    @property
    def notice_day(self) -> date:
        """The last day on which notice can be given for the end of the term."""
        return self.terms.ends_on - timedelta(days=self.notice_days or 0)

    def ahead(self) -> Iterator[Due]:
        """Yield all that is to come, as far as known, in no order."""
        for item, day in self.unpaid.items():
            yield Due(day, "fall-due", {"item": item})
        if self.status not in RUNNING:
            return
        if self.status is Status.SIGNED:
            yield Due(self.terms.starts_on, "take-effect")
        goes_on = self.renewal is Renewal.AUTOMATIC and self.terms.cut is None
        if goes_on:
            yield Due(self.notice_day + _DAY, "renew-automatically")
        else:
            yield Due(self.terms.last_day + _DAY, "expire")
        ends = {Until.TERM: self.terms.last_day}
        if self.notice_days is not None and self.terms.cut is None:
            ends[Until.NOTICE] = self.notice_day
        for of, end in ends.items():
            for days in BEFORE:
                day = end - timedelta(days=days)
                if day > max(self.told_since, self.reminded.get(of, date.min)):
                    yield Due(day, "near-end", {"days": days, "of": str(of)})


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
            aggregate.reminded[self.of] = recorded_day(self.due_at)

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
    reminded: dict[str, date] = starts(dict)

    @property
    def watch(self) -> Watch:
        """What has to be known to say what is to come."""
        open_ = (e for e in self.scheduled.values() if self.receipts.get(e.id, 0) < e.amount)
        return Watch(
            status=self.status,
            terms=self.terms,
            renewal=self.renewal,
            notice_days=self.notice_days,
            told_since=self.told_since,
            reminded=self.reminded,
            unpaid={each.id: each.due_on for each in open_ if each.id not in self.fell_due},
        )

    def require_due(self, due_at: datetime, command: str, **told: Any) -> None:
        """Refuse to note what is not to come on that day, as something has moved."""
        if Due(recorded_day(due_at), command, told) not in self.now.watch.ahead():
            raise NotDue("due_at")

    @command(system=True)
    def take_effect(self, due_at: Moment) -> None:
        """Note that the contract is in force, as its first day has come."""
        self.require_due(due_at, "take-effect")
        self.trigger_event(self.TookEffect, due_at=due_at)

    @command(system=True)
    def near_end(
        self, days: Literal[180, 90, 60, 30], of: Literal[Until.TERM, Until.NOTICE], due_at: Moment
    ) -> None:
        """Note that the contract nears the end of its term, or the last day for notice."""
        self.require_due(due_at, "near-end", days=days, of=str(of))
        self.trigger_event(self.EndNeared, days=days, of=of, due_at=due_at)

    @command(system=True)
    def fall_due(self, item: Code, due_at: Moment) -> None:
        """Note that a payment is due that was not made in whole."""
        self.require_due(due_at, "fall-due", item=item)
        self.trigger_event(self.PaymentFellDue, item=item, due_at=due_at)

    @applies(PaymentFellDue)
    def _payment_fell_due(self, item: str) -> None:
        self.fell_due.add(item)

    @command(system=True)
    def renew_automatically(self, due_at: Moment) -> None:
        """Renew the contract, as nobody has given notice by the last day for it."""
        self.require_due(due_at, "renew-automatically")
        ends_on = _later(self.terms.ends_on + _DAY, self.renewal_months or 12) - _DAY
        self.trigger_event(self.Renewed, ends_on=ends_on, notice_day=self.watch.notice_day)

    @command(system=True)
    def expire(self, due_at: Moment) -> None:
        """Note that the contract has ended, on the day after its last."""
        self.require_due(due_at, "expire")
        self.trigger_event(self.Expired, due_at=due_at)


def _later(day: date, months: int) -> date:
    """Return the day of the same number some months later, or the last of that month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
