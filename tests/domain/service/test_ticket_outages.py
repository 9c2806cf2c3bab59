"""What was lost, and what a ticket is related to: recorded, ended, put right."""

import pytest

from domain.kernel.aggregate import NothingChanged
from domain.service.service_ticket import ServiceTicket
from domain.service.ticket_outages import OutageRequired, OutageReversed
from domain.service.ticket_relations import Relation, SameTicket
from tests.bodies import IDS
from tests.domain.service.promised import at, opened

LINE, OTHER = IDS[1:3]


def stretches(ticket: ServiceTicket) -> list[tuple[str, object, object]]:
    return [(each.product_in_use_id, each.since, each.until) for each in ticket.outages]


def test_an_outage_lasts_until_the_service_is_restored() -> None:
    ticket = opened("02-13 16:30")
    ticket.record_outage(LINE, at("02-13 10:00"))
    ticket.record_outage(OTHER, at("02-13 10:00"), at("02-13 10:20"))
    with pytest.raises(NothingChanged):
        ticket.record_outage(LINE, at("02-13 10:00"))
    with pytest.raises(OutageReversed):
        ticket.restore_service(LINE, at("02-13 09:59"))
    ticket.restore_service(LINE, at("02-13 10:30"))
    with pytest.raises(OutageRequired):
        ticket.restore_service(LINE, at("02-13 10:40"))
    assert stretches(ticket) == [
        (LINE, at("02-13 10:00"), at("02-13 10:30")),
        (OTHER, at("02-13 10:00"), at("02-13 10:20")),
    ]


def test_only_an_outage_that_was_recorded_is_corrected_to_one_that_ends_after_it_began() -> None:
    ticket = opened("02-13 16:30")
    began, later = at("02-13 10:00"), at("02-13 10:05")
    with pytest.raises(OutageReversed):
        ticket.record_outage(LINE, later, began)
    ticket.record_outage(LINE, began)
    with pytest.raises(OutageRequired):
        ticket.correct_outage(LINE, later, began, "The log says so")
    with pytest.raises(OutageReversed):
        ticket.correct_outage(LINE, began, later, "The log says so", began)
    with pytest.raises(NothingChanged):
        ticket.correct_outage(LINE, began, began, "The log says so")
    ticket.correct_outage(LINE, began, later, "The log says so")
    assert stretches(ticket) == [(LINE, later, None)]


def test_a_ticket_is_related_to_others_once_in_each_way() -> None:
    ticket = opened("02-13 16:30")
    ticket.relate(LINE, Relation.DUPLICATE)
    ticket.relate(LINE, Relation.CAUSE)
    with pytest.raises(NothingChanged):
        ticket.relate(LINE, Relation.CAUSE)
    with pytest.raises(SameTicket):
        ticket.relate(ticket.id, Relation.FOLLOW_UP)
