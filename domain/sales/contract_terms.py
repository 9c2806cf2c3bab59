"""The terms of a contract: its lines with their periods, what they come to on a day and in all."""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import ConfigDict, Field

from domain.kernel.aggregate import RuleViolation
from domain.kernel.types.values import LARGEST, Amount, Code, Day, Line, Sensitive, Value

_DAY = timedelta(days=1)

Steps = list[tuple[date, Decimal]]
"""Each day from which another monthly fee holds, with that."""


class TermInverted(RuleViolation):
    """A contract ends no earlier than it starts."""


class LinePeriodsOverlap(RuleViolation):
    """A line has one price on a day."""


class LineOutsideTerm(RuleViolation):
    """A line of a contract runs within its term."""


class LineInForceRequired(RuleViolation):
    """Only a line in force is ended."""


class ContractTooLarge(RuleViolation):
    """A contract is worth no more than 9,999,999,999,999,999.99."""


class ContractLine(Value):
    """A product: `quantity` of it, each at a fee a month `from` a day `to` a day, and a fee once.

    Without days it runs from the first of the term to the last, also when that is moved.
    """

    model_config = ConfigDict(
        serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )

    id: Code
    product: Line
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    monthly: Annotated[Amount, Sensitive("amount")] = Decimal(0)
    one_off: Annotated[Amount, Sensitive("amount")] = Decimal(0)
    from_: Annotated[Day | None, Field(alias="from")] = None
    to: Day | None = None

    @property
    def fee(self) -> Decimal:
        """What it comes to a month, on the days on which it runs."""
        return self.quantity * self.monthly

    def until(self, day: date) -> ContractLine:
        """Return the line with `day` as its last."""
        return self.model_copy(update={"to": day})


class LineEnd(Value):
    """A line that ends, and its last day."""

    id: Code
    last_day: Day


class Suspension(Value):
    """Days on which a contract was suspended; without a `last` one it still is."""

    first: date
    last: date | None = None


class Terms(Value):
    """From when to when a contract runs, its lines, and when it was suspended.

    It is cut off on a day where a notice or its termination ends it before its term does.
    """

    starts_on: date
    ends_on: date
    cut_on: date | None = None
    lines: tuple[ContractLine, ...] = ()
    suspensions: tuple[Suspension, ...] = ()

    @property
    def last_day(self) -> date:
        """The last day on which it is in force, as far as known."""
        return min(self.ends_on, self.cut_on or self.ends_on)

    def notice_day(self, days: int | None) -> date | None:
        """The last day for a notice, so many days before its term ends, while none was given."""
        return None if days is None or self.cut_on else self.ends_on - timedelta(days=days)

    def days(self, line: ContractLine) -> tuple[date, date]:
        """Return the first and the last day of a line; it never runs where they are reversed."""
        return line.from_ or self.starts_on, min(line.to or self.last_day, self.last_day)

    def suspended(self, day: date) -> bool:
        """Tell whether it is suspended on a day, as far as known."""
        return any(each.first <= day <= (each.last or day) for each in self.suspensions)

    def in_force(self, day: date) -> bool:
        """Tell whether it is in force on a day, suspended or not."""
        return self.starts_on <= day <= self.last_day

    def fee(self, day: date) -> Decimal:
        """Return the monthly fee on a day: of all lines that run then, nothing while suspended."""
        return self._fee(day, [(self.days(each), each.fee) for each in self.lines])

    def _fee(self, day: date, lines: Iterable[tuple[tuple[date, date], Decimal]]) -> Decimal:
        if self.suspended(day):
            return Decimal(0)
        return sum((fee for (first, last), fee in lines if first <= day <= last), Decimal(0))

    def steps(self) -> Steps:
        """Return each day from which another monthly fee holds, with that; the first from zero."""
        lines = [(self.days(each), each.fee) for each in self.lines]
        marks = {day for each in self.suspensions for day in _edges((each.first, each.last))}
        marks.update(day for days, _ in lines for day in _edges(days))
        found, before = Steps(), Decimal(0)
        for day in sorted(marks):
            if (fee := self._fee(day, lines)) != before:
                found.append((day, fee))
                before = fee
        return found

    @property
    def value(self) -> Decimal:
        """The fees of its months, those of a part of a month by its days, and the fees once."""
        return self.worth(self.steps())

    def worth(self, steps: Steps) -> Decimal:
        """Return the value with the `steps` of its fee, for those who have these already."""
        begun = (each for each in self.lines if self.in_force(self.days(each)[0]))
        return _over_months(steps) + sum((e.quantity * e.one_off for e in begun), Decimal(0))

    def left(self, last_day: date) -> Decimal:
        """Return what is not paid for if it ends with a day instead."""
        return self.value - self.model_copy(update={"cut_on": last_day}).value

    def amended(
        self,
        since: date,
        end_lines: Iterable[LineEnd] = (),
        new_lines: Iterable[ContractLine] = (),
        ends_on: date | None = None,
    ) -> Terms:
        """Return the terms with lines ended and begun, these from `since` on unless they say so."""
        lines = list(self.lines)
        for end in end_lines:
            lines = [each.until(end.last_day) if self.ends(each, end) else each for each in lines]
        lines += (_from(since, each) for each in new_lines)
        return self.model_copy(update={"lines": tuple(lines), "ends_on": ends_on or self.ends_on})

    def renewed(self, ends_on: date, lines: Iterable[ContractLine] | None) -> Terms:
        """Return the terms until a later day: with the same lines, or with others from then on."""
        whole, last = self.model_copy(update={"cut_on": None}), self.ends_on
        if lines is not None:
            kept = (e.until(last) if whole.days(e)[1] >= last else e for e in self.lines)
            every = (*kept, *(_from(last + _DAY, each) for each in lines))
            whole = whole.model_copy(update={"lines": every})
        return whole.model_copy(update={"ends_on": ends_on})

    def suspend(self, day: date) -> Terms:
        """Return the terms suspended from a day on."""
        every = (*self.suspensions, Suspension(first=day))
        return self.model_copy(update={"suspensions": every})

    def resume(self, day: date) -> Terms:
        """Return the terms as they are when it is in force again from a day on."""
        *before, last = self.suspensions
        ended = last.model_copy(update={"last": day - _DAY})
        kept = (*before, ended) if last.first < day else tuple(before)
        return self.model_copy(update={"suspensions": tuple(kept)})

    def ends(self, line: ContractLine, end: LineEnd) -> bool:
        """Tell whether a line runs on a day, and would go on after it."""
        first, last = self.days(line)
        return line.id == end.id and first <= end.last_day < last


