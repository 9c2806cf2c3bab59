"""What is open in a unit that ends goes to its successor, once."""

from collections.abc import Iterator

import pytest

from domain.kernel.actors import Actor
from tests.streams.organised import Company


@pytest.fixture
def company(journal_url: str) -> Iterator[Company]:
    company = Company(journal_url)
    yield company
    company.close()


def test_what_is_open_in_a_merged_unit_goes_to_the_one_that_took_it_over(company: Company) -> None:
    account, other = company.account("e1"), company.account("e2", "gd-sz")
    company.do("service-ticket.wait", account[2], awaited="access")
    ended, (_, lost, _) = company.account("e1"), company.account("e1")
    company.do("customer.close", ended[0], reason="bankrupt")
    company.do("opportunity.lose", lost, reason="price")
    merging = company.units["gd-gz"]
    with company.reacting():
        company.do("unit.merge", merging, into="gd-fs", reason="One city", effective="2026-01-31")
    assert company.places(account) == ["gd-fs"] * 3
    assert company.places(other) == ["gd-sz"] * 3
    ticket = company.row("service_tickets", account[2])
    assert (ticket["owner"], ticket["status"]) == ("e1", "waiting")
    assert company.row("customers", ended[0])["unit"] == "gd-gz"
    assert company.row("opportunities", lost)["unit"] == "gd-gz"
    moved = company.journal.history(account[0])[-1]
    cause = company.journal.history(merging)[-1]
    assert (moved.type, moved.data["on"]) == ("customer.transferred", "2026-01-31")
    assert (moved.who, moved.behalf) == (Actor("policy", "transfer-to-successor"), cause.who)
    assert moved.cause == cause.command_id


def test_what_was_in_a_closed_unit_goes_to_the_unit_above(company: Company) -> None:
    account = company.account("e1", "gd-gz-bank")
    with company.reacting():
        company.do("unit.close", company.units["gd-gz-bank"], reason="Given up")
    assert company.places(account) == ["gd-gz"] * 3


def test_a_successor_that_has_ended_meanwhile_passes_everything_on(company: Company) -> None:
    account = company.account("e1")
    company.do("unit.merge", company.units["gd-gz"], into="gd-fs", reason="One city")
    company.do("unit.merge", company.units["gd-fs"], into="gd-sz", reason="One region")
    with company.reacting():
        pass
    assert company.places(account) == ["gd-sz"] * 3
    transfers = [e for e in company.journal.history(account[0]) if e.type.endswith("transferred")]
    assert len(transfers) == 1
