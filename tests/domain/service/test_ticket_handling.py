"""The handling of a ticket when its owner or its unit goes: it changes hands as it stands."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.kernel.aggregate import NotDue, NothingChanged
from domain.service.service_ticket import Channel, ServiceTicket, ServiceTicketKind, Severity
from domain.service.ticket_handling import (
    OwnerRequired,
    Status,
    TicketClosed,
    WaitRequired,
    WaitReversed,
)
from tests.bodies import IDS
from tests.domain.play import last

AT = datetime(2024, 3, 4, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def accepted() -> ServiceTicket:
    ticket = ServiceTicket.open(
        IDS[0], ServiceTicketKind.FAULT, Severity.MAJOR, Channel.WEB, "Down", "gd-gz"
    )
    ticket.assign("e1")
    ticket.accept()
    return ticket


@pytest.fixture
def waiting() -> ServiceTicket:
    ticket = accepted()
    ticket.wait("Access to the site")
    return ticket


def test_a_ticket_that_waits_is_handed_over_and_goes_on_waiting(waiting: ServiceTicket) -> None:
    waiting.hand_over("e2", "e1 leaves")
    assert (waiting.owner, waiting.status) == ("e2", Status.WAITING)
    with pytest.raises(NothingChanged):
        waiting.hand_over("e2", "Again")


def test_a_ticket_that_nobody_owns_is_not_handed_over(waiting: ServiceTicket) -> None:
    waiting.resume()
    waiting.transfer("gd", "Backbone")
    with pytest.raises(OwnerRequired):
        waiting.hand_over("e2", "e1 leaves")


def test_a_ticket_follows_its_unit_with_owner_and_state(waiting: ServiceTicket) -> None:
    waiting.rehome("gd-fs", "gd-gz was merged")
    assert (waiting.unit, waiting.owner, waiting.status) == ("gd-fs", "e1", Status.WAITING)
    with pytest.raises(NothingChanged):
        waiting.rehome("gd-fs", "Again")


def test_a_ticket_that_has_ended_goes_to_nobody_else(waiting: ServiceTicket) -> None:
    waiting.withdraw("No fault")
    with pytest.raises(TicketClosed):
        waiting.hand_over("e2", "e1 leaves")
    with pytest.raises(TicketClosed):
        waiting.rehome("gd-fs", "gd-gz was merged")


def test_a_wait_ends_by_itself_at_its_moment_alone() -> None:
    ticket = accepted()
    with pytest.raises(WaitReversed):
        ticket.wait("Access", at=AT, until=AT)
    ticket.wait("Access", at=AT, until=AT + HOUR)
    with pytest.raises(NotDue):
        ticket.end_wait(AT)
    ticket.end_wait(AT + HOUR, at=AT + HOUR)
    assert (ticket.status, ticket.wait_until) == (Status.IN_PROGRESS, None)
    due = "2024-03-04T03:00:00Z"
    assert last(ticket) == {"at": due, "due_at": due}
    with pytest.raises(WaitRequired):
        ticket.end_wait(AT + HOUR)


def test_a_wait_that_was_begun_anew_ends_when_that_one_is_over() -> None:
    ticket = accepted()
    ticket.wait("Access", at=AT, until=AT + HOUR)
    ticket.resume()
    ticket.wait("A key", at=AT, until=AT + 2 * HOUR)
    with pytest.raises(NotDue):
        ticket.end_wait(AT + HOUR)
    ticket.end_wait(AT + 2 * HOUR)
