"""A customer that a merge or its undoing brings to a unit that has ended goes to its successor."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.actors import Actor
from streams.kernel.policy import policies
from tests.adapters.keyring import keys_in
from tests.streams.customers.test_merge import Merger
from tests.streams.flow import until, working


@pytest.fixture
def company(journal_url: str, tmp_path: Path) -> Iterator[Merger]:
    company = Merger(journal_url)
    company.journal.keys = keys_in(tmp_path)
    yield company
    company.close()


def transfers(company: Merger, customer: str) -> list[str]:
    """Return the units to which a customer was transferred."""
    found = company.journal.history(customer)
    return [event.data["unit"] for event in found if event.type == "customer.transferred"]


def test_a_duplicate_whose_unit_ended_while_it_was_merged_goes_to_the_successor(
    company: Merger,
) -> None:
    account = company.account("e1", "gd-fs")
    merge = company.merge(company.customer("Acme"), account[0])
    with company.reacting():
        company.do("unit.close", company.units["gd-fs"], successor="gd-sz", reason="One city")
    assert company.row("customers", account[0])["unit"] == "gd-fs"
    row = company.undo(merge)
    assert (row["kept"], row["conflicts"]) == ([], [])
    assert company.places(account) == ["gd-sz"] * 3
    assert transfers(company, account[0]) == ["gd-sz"]
    moved = company.journal.history(account[0])[-1]
    assert moved.who == Actor("policy", "follow-successor")
    assert moved.data["reason"] == "The unit gd-fs has ended."


def test_a_survivor_whose_former_unit_ended_since_goes_to_where_that_has_led(
    company: Merger,
) -> None:
    survivor, _, _ = company.account("e1", "gd-gz-bank")
    merge = company.merge(survivor, company.account("e2", "gd-fs")[0], "unit")
    assert company.row("customers", survivor)["unit"] == "gd-fs"
    with company.reacting():
        company.do("unit.close", company.units["gd-gz-bank"], reason="Given up")
        company.do("unit.merge", company.units["gd-gz"], into="gd-sz", reason="One city")
    assert company.undo(merge)["conflicts"] == []
    assert company.row("customers", survivor)["unit"] == "gd-sz"
    assert transfers(company, survivor) == ["gd-sz"]


def test_a_unit_that_ends_while_a_merge_brings_a_customer_there_leaves_it_to_the_successor(
    company: Merger,
) -> None:
    survivor, duplicate = company.customer("Acme"), company.account("e1", "gd-fs")[0]
    both: dict[str, Any] = {"survivor_id": survivor, "duplicate_id": duplicate, "take": ["unit"]}
    merge = company.do("customer-merge.begin", **both, reason="x")
    company.do("customer-merge.plan", merge, items=[])
    company.do("unit.close", company.units["gd-fs"], successor="gd-sz", reason="One city")
    # The other policy answers the end of the unit before the survivor has come there.
    chosen = {name: each for name, each in policies().items() if name != "transfer-to-successor"}
    with working(company.projection(), company.reactions(chosen=chosen).work):
        until(lambda: transfers(company, survivor) == ["gd-sz"])
