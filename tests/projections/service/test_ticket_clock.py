"""The clock of a ticket: the due instants of the Spring Festival of 2026, and what holds."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.time.effective_day import effective_day
from domain.kernel.time.working_hours import Hours, OwnDays, Weekday
from domain.organisation.standard_calendars import STANDARD_CALENDARS
from domain.service.service_terms import Calendar, Target
from domain.service.service_ticket import ServiceTicket, ServiceTicketKind, Severity
from domain.service.ticket_clock import Run, TicketClock, Turn, last_moment
from projections.kernel.read_model import Row
from projections.service.service_tickets import service_tickets
from projections.service.ticket_figures import clock_of, terms_of
from tests.domain.service.promised import CALENDARS, at, opened, set_terms
from tests.projections.service.clocks import row_of, told

HOUR = timedelta(hours=1)
FRIDAY = "02-13 16:30"
ALWAYS, OFFICE = STANDARD_CALENDARS


def due(row: Row, percent: int = 100) -> datetime | None:
    terms = terms_of(row["terms"])
    found = clock_of(row).due(terms.resolution, terms, percent)
    return found and found.at


def by(hours: Hours, name: str = "cn-office") -> tuple[Calendar, ...]:
    """Return the calendars with other hours of the office."""
    return tuple(Calendar(code=name, hours=hours) if c.code == name else c for c in CALENDARS)


def waited() -> ServiceTicket:
    """Return the complaint of Friday, which waited over the Spring Festival."""
    ticket = opened(FRIDAY)
    ticket.assign("e1", at=at(FRIDAY))
    ticket.accept(at=at("02-13 16:50"))
    ticket.wait("An invoice", at=at("02-14 10:00"))
    ticket.resume(at=at("02-24 09:30"))
    return ticket


def test_r421c_1_a_complaint_of_friday_is_due_after_the_holiday() -> None:
    row = row_of(opened(FRIDAY))
    assert (row["priority"], row["resolution_due_at"]) == (2, at("02-24 16:30"))
    steps = [due(row, percent) for percent in (50, 75, 100, 150)]
    instants = ("02-14 16:30", "02-24 11:00", "02-24 16:30", "02-25 16:30")
    assert steps == [at(each) for each in instants]
    assert row_of(opened("02-13 17:30"))["response_due_at"] == at("02-14 09:00")
    assert not row["provisional"]


WEEKS = Hours.by(OFFICE.zone, OFFICE.week)
HOLIDAYS = WEEKS.with_year(2026, OwnDays(off=OFFICE.years[2].own.off))


@pytest.mark.parametrize(
    ("hours", "instant", "provisional"),
    [
        (HOLIDAYS, "02-25 16:30", False),  # without make-up days
        (WEEKS, "02-17 16:30", True),  # without holidays
        (ALWAYS.hours, "02-14 08:30", False),
    ],
)
def test_r421c_1_other_hours_make_it_due_at_other_instants(
    hours: Hours, instant: str, provisional: bool
) -> None:
    ticket = opened(FRIDAY)
    set_terms(ticket, calendars=by(hours))
    row = row_of(ticket)
    assert (row["resolution_due_at"], row["provisional"]) == (at(instant), provisional)


def test_r421c_2_a_wait_stands_still_in_working_hours() -> None:
    ticket = waited()
    row = row_of(ticket)
    assert (row["worked_seconds"], row["paused_seconds"]) == (3 * 3600, 7.5 * 3600)
    assert row["waiting_seconds"] == 239.5 * 3600
    assert (row["resolution_due_at"], due(row, 75)) == (at("02-25 16:00"), at("02-25 10:30"))


def test_r421c_2_nothing_is_due_and_nobody_is_told_while_it_waits() -> None:
    ticket = opened(FRIDAY)
    ticket.assign("e1", at=at(FRIDAY))
    ticket.accept(at=at("02-13 16:50"))
    ticket.wait("An invoice", at=at("02-14 10:00"))
    row = row_of(ticket)
    assert (row["resolution_due_at"], row["next_escalation_at"]) == (None, None)


@pytest.mark.parametrize(
    ("resolved", "hours", "met"),
    [
        ("02-25 16:00", 16.0, True),
        ("02-25 16:01", 16 + 1 / 60, False),
        ("02-25 15:45", 15.75, True),
    ],
)
def test_r421c_2_it_is_met_at_exactly_the_due_instant(
    resolved: str, hours: float, met: bool
) -> None:
    ticket = waited()
    ticket.resolve("Billed twice", "Refunded", at=at(resolved))
    row = row_of(ticket)
    assert (row["worked_seconds"], row["resolution_met"]) == (round(hours * 3600), met)
    assert row["resolution_due_at"] == at("02-25 16:00")


def test_r421c_3_a_reclassified_ticket_keeps_its_wait() -> None:
    ticket = waited()
    ticket.reclassify(
        ServiceTicketKind.COMPLAINT, Severity.CRITICAL, "The minister", at=at("02-24 10:00")
    )
    set_terms(ticket, grade="C")  # which it is by now: the ticket has the grade of its opening
    row = row_of(ticket)
    assert (row["priority"], row["resolution_due_at"]) == (1, at("02-24 16:00"))


def test_r421c_4_an_amended_day_reaches_what_is_open() -> None:
    ticket = opened(FRIDAY)
    set_terms(ticket, calendars=by(OFFICE.hours.with_days({date(2026, 2, 24): ()})))
    assert row_of(ticket)["resolution_due_at"] == at("02-25 16:30")


def test_r421c_4_the_holiday_of_2020_is_prolonged() -> None:
    def ordered(off: range, worked: list[date]) -> Hours:
        rest = {date(2020, 1, 1) + timedelta(days=n): () for n in off}
        return WEEKS.with_year(2020, OwnDays()).with_days(
            {**rest, **dict.fromkeys(worked, Weekday.MONDAY)}
        )

    made_up = [date(2020, 1, 19), date(2020, 2, 1)]
    known, prolonged = ordered(range(23, 30), made_up), ordered(range(23, 33), made_up[:1])
    for hours, instant in ((known, "02-01 16:30"), (prolonged, "02-04 16:30")):
        ticket = opened("01-23 16:30", year=2020)
        set_terms(ticket, calendars=by(hours))
        assert row_of(ticket)["resolution_due_at"] == at(instant, 2020)


@pytest.mark.parametrize(
    ("begun", "hours", "instant"),
    [
        ("02-17 20:00", 1, "02-24 09:30"),
        ("02-24 08:30", 8, "02-24 18:00"),
        ("02-24 12:15", 0.5, "02-24 14:00"),
    ],
)
def test_r421c_5_due_is_the_earliest_instant_of_the_hours(
    begun: str, hours: float, instant: str
) -> None:
    terms = terms_of(row_of(opened(FRIDAY))["terms"])
    clock = TicketClock((Turn(Run.RUNNING, at(begun)),))
    target = Target(seconds=round(hours * 3600), calendar="cn-office")
    found = clock.due(target, terms)
    assert found is not None
    assert found.at == at(instant)


def test_r421c_5_a_critical_fault_counts_around_the_clock() -> None:
    row = row_of(opened("02-16 23:10", ServiceTicketKind.FAULT, Severity.CRITICAL))
    assert row["resolution_due_at"] == at("02-17 03:10")
    assert (due(row, 75), due(row, 150)) == (at("02-17 02:10"), at("02-17 05:10"))
    assert row["legal_due_at"] == at("02-18 23:10")


def test_r421c_6_the_customer_is_called_back_within_working_days() -> None:
    ticket = waited()
    ticket.resolve("Billed twice", "Refunded", at=at("02-25 15:00"))
    ticket.close(at=at("02-25 16:00"))
    row = row_of(ticket)
    assert row["follow_up_due_at"] == at("02-27 18:00")
    terms = terms_of(row["terms"])
    assert last_moment(terms, at("02-25 16:00"), 3) == at("02-28 18:00")  # a make-up workday


def test_a_response_is_met_up_to_its_instant_and_waits_for_nobody() -> None:
    for moment, met in (("02-13 17:30", True), ("02-13 17:31", False)):
        ticket = opened(FRIDAY)
        ticket.assign("e1", at=at(FRIDAY))
        assert row_of(opened(FRIDAY))["response_met"] is None
        ticket.accept(at=at(moment))
        row = row_of(ticket)
        assert (row["response_met"], row["response_due_at"]) == (met, at("02-13 17:30"))


STEPS = st.lists(
    st.tuples(st.sampled_from(["wait", "resume", "resolve", "reopen"]), st.integers(0, 200_000)),
    max_size=12,
)
Stretch = tuple[datetime, datetime]


def lived(
    steps: list[tuple[str, int]], reclassified: int, begin: datetime
) -> tuple[Row, list[Stretch]]:
    """Return the row after steps, each so many seconds after the last, and when the clock ran.

    It is reclassified to priority 1 before one of them.
    """
    now = since = begin
    ticket = opened(FRIDAY)
    ticket.assign("e1", at=now)
    ticket.accept(at=now)
    ran, state = list[Stretch](), "running"
    does: dict[str, tuple[str, str, Callable[[datetime], Any]]] = {
        "wait": ("running", "waiting", lambda at: ticket.wait("x", at=at)),
        "resume": ("waiting", "running", lambda at: ticket.resume(at=at)),
        "resolve": ("running", "resolved", lambda at: ticket.resolve("x", "y", at=at)),
        "reopen": ("resolved", "running", lambda at: ticket.reopen("x", at=at)),
    }
    for number, (step, seconds) in enumerate(steps):
        if number == reclassified and state != "resolved":
            ticket.reclassify(ServiceTicketKind.COMPLAINT, Severity.CRITICAL, "x", at=now)
            set_terms(ticket)
        before, after, give = does[step]
        if state != before:
            continue
        now += timedelta(seconds=seconds)
        give(now)
        if step == "reopen":
            ticket.accept(at=now)
        if before == "running":
            ran.append((since, now))
        state, since = after, now
    if state == "running":
        ran.append((since, at("12-31 00:00")))
    return row_of(ticket, at("12-31 00:00")), ran


def office_stretches() -> Iterator[Stretch]:
    """Yield the hours of the office in 2026, by the notice, day by day."""
    year = OFFICE.years[2].own
    off = {day for each in year.off for day in each.days()}
    extra = {each.day for each in year.extra}
    for n in range(365):
        day = date(2026, 1, 1) + timedelta(days=n)
        if day in extra or (day.weekday() < 5 and day not in off):
            for begin, end in (("08:30", "12:00"), ("13:30", "18:00")):
                yield at(f"{day:%m-%d} {begin}"), at(f"{day:%m-%d} {end}")


def counted(ran: list[Stretch], target: timedelta) -> datetime | None:
    """Return when so much is worked, by laying the hours of the office over when the clock ran."""
    left = target
    for begin, end in ran:
        for opens, closes in office_stretches():
            first, last = max(begin, opens), min(end, closes)
            if first < last and last - first >= left:
                return first + left
            left -= max(last - first, timedelta(0))
    return None


@settings(deadline=None, max_examples=60)
@given(STEPS, st.integers(0, 12))
def test_the_fold_is_a_direct_count_over_the_timeline(
    steps: list[tuple[str, int]], reclassified: int
) -> None:
    row, ran = lived(steps, reclassified, at(FRIDAY))
    target = timedelta(seconds=terms_of(row["terms"]).resolution.seconds)
    found = counted(ran, target)
    if row["status"] in ("in-progress", "assigned") or found is not None:
        assert row["resolution_due_at"] == found
    elif row["status"] == "waiting":
        assert row["resolution_due_at"] is None
    if row["status"] == "resolved":
        assert row["resolution_met"] == (found is None or found >= row["resolved_at"])
    elif row["resolution_met"] is False:
        assert found is not None


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 900_000), st.integers(0, 900_000), st.integers(0, 900_000))
def test_a_wait_in_two_parts_that_touch_is_one(worked: int, first: int, second: int) -> None:
    whole = [("wait", worked), ("resume", first + second)]
    parts = [("wait", worked), ("resume", first), ("wait", 0), ("resume", second)]
    one, other = (lived(steps, 99, at(FRIDAY))[0] for steps in (whole, parts))
    for name in ("resolution_due_at", "worked_seconds", "paused_seconds", "next_escalation_at"):
        assert one[name] == other[name]


def test_terms_that_come_late_give_what_they_would_have_given_from_the_beginning() -> None:
    early, late = waited(), opened(FRIDAY, grade="A")
    late.assign("e1", at=at(FRIDAY))
    late.accept(at=at("02-13 16:50"))
    late.wait("An invoice", at=at("02-14 10:00"))
    late.resume(at=at("02-24 09:30"))
    set_terms(late, "B", anew=True)
    figures = ("resolution_due_at", "worked_seconds", "paused_seconds", "response_met", "in_force")
    one, other = row_of(early), row_of(late)
    assert [one[name] for name in figures] == [other[name] for name in figures]


def test_on_the_day_of_its_opening_a_ticket_has_its_terms_already() -> None:
    ticket = opened("03-02 09:00")
    first = told(ticket, at("03-05 09:00"))
    assert {effective_day(e.type, e.data, e.time) for e in first} == {date(2026, 3, 2)}


def test_what_is_due_by_a_deadline_is_the_same_by_the_record_and_by_its_row() -> None:
    ticket = waited()
    dues = ("next_escalation_at", "remind_at", "close_at")
    steps: tuple[Callable[[], None], ...] = (
        lambda: ticket.wait("x", at=at("02-24 10:00")),
        lambda: ticket.resume(at=at("02-24 11:00")),
        lambda: ticket.resolve("x", "y", at=at("02-24 12:00")),
        lambda: ticket.close(at=at("02-24 13:00")),
        lambda: ticket.record_follow_up(True, "No", False, at=at("02-24 14:00")),
        lambda: ticket.reopen("x", at=at("02-24 15:00")),
    )
    events = told(ticket)
    for step in steps:
        step()
        events += told(ticket)
        row = service_tickets.retell(events)[-1]
        assert [row[name] for name in dues] == [getattr(ticket, name) for name in dues]


def test_a_ticket_is_at_risk_at_75_percent_and_breached_after_all_of_either_time() -> None:
    row = row_of(opened(FRIDAY))
    assert (row["at_risk_at"], row["breached_at"]) == (at("02-13 17:15"), at("02-13 17:30"))
    ticket = waited()
    row = row_of(ticket)
    assert (row["at_risk_at"], row["breached_at"]) == (at("02-25 10:30"), at("02-25 16:00"))
    ticket = waited()
    ticket.resolve("x", "y", at=at("02-25 16:01"))
    row = row_of(ticket)
    assert (row["at_risk_at"], row["breached_at"]) == (None, at("02-25 16:00"))
