"""Service tickets: handling by one owner at a time, waiting, resolving, closing."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged
from domain.kernel.erasure import DiscretionRequired, PersonErased
from domain.service.service_ticket import (
    Channel,
    ContactNamed,
    ResolutionRequired,
    ResolvedRequired,
    ServiceTicket,
    ServiceTicketKind,
    Severity,
)
from domain.service.ticket_handling import (
    AcceptanceRequired,
    HandlingLevel,
    OwnerRequired,
    Status,
    UnresolvedRequired,
    WaitingForCustomer,
    WaitRequired,
)
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays, stated


@pytest.fixture
def ticket() -> ServiceTicket:
    return ServiceTicket.open(
        IDS[0], ServiceTicketKind.FAULT, Severity.MAJOR, Channel.HOTLINE, "Line down", "gd-gz"
    )


@pytest.fixture
def accepted(ticket: ServiceTicket) -> ServiceTicket:
    ticket.assign("e1")
    ticket.accept()
    return ticket


@pytest.fixture
def resolved(accepted: ServiceTicket) -> ServiceTicket:
    accepted.resolve("Fibre cut", "Spliced")
    return accepted


def test_a_ticket_goes_from_opening_to_closing(resolved: ServiceTicket) -> None:
    resolved.confirm(5)
    resolved.close()
    assert stated(resolved) == ["opened", "assigned", "accepted", "resolved", "confirmed", "closed"]
    assert resolved.retired


def test_a_ticket_has_one_owner_at_a_time(accepted: ServiceTicket) -> None:
    with pytest.raises(NothingChanged):
        accepted.assign("e1")
    accepted.assign("e2")
    assert (accepted.owner, accepted.status) == ("e2", Status.ASSIGNED)


def test_whom_a_ticket_names_is_erased_once_whatever_state_it_is_in() -> None:
    ticket = ServiceTicket.open(
        IDS[0],
        ServiceTicketKind.FAULT,
        Severity.MAJOR,
        Channel.HOTLINE,
        "Down",
        "gd-gz",
        contact="Li, 138",
    )
    ticket.withdraw("Reported twice")
    with pytest.raises(DiscretionRequired):
        ticket.erase_contact("It named Li, 138", "PIPL art. 47 (3)")
    ticket.erase_contact("Asked for it", "PIPL art. 47 (3)")
    assert (ticket.contact, last(ticket)["person"]) == (None, ticket.id)
    with pytest.raises(PersonErased):
        ticket.erase_contact("Asked for it", "PIPL art. 47 (3)")


def test_a_ticket_that_names_nobody_has_nobody_to_erase(ticket: ServiceTicket) -> None:
    with pytest.raises(ContactNamed):
        ticket.erase_contact("Asked for it", "PIPL art. 47 (3)")


def test_a_ticket_without_an_owner_is_not_accepted(ticket: ServiceTicket) -> None:
    with pytest.raises(OwnerRequired):
        ticket.accept()


def test_a_ticket_is_accepted_once(accepted: ServiceTicket) -> None:
    with pytest.raises(NothingChanged):
        accepted.accept()


def test_a_transferred_ticket_awaits_a_new_owner(accepted: ServiceTicket) -> None:
    with pytest.raises(NothingChanged):
        accepted.transfer("gd-gz", "Nowhere else")
    accepted.transfer("gd", "Backbone", level=HandlingLevel.PROVINCE)
    assert (accepted.unit, accepted.level) == ("gd", HandlingLevel.PROVINCE)
    assert (accepted.owner, accepted.status) == (None, Status.OPEN)


def test_a_ticket_is_resolved_only_by_an_owner_who_accepted_it(ticket: ServiceTicket) -> None:
    ticket.assign("e1")
    with pytest.raises(AcceptanceRequired):
        ticket.resolve("Fibre cut", "Spliced")
    with pytest.raises(AcceptanceRequired):
        ticket.wait("Access")


def test_a_waiting_ticket_is_resumed_before_it_goes_on(accepted: ServiceTicket) -> None:
    accepted.wait("Access to the site")
    steps: list[Callable[[], None]] = [
        lambda: accepted.wait("Access"),
        lambda: accepted.accept(),
        lambda: accepted.assign("e2"),
        lambda: accepted.transfer("gd", "Backbone"),
        lambda: accepted.resolve("Fibre cut", "Spliced"),
    ]
    for step in steps:
        with pytest.raises(WaitingForCustomer):
            step()
    accepted.record_progress("Called again")
    accepted.resume()
    assert accepted.status is Status.IN_PROGRESS
    with pytest.raises(WaitRequired):
        accepted.resume()


def test_a_waiting_ticket_may_be_withdrawn(accepted: ServiceTicket) -> None:
    accepted.wait("Access to the site")
    accepted.withdraw("Customer changed its mind")
    assert accepted.status is Status.WITHDRAWN
    assert accepted.retired


def test_each_escalation_goes_one_step_further(ticket: ServiceTicket) -> None:
    ticket.escalate("Nobody there")
    ticket.escalate("Still nobody", to="e9")
    assert last(ticket)["escalation"] == 2
    assert ticket.status is Status.OPEN


def test_a_ticket_is_reclassified_to_something_else(ticket: ServiceTicket) -> None:
    ticket.reclassify(ServiceTicketKind.COMPLAINT, Severity.LOW, "Line was up")
    with pytest.raises(NothingChanged):
        ticket.reclassify(ServiceTicketKind.COMPLAINT, Severity.LOW, "Again")


def test_a_ticket_is_confirmed_and_closed_only_after_it_was_resolved(
    accepted: ServiceTicket,
) -> None:
    with pytest.raises(ResolutionRequired):
        accepted.confirm(5)
    with pytest.raises(ResolutionRequired):
        accepted.close()
    accepted.resolve("Fibre cut", "Spliced")
    accepted.close("No answer from the customer")
    with pytest.raises(ResolutionRequired):
        accepted.close()


def test_a_resolved_ticket_is_worked_on_only_after_it_is_reopened(resolved: ServiceTicket) -> None:
    steps: list[Callable[[], None]] = [
        lambda: resolved.assign("e2"),
        lambda: resolved.record_progress("More"),
        lambda: resolved.escalate("More"),
        lambda: resolved.withdraw("Mistake"),
    ]
    for step in steps:
        with pytest.raises(UnresolvedRequired):
            step()
    resolved.reopen("Down again")
    assert (resolved.owner, resolved.status) == ("e1", Status.ASSIGNED)
    resolved.accept()
    with pytest.raises(ResolvedRequired):
        resolved.reopen("Down again")


def test_a_withdrawn_ticket_is_not_reopened(ticket: ServiceTicket) -> None:
    ticket.withdraw("Mistake")
    with pytest.raises(ResolvedRequired):
        ticket.reopen("Down again")


@settings(deadline=None)
@given(plays(ServiceTicket))
def test_any_commands_are_refused_whole_or_replay_to_the_same_ticket(
    scene: tuple[int, list[Step]],
) -> None:
    play(ServiceTicket, *scene)


def test_a_ticket_belongs_to_its_unit_and_its_owner(ticket: ServiceTicket) -> None:
    assert ticket.units == {"gd-gz"}
    assert ticket.owners == frozenset()
    ticket.assign("e1")
    assert ticket.owners == {"e1"}
