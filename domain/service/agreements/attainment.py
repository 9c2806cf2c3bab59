"""Attainment: what counts for a clause in a period, how much of it was kept, what a miss earns.

Pure functions of cases and circuits: statements, reports and proofs all count by them. Shares are
fractions, compared unrounded: 94.74 percent are not 95, though they round to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from domain.kernel.time.working_hours import Hours
from domain.kernel.time.working_time import clock
from domain.service.agreements.agreement_clauses import Clause, ClauseMeasure
from domain.service.agreements.periods import Period
from domain.service.agreements.stretches import Stretch, joined, length, within, without
from domain.service.service_terms import Target
from domain.service.ticket_clock import Run, TicketClock

_HUNDRED = Fraction(100)


class Case(NamedTuple):
    """A ticket as it finally stands: what it is about, and its clock."""

    id: str
    kind: str
    severity: str
    clock: TicketClock
    circuits: frozenset[str] = frozenset()


class Work(NamedTuple):
    """Planned work on a circuit, and when it was announced to the customer, if it was."""

    stretch: Stretch
    announced_at: datetime | None

    def in_time(self, notice: timedelta) -> bool:
        """Tell whether it was announced so long before it began."""
        return self.announced_at is not None and (self.stretch.begin - self.announced_at >= notice)


class Circuit(NamedTuple):
    """What a customer has of us: of which product, where, since when, and when it was lost."""

    id: str
    product_id: str | None
    sites: frozenset[str]
    lived: Stretch
    outages: tuple[Stretch, ...] = ()
    works: tuple[Work, ...] = ()


class Excluded(NamedTuple):
    """What was agreed not to count: tickets, and stretches of the time of circuits."""

    tickets: frozenset[str] = frozenset()
    stretches: tuple[tuple[str, Stretch], ...] = ()

    def of(self, circuit: str) -> list[Stretch]:
        """Return the time of a circuit that does not count."""
        return [stretch for id_, stretch in self.stretches if id_ == circuit]


NOTHING = Excluded()
"""That everything counts."""


class Verdict(NamedTuple):
    """When a case is due as it finally stands, and whether it was kept."""

    case: str
    due_at: datetime
    kept: bool


class Lost(NamedTuple):
    """For how long a circuit was promised in a period, and how much of that was lost."""

    circuit: str
    promised: timedelta
    lost: timedelta


class Attainment(NamedTuple):
    """What was attained of a clause in a period, in percent, `None` where nothing counted.

    `left_out` are the cases that would count but for what was agreed.
    """

    clause: str
    verdicts: tuple[Verdict, ...]
    left_out: tuple[Verdict, ...]
    circuits: tuple[Lost, ...]
    attained: Fraction | None
    met: bool
    credit_percent: Decimal

    def credit(self, fee: Decimal) -> Decimal:
        """Return what of a fee is given back, to the hundredth."""
        return (fee * self.credit_percent / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


class _Calendar(NamedTuple):
    """The hours in which a clause counts, whatever calendar is asked for."""

    known: Hours

    def hours(self, code: str) -> Hours:  # noqa: ARG002
        return self.known


def attainment(
    clause: Clause,
    period: Period,
    hours: Hours,
    now: datetime,
    cases: Iterable[Case],
    circuits: Sequence[Circuit],
    excluded: Excluded = NOTHING,
    notice: timedelta = timedelta(0),
) -> Attainment:
    """Return what was attained of a clause in a period.

    Args:
        clause: What was promised.
        period: The period, which may still run.
        hours: Those of the clause's calendar.
        now: The moment that is asked about.
        cases: Tickets of the customer, of which those in the clause's scope are counted.
        circuits: What the customer has of us, likewise.
        excluded: What was agreed not to count in the clause.
        notice: How long before it begins planned work is announced, so as not to count.
    """
    chosen = [each for each in circuits if _covers(clause, each)]
    verdicts, left_out, lost = list[Verdict](), list[Verdict](), list[Lost]()
    share: Fraction | None = None
    if clause.of_cases:
        found = (
            _verdict(clause, hours, now, each) for each in cases if _concerns(clause, each, chosen)
        )
        for each in sorted(v for v in found if v and period.begin <= v.due_at < period.end):
            (left_out if each.case in excluded.tickets else verdicts).append(each)
        if verdicts:
            share = Fraction(sum(each.kept for each in verdicts), len(verdicts)) * _HUNDRED
    elif clause.measure is ClauseMeasure.AVAILABILITY:
        lost = [_lost(each, period, now, excluded.of(each.id), notice) for each in chosen]
        promised = sum((each.promised for each in lost), timedelta(0))
        gone = sum((each.lost for each in lost), timedelta(0))
        if promised:
            share = (1 - _ratio(gone, promised)) * _HUNDRED
    else:
        share = _mean(clause, hours, period, chosen, excluded)
    met = share is None or share >= Fraction(clause.required)
    credit = _credit(clause, share)
    return Attainment(
        clause.code, tuple(verdicts), tuple(left_out), tuple(lost), share, met, credit
    )


def _verdict(clause: Clause, hours: Hours, now: datetime, case: Case) -> Verdict | None:
    """Return when a case is due and whether it was kept; `None` as long as it does not count.

    That is while it waits, or runs and is not due yet, and once it was withdrawn.
    """
    assert clause.target.seconds is not None
    target = Target(seconds=clause.target.seconds, calendar=clause.calendar)
    terms, allowed = _Calendar(hours), timedelta(seconds=clause.target.seconds)
    if case.clock.run is Run.WITHDRAWN:
        return None
    if clause.measure is ClauseMeasure.RESPONSE:
        due, ended = case.clock.response_due(target, terms), case.clock.responded_at
        used = None if ended is None else clock(hours).worked(case.clock.opened_at, ended).time
    else:
        due = case.clock.due(target, terms)
        resolved = case.clock.run is Run.RESOLVED
        used = case.clock.passed(Run.RUNNING, hours) if resolved else None
    if due is None or (used is None and now <= due.at):
        return None
    return Verdict(case.id, due.at, used is not None and used <= allowed)


def _lost(
    circuit: Circuit,
    period: Period,
    now: datetime,
    excluded: Sequence[Stretch],
    notice: timedelta,
) -> Lost:
    """Return for how long a circuit was promised, and lost: each moment of it counts once.

    Work that was announced in time is no part of what was promised; other work is an outage.
    """
    bounds = Stretch(period.begin, min(period.end, max(now, period.begin)))
    timely = [each.stretch for each in circuit.works if each.in_time(notice)]
    others = [each.stretch for each in circuit.works if not each.in_time(notice)]
    promised = without(within([circuit.lived], bounds), [*timely, *excluded])
    down = joined([*circuit.outages, *others])
    gone = [part for each in promised for part in within(down, each)]
    return Lost(circuit.id, length(promised), length(gone))


def _mean(
    clause: Clause,
    hours: Hours,
    period: Period,
    circuits: Sequence[Circuit],
    excluded: Excluded,
) -> Fraction | None:
    """Return what part, in percent, the promised mean is of that of outages that ended then."""
    assert clause.target.seconds is not None
    lasted = [
        clock(hours).worked(each.begin, each.end).time
        for circuit in circuits
        for each in without(circuit.outages, excluded.of(circuit.id))
        if period.begin <= each.end < period.end
    ]
    whole = sum(lasted, timedelta(0))
    if not whole:
        return None
    return _ratio(timedelta(seconds=clause.target.seconds) * len(lasted), whole) * _HUNDRED


def _credit(clause: Clause, share: Fraction | None) -> Decimal:
    """Return how many percent of the fee a share earns, the cap kept."""
    earned = (
        each.percent_of_fee
        for each in clause.credits or ()
        if share is not None and share < Fraction(each.below)
    )
    return min(max(earned, default=Decimal(0)), clause.most)


def _covers(clause: Clause, circuit: Circuit) -> bool:
    """Tell whether a circuit is in the scope of a clause."""
    scope = clause.scope
    return (
        (scope.products_in_use is None or circuit.id in scope.products_in_use)
        and (scope.product_ids is None or circuit.product_id in scope.product_ids)
        and (scope.sites is None or not circuit.sites.isdisjoint(scope.sites))
    )


def _concerns(clause: Clause, case: Case, circuits: Iterable[Circuit]) -> bool:
    """Tell whether a case is in the scope of a clause, of which some circuits are."""
    scope = clause.scope
    if clause.measure is ClauseMeasure.COMPLAINT_ANSWER and case.kind != "complaint":
        return False
    narrowed = scope.products_in_use or scope.product_ids or scope.sites
    return (
        (scope.kinds is None or case.kind in scope.kinds)
        and (scope.severities is None or case.severity in scope.severities)
        and (not narrowed or any(each.id in case.circuits for each in circuits))
    )


def _ratio(part: timedelta, whole: timedelta) -> Fraction:
    micro = timedelta(microseconds=1)
    return Fraction(part // micro, whole // micro)
