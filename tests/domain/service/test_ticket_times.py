"""What time brings to a ticket, and the call to its customer: each once, at its instant."""

from datetime import datetime, timedelta

import pytest

from domain.kernel.aggregate import NotDue
from domain.kernel.time.replay import taken
from domain.service.service_ticket import ServiceTicket, ServiceTicketKind, Severity
from domain.service.ticket_clock import RUNNING, WAITING, TicketClock, Turn
from domain.service.ticket_follow_up import CalledBack, FollowUpAfterClose
from domain.service.ticket_handling import Status
from tests.domain.play import last
from tests.domain.service.promised import at, opened


def recorded(ticket: ServiceTicket, moment: str = "03-10 12:00") -> ServiceTicket:
    """Return the ticket with all that it has stated recorded."""
    taken(ticket, at(moment))
    return ticket


def accepted() -> ServiceTicket:
    ticket = opened("02-13 16:30", grade="A")
    ticket.assign("e1", at=at("02-13 16:30"))
    ticket.accept(at=at("02-13 16:50"))
    return recorded(ticket)


def due(ticket: ServiceTicket) -> datetime:
    assert ticket.next_escalation_at is not None
    return ticket.next_escalation_at


def test_a_ticket_goes_up_the_ladder_by_working_time() -> None:
    ticket = recorded(opened("02-13 16:30", grade="A"))
    climbed = []
    for _ in range(3):
        moment = due(ticket)
        ticket.escalate_in_time(moment)
        climbed.append((moment, last(ticket)["step"]["to"]))
        recorded(ticket)
    assert climbed == [
        (at("02-13 17:00"), "superior"),
        (at("02-24 11:00"), "unit"),
        (at("02-24 16:30"), "province"),
    ]
    assert due(ticket) == at("02-25 16:30")
    with pytest.raises(NotDue):
        ticket.escalate_in_time(at("02-24 16:30"))


def test_nobody_hears_of_a_response_that_came_nor_of_a_ticket_that_waits() -> None:
    ticket = accepted()
    assert due(ticket) == at("02-24 11:00")
    ticket.wait("An invoice", at=at("02-14 10:00"))
    assert recorded(ticket).next_escalation_at is None
    ticket.resume(at=at("02-24 09:30"))
    assert due(recorded(ticket)) == at("02-25 10:30")


def test_a_critical_fault_wakes_people_at_night_and_an_office_clock_nobody() -> None:
    fault = opened("02-16 23:10", ServiceTicketKind.FAULT, Severity.CRITICAL, grade="A")
    assert due(recorded(fault)) == at("02-16 23:15")
    assert due(recorded(opened("02-17 20:00"))) == at("02-24 09:00")


def test_a_wait_is_remembered_once_after_two_working_days() -> None:
    ticket = accepted()
    ticket.wait("An invoice", at=at("02-14 10:00"))
    moment = recorded(ticket).remind_at
    assert moment == at("02-25 18:00")
    ticket.remember_wait(moment)
    assert recorded(ticket).remind_at is None
    assert ticket.status is Status.WAITING
    ticket.resume(at=at("02-26 09:00"))
    ticket.wait("A signature", at=at("02-26 10:00"))
    assert recorded(ticket).remind_at == at("02-28 18:00")


def test_a_resolved_ticket_of_which_nothing_is_heard_is_closed_after_three_working_days() -> None:
    ticket = accepted()
    ticket.resolve("Billed twice", "Refunded", at=at("02-25 16:00"))
    moment = recorded(ticket, "02-25 16:05").close_at
    assert moment == at("02-28 18:00")
    ticket.close_unheard(moment, at=moment)
    assert (ticket.status, last(ticket)["due_at"]) == (Status.CLOSED, "2026-02-28T10:00:00Z")


def test_nothing_can_be_heard_of_a_resolution_before_it_is_known() -> None:
    ticket = accepted()
    ticket.resolve("Billed twice", "Refunded", at=at("02-25 16:00"))
    assert recorded(ticket, "03-10 12:00").close_at == at("03-13 18:00")


def test_the_customer_is_called_back_after_the_close_until_it_is_reached() -> None:
    ticket = accepted()
    ticket.resolve("Billed twice", "Refunded")
    with pytest.raises(FollowUpAfterClose):
        ticket.record_follow_up(True, "Fine")
    ticket.close()
    ticket.record_follow_up(False, "Nobody there")
    ticket.record_follow_up(True, "Not fine", satisfied=False, score=2)
    with pytest.raises(CalledBack):
        ticket.record_follow_up(True, "Fine")
    ticket.reopen("The customer is not satisfied.")
    ticket.accept()
    ticket.resolve("Billed twice", "Refunded")
    ticket.close()
    ticket.record_follow_up(True, "Fine", satisfied=True)


def test_a_wait_that_begins_at_the_due_instant_keeps_it_and_one_a_second_before_keeps_none() -> (
    None
):
    ticket = opened("02-16 08:00", ServiceTicketKind.FAULT, Severity.CRITICAL, grade="A")
    terms, begun = ticket.terms, Turn(RUNNING, at("02-16 08:00"))
    assert terms is not None
    instant = at("02-16 12:00")
    found = TicketClock((begun, Turn(WAITING, instant))).due(terms.resolution, terms)
    assert found is not None
    assert found.at == instant
    before = TicketClock((begun, Turn(WAITING, instant - timedelta(seconds=1))))
    assert before.due(terms.resolution, terms) is None
