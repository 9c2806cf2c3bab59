"""The terms of a ticket: chosen by the tables, kept from its opening, in hours that there are."""

from typing import Any

import pytest
from pydantic import ValidationError

from domain.kernel.aggregate import NothingChanged
from domain.kernel.commands import commands, every_command
from domain.kernel.types.decided import decide
from domain.kernel.types.values import Value
from domain.service.service_terms import Escalation, Promised, Rung, Target
from domain.service.service_ticket import ServiceTicketKind, Severity
from domain.service.standard_terms import SEVERITIES, TARGETS
from domain.service.ticket_terms import CalendarRequired
from tests.bodies import IDS
from tests.domain.play import last, stated
from tests.domain.service.promised import CALENDARS, at, opened, set_terms

MINUTE, HOUR = 60, 3600


@pytest.mark.parametrize(
    ("grade", "category", "severity", "priority"),
    [
        ("A", None, "critical", 1),
        ("A", None, "low", 3),
        ("B", None, "low", 4),
        ("B", "important", "major", 1),
        ("A", "important", "critical", 1),
        ("C", None, "critical", 2),
        (None, "high-value", "minor", 4),
    ],
)
def test_the_priority_goes_by_grade_severity_and_importance(
    grade: str | None, category: str | None, severity: str, priority: int
) -> None:
    facts = {"kind_of_ticket": "fault", "severity": severity, "grade": grade, "category": category}
    assert decide("service-terms", facts).outcome[0] == priority


@pytest.mark.parametrize(
    ("kind", "severity", "response", "resolution", "calendar"),
    [
        ("fault", "critical", 10 * MINUTE, 4 * HOUR, "around-the-clock"),
        ("fault", "low", 60 * MINUTE, 48 * HOUR, "around-the-clock"),
        ("complaint", "major", HOUR, 16 * HOUR, "cn-office"),
        ("request", "minor", 4 * HOUR, 24 * HOUR, "cn-office"),
        ("consultation", "low", 8 * HOUR, 40 * HOUR, "cn-office"),
    ],
)
def test_the_targets_go_by_kind_and_priority(
    kind: str, severity: str, response: int, resolution: int, calendar: str
) -> None:
    facts = {"kind_of_ticket": kind, "severity": severity, "grade": "B", "category": None}
    promise = decide("service-terms", facts).outcome[1]
    assert promise.response == Target(seconds=response, calendar=calendar)
    assert promise.resolution == Target(seconds=resolution, calendar=calendar)


def test_only_a_ticket_of_grade_a_goes_up_to_the_group() -> None:
    top = Escalation(of=Promised.RESOLUTION, percent=150, to=Rung.GROUP)
    assert decide("escalation", {"grade": "A"}).outcome[-1] == top
    assert top not in decide("escalation", {"grade": "B"}).outcome


def test_a_ticket_keeps_the_terms_of_its_opening_until_somebody_renews_them() -> None:
    ticket = opened("02-13 16:30", grade="B")
    ticket.reclassify(ServiceTicketKind.COMPLAINT, Severity.LOW, "x", at=at("02-13 17:00"))
    set_terms(ticket, "A")
    assert (ticket.priority, ticket.basis and ticket.basis.grade) == (4, "B")
    ticket.renew_terms("Regraded by the board", at=at("02-13 17:10"))
    set_terms(ticket, "A", anew=True)
    assert (ticket.priority, ticket.basis and ticket.basis.grade) == (3, "A")
    assert last(ticket)["on"] == "2026-02-13"


def test_a_ticket_of_another_customer_gets_the_terms_of_that_one() -> None:
    ticket = opened("02-13 16:30", grade="B")
    ticket.name_customer(IDS[1])
    set_terms(ticket, "A", "important")
    assert (ticket.priority, ticket.basis and ticket.basis.customer_id) == (1, IDS[1])


def test_terms_that_are_the_same_are_not_set_again() -> None:
    ticket = opened("02-13 16:30")
    with pytest.raises(NothingChanged):
        set_terms(ticket)
    assert stated(ticket) == ["opened", "terms-set"]


def test_nothing_is_promised_in_the_hours_of_a_calendar_that_is_not_there() -> None:
    ticket = opened("02-13 16:30")
    ticket.reclassify(ServiceTicketKind.FAULT, Severity.LOW, "x", at=at("02-13 17:00"))
    with pytest.raises(CalendarRequired):
        set_terms(ticket, calendars=CALENDARS[1:])


def test_terms_have_their_hours_by_value_without_years_gone_by() -> None:
    ticket = opened("02-13 16:30")
    assert ticket.terms is not None
    hours = ticket.terms.hours("cn-office")
    assert hours.announced == (2026,)
    assert min(each.first for each in hours.off).year == 2026


def test_nobody_sets_terms_by_hand() -> None:
    assert "service-ticket.set-terms" in every_command()
    assert "service-ticket.set-terms" not in commands()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Target, {"seconds": 0, "calendar": "cn-office"}),
        (Escalation, {"of": "resolution", "percent": 301, "to": "unit"}),
    ],
)
def test_no_time_and_more_than_three_times_of_it_are_no_terms(
    kind: type[Value], told: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(told, strict=False)


def test_the_tables_know_each_kind_and_severity_of_a_ticket() -> None:
    assert {*TARGETS} == {*ServiceTicketKind}
    assert (*Severity,) == SEVERITIES
