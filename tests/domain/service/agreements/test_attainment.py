"""Attainment, worked out by hand: what counts in which period, what was kept, what a miss earns."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.time.business_day import begin_of
from domain.organisation.standard_calendars import STANDARD_CALENDARS
from domain.service.agreements.agreement_clauses import ClausePeriod
from domain.service.agreements.attainment import (
    NOTHING,
    Attainment,
    Case,
    Circuit,
    Excluded,
    Work,
    attainment,
)
from domain.service.agreements.periods import Period
from domain.service.agreements.stretches import Stretch, length, within, without
from domain.service.ticket_clock import Run, TicketClock, Turn
from tests.domain.service.agreements.agreed import CIRCUITS, FAULTS, clause
from tests.domain.service.promised import at

FEBRUARY = Period.named("2026-02")
LATER = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVER = Stretch(begin_of(date(2020, 1, 1)), begin_of(date(2030, 1, 1)))
CALENDARS = {each.code: each.hours for each in STANDARD_CALENDARS}
FEE = Decimal("40000.00")


def from_to(begin: str, end: str) -> Stretch:
    return Stretch(at(begin), at(end))


TWO = (from_to("02-10 10:00", "02-10 10:30"), from_to("02-10 10:20", "02-10 10:35"))
WORK = from_to("02-20 02:00", "02-20 04:00")


def circuit(*outages: Stretch, works: tuple[Work, ...] = (), id_: str = "c") -> Circuit:
    return Circuit(id_, "p", frozenset({"s"}), EVER, outages, works)


def counted(
    told: dict[str, Any] = CIRCUITS,
    circuits: tuple[Circuit, ...] = (),
    cases: tuple[Case, ...] = (),
    excluded: Excluded = NOTHING,
    now: datetime = LATER,
    period: Period = FEBRUARY,
    **more: Any,
) -> Attainment:
    agreed = clause(told, **more)
    hours, notice = CALENDARS[agreed.calendar], 72 * HOUR
    return attainment(agreed, period, hours, now, cases, circuits, excluded, notice)


def case(opened: str, resolved: str | None, name: str = "t", kind: str = "fault") -> Case:
    turns = [Turn(Run.RUNNING, at(opened))]
    if resolved:
        turns.append(Turn(Run.RESOLVED, at(resolved)))
    return Case(name, kind, "major", TicketClock(tuple(turns)))


def percent(found: Attainment) -> float:
    assert found.attained is not None
    return round(float(found.attained), 4)


def test_outages_that_overlap_count_once_and_work_announced_in_time_not_at_all() -> None:
    works = (Work(WORK, WORK.begin - 72 * HOUR),)
    found = counted(circuits=(circuit(*TWO, works=works),))
    assert found.attained == Fraction(40_320 - 120 - 35, 40_200) * 100
    assert (percent(found), found.met) == (99.9129, True)
    assert found.credit_percent == 0


def test_counted_twice_the_same_outages_would_be_a_breach() -> None:
    works = (Work(WORK, WORK.begin - 72 * HOUR),)
    apart = (TWO[0], Stretch(TWO[0].end, TWO[0].end + 15 * HOUR / 60))
    found = counted(circuits=(circuit(*apart, works=works),))
    assert (percent(found), found.met) == (99.8881, False)


def test_work_announced_too_late_is_an_outage() -> None:
    for announced in (WORK.begin - 24 * HOUR, None):
        found = counted(circuits=(circuit(*TWO, works=(Work(WORK, announced),)),))
        assert (percent(found), found.met) == (99.6156, False)
        assert found.credit(FEE) == Decimal("2000.00")


def faults(late: int, of: int = 20) -> tuple[Case, ...]:
    return tuple(
        case("02-10 08:00", "02-10 12:01" if place < late else "02-10 12:00", f"t{place}")
        for place in range(of)
    )


def test_shares_are_compared_unrounded() -> None:
    found = counted(FAULTS, cases=faults(2))
    assert (percent(found), found.met, len(found.verdicts)) == (90.0, False, 20)
    one_out = counted(FAULTS, cases=faults(2), excluded=Excluded(frozenset({"t0"})))
    assert one_out.attained == Fraction(18, 19) * 100
    assert (round(one_out.attained or 0), one_out.met) == (95, False)
    assert one_out.credit(FEE) == Decimal("2000.00")
    assert counted(FAULTS, cases=faults(1)).met


def test_a_case_counts_in_the_period_in_which_it_is_due_as_it_finally_stands() -> None:
    over_the_end = case("02-28 22:00", "03-01 01:00")
    march = Period.named("2026-03")
    assert counted(FAULTS, cases=(over_the_end,)).verdicts == ()
    (verdict,) = counted(FAULTS, cases=(over_the_end,), period=march).verdicts
    assert (verdict.due_at, verdict.kept) == (at("03-01 02:00"), True)


def turned(*turns: tuple[Run, str]) -> Case:
    made = tuple(Turn(run, at(moment)) for run, moment in turns)
    return Case("t", "fault", "major", TicketClock(made))


def test_past_due_it_is_breached_already_and_while_it_waits_it_does_not_count() -> None:
    running = case("02-10 08:00", None)
    assert counted(FAULTS, cases=(running,), now=at("02-10 12:00")).attained is None
    assert counted(FAULTS, cases=(running,), now=at("02-10 12:01")).attained == 0
    begun = (Run.RUNNING, "02-10 08:00")
    waiting = turned(begun, (Run.WAITING, "02-10 10:00"))
    withdrawn = turned(begun, (Run.WITHDRAWN, "02-10 20:00"))
    assert counted(FAULTS, cases=(waiting, withdrawn)).attained is None
    late = turned(begun, (Run.WAITING, "02-10 13:00"))
    assert counted(FAULTS, cases=(late,)).attained == 0
    resumed = turned(begun, (Run.WAITING, "02-10 10:00"), (Run.RUNNING, "02-28 23:00"))
    solved = Case("t", "fault", "major", resumed.clock.turned(Run.RESOLVED, at("03-01 01:00")))
    (verdict,) = counted(FAULTS, cases=(solved,), period=Period.named("2026-03")).verdicts
    assert (verdict.due_at, verdict.kept) == (at("03-01 01:00"), True)


def test_a_response_is_kept_by_whoever_accepts_in_time_and_never_waits() -> None:
    clock = TicketClock((Turn(Run.RUNNING, at("02-10 08:00")),))
    told = {"measure": "response", "target": {"seconds": 3600}}
    for moment, kept in (("02-10 09:00", True), ("02-10 09:01", False)):
        accepted = Case("t", "fault", "major", clock.accepted(at(moment)))
        (verdict,) = counted({**FAULTS, **told}, cases=(accepted,)).verdicts
        assert (verdict.due_at, verdict.kept) == (at("02-10 09:00"), kept)
    (open_,) = counted({**FAULTS, **told}, cases=(Case("t", "fault", "major", clock),)).verdicts
    assert not open_.kept


def test_a_complaint_is_answered_in_the_hours_of_the_office() -> None:
    told: dict[str, Any] = {
        "code": "c",
        "measure": "complaint-answer",
        "target": {"seconds": 16 * 3600},
    }
    told |= {"share_percent": "90", "calendar": "cn-office", "credits": None, "scope": {}}
    answered = case("02-13 16:30", "02-24 16:30", kind="complaint")
    (verdict,) = counted({**FAULTS, **told}, cases=(answered, case("02-10 08:00", None))).verdicts
    assert (verdict.due_at, verdict.kept) == (at("02-24 16:30"), True)


def test_outages_last_no_longer_than_a_time_on_average() -> None:
    told = {"measure": "restore-mean", "target": {"seconds": 3600}, "credits": None}
    lost = (from_to("02-10 10:00", "02-10 10:30"), from_to("02-28 23:00", "03-01 00:30"))
    found = counted({**CIRCUITS, **told}, (circuit(*lost),))
    assert (percent(found), found.met) == (200, True)  # the other one ended in March
    march = counted({**CIRCUITS, **told}, (circuit(*lost),), period=Period.named("2026-03"))
    assert (percent(march), march.met) == (66.6667, False)
    assert counted({**CIRCUITS, **told}, (circuit(),)).attained is None


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        ({"products_in_use": ["0192f3a1-0000-7000-8000-000000000000"]}, ["0"]),
        ({"product_ids": ["0192f3a1-0000-7000-8000-000000000001"]}, ["1"]),
        ({"sites": ["0192f3a1-0000-7000-8000-000000000002"]}, ["2"]),
        ({}, ["0", "1", "2"]),
    ],
)
def test_a_clause_is_about_the_circuits_in_its_scope(scope: Any, covered: list[str]) -> None:
    stem = "0192f3a1-0000-7000-8000-00000000000"
    three = tuple(
        Circuit(f"{stem}{n}", f"{stem}{n}", frozenset({f"{stem}{n}"}), EVER) for n in range(3)
    )
    found = counted(circuits=three, scope=scope)
    assert [each.circuit[-1] for each in found.circuits] == covered
    about = [Case(f"t{c.id[-1]}", "fault", "low", faults(0)[0].clock, {c.id}) for c in three]  # type: ignore[arg-type]
    counting = counted(FAULTS, three, tuple(about), scope=scope).verdicts
    assert [each.case[-1] for each in counting] == covered


def test_the_deepest_step_that_is_reached_is_given_back_up_to_the_cap() -> None:
    steps = [
        {"below": "99.9", "percent_of_fee": "5"},
        {"below": "99", "percent_of_fee": "25"},
    ]
    day = from_to("02-10 00:00", "02-11 00:00")
    assert counted(circuits=(circuit(day),), credits=steps).credit_percent == 25
    assert counted(circuits=(circuit(day),), credits=steps, cap_percent="20").credit_percent == 20


def test_a_period_that_runs_and_a_circuit_that_came_later_count_for_what_has_been() -> None:
    half = at("02-15 00:00")
    (lost,) = counted(circuits=(circuit(),), now=half).circuits
    assert lost.promised == timedelta(days=14)
    young = circuit()._replace(lived=Stretch(at("02-22 00:00"), EVER.end))
    (lost,) = counted(circuits=(young,)).circuits
    assert lost.promised == timedelta(days=7)
    out = Excluded(stretches=(("c", from_to("02-01 00:00", "02-08 00:00")),))
    (lost,) = counted(circuits=(circuit(*TWO),), excluded=out).circuits
    assert (lost.promised, lost.lost) == (timedelta(days=21), timedelta(minutes=35))


@pytest.mark.parametrize(
    ("name", "first", "after"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 3, 1)),
        ("2026-12", date(2026, 12, 1), date(2027, 1, 1)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 4, 1)),
        ("2026-Q4", date(2026, 10, 1), date(2027, 1, 1)),
        ("2026", date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_periods_have_names(name: str, first: date, after: date) -> None:
    found = Period.named(name)
    assert (found.first, found.after, found.name) == (first, after, name)
    assert Period.of(found.kind, after - timedelta(days=1)) == found
    assert found.begin == datetime(first.year, first.month, 1, tzinfo=UTC) - 8 * HOUR


@pytest.mark.parametrize("name", ["2026-13", "2026-Q5", "26-01", "", "2026-1"])
def test_what_is_no_period_has_no_days(name: str) -> None:
    with pytest.raises(ValueError, match=f"^{name}$"):
        Period.named(name)


def test_each_day_is_in_one_period_of_a_kind() -> None:
    for kind in ClausePeriod:
        day = date(2025, 11, 1)
        while day < date(2027, 2, 1):
            assert Period.of(kind, day).first <= day < Period.of(kind, day).after
            day += timedelta(days=1)


_MINUTES = st.integers(0, 60)
_SOME = st.lists(st.tuples(_MINUTES, _MINUTES), max_size=8)
ZERO = datetime(2026, 1, 1, tzinfo=UTC)


def _stretches(told: list[tuple[int, int]]) -> list[Stretch]:
    return [Stretch(ZERO + a * HOUR / 60, ZERO + b * HOUR / 60) for a, b in told]


def _minutes(told: list[tuple[int, int]]) -> set[int]:
    return {minute for a, b in told for minute in range(a, b)}


@given(_SOME, _SOME, st.tuples(_MINUTES, _MINUTES))
def test_stretches_are_what_counting_the_minutes_gives(
    some: list[tuple[int, int]], taken: list[tuple[int, int]], bounds: tuple[int, int]
) -> None:
    minute = HOUR / 60
    here, cut = _stretches(some), _stretches(taken)
    assert length(here) == len(_minutes(some)) * minute
    assert length(without(here, cut)) == len(_minutes(some) - _minutes(taken)) * minute
    (inside,) = _stretches([bounds])
    assert length(within(here, inside)) == len(_minutes(some) & _minutes([bounds])) * minute