def require_running(terms: Terms, ends: Iterable[LineEnd]) -> None:
    """Refuse to end a line that does not run on the day, or ends with it anyway."""
    if not all(any(terms.ends(each, end) for each in terms.lines) for end in ends):
        raise LineInForceRequired("end_lines")


def require_whole(terms: Terms, field: str, outside: type[RuleViolation]) -> None:
    """Refuse terms that contradict themselves, by lines that a field of the command tells.

    `outside` is the rule for lines that are not within the term.
    """
    if terms.ends_on < terms.starts_on:
        raise TermInverted("ends_on")
    by_id: dict[str, list[tuple[date, date]]] = defaultdict(list)
    for each in terms.lines:
        first, last = each.from_ or terms.starts_on, each.to or terms.ends_on
        if not terms.starts_on <= first <= last <= terms.ends_on:
            raise outside(field)
        by_id[each.id].append((first, last))
    for periods in map(sorted, by_id.values()):
        if any(following <= last for (_, last), (following, _) in pairwise(periods)):
            raise LinePeriodsOverlap(field)
    if terms.value > LARGEST or any(fee > LARGEST for _, fee in terms.steps()):
        raise ContractTooLarge(field)


def _edges(period: tuple[date, date | None]) -> Iterator[date]:
    """Yield the days from which it is otherwise: the first, and the one after the last."""
    first, last = period
    if last is None or first <= last:
        yield first
    if last is not None and first <= last:
        yield last + _DAY


def _from(day: date, line: ContractLine) -> ContractLine:
    return line if line.from_ else line.model_copy(update={"from_": day})


def _over_months(steps: Steps) -> Decimal:
    """Return what fees come to, month by month: that of a part by its days, rounded half up."""
    cents, days = 0, defaultdict[tuple[int, int], int](int)
    for (first, fee), (end, _) in pairwise(steps):
        hundredths = int(fee.scaleb(2))
        months = (end.year - first.year) * 12 + end.month - first.month
        cents += hundredths * months
        days[first.year, first.month] -= hundredths * (first.day - 1)
        days[end.year, end.month] += hundredths * (end.day - 1)
    for month, each in days.items():
        if each:
            of = monthrange(*month)[1]
            cents += (2 * each + of) // (2 * of)
    return Decimal(cents).scaleb(-2)
