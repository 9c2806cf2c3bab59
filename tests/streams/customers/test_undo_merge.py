"""What is left to decide when a merge is undone: each command that is proposed can be given."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.customers.customer import RegistrationNumberTaken
from domain.customers.merges.customer_unmerging import REGISTERED
from domain.customers.merges.merge_outcome import UNGRADED
from domain.customers.merges.merge_survivorship import Choice
from domain.kernel.aggregate import new_id
from domain.kernel.time.business_day import today
from tests.adapters.keyring import keys_in
from tests.streams.customers.test_merge import Merger


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Merger]:
    company = Merger(f"sqlite:///{tmp_path / 'test.db'}")
    company.journal.keys = keys_in(tmp_path)
    yield company
    company.close()


def decide(company: Merger, row: dict[str, Any]) -> list[str]:
    """Give every command that is proposed as it is; return the fields for which there is none."""
    left = []
    for each in row["conflicts"]:
        if each["command"] is None:
            assert each["because"], each
            left.append(each["field"])
        else:
            company.do(each["command"], each["id"], **each["body"])
    with company.reacting():
        pass
    return left


def details(name: str, number: int, **more: Any) -> dict[str, Any]:
    """Return details of a customer, other ones for each number."""
    counts = {"founded": 1990 + number, "employees": number}
    money = {"annual_revenue": f"{number}.00", "it_budget": f"{number}.50"}
    words = {"short_name": name[:1], "region": f"R{number}", "website": f"https://{number}.cn"}
    given = {"registration_number": f"{name}-{number}", "industry": "ABC"[number], **more}
    return {"name": name, **counts, **money, **words, **given}


def rate(company: Merger, customer: str, rating: str) -> None:
    company.do("customer.rate-credit", customer, rating=rating, limit="9.00", until=str(today()))


OPEN = ("annual_revenue", "it_budget", "category", "reach", "credit")
"""Fields for which nothing is proposed: values that are not repeated, and those given together."""


@pytest.mark.parametrize("known", [True, False])
def test_whatever_was_changed_since_becomes_as_it_was_by_what_is_proposed(
    company: Merger, known: bool
) -> None:
    heads = [company.customer(f"Head {number}") for number in range(3)]
    kinds = {"category": "strategic", "reach": "local"}
    own = details("Acme", 0, grade="A", currency="CNY", parent_id=heads[0], **kinds)
    survivor = company.do("customer.register", **(own if known else {"name": "Acme"}), unit="gd-fs")
    kinds = {"category": "group", "reach": "multinational"}
    other = details("Rival", 1, grade="B", currency="USD", parent_id=heads[1], **kinds)
    duplicate = company.do("customer.register", **other, unit="gd-gz")
    if known:
        company.do("customer.assign-manager", survivor, manager="e1")
    company.do("customer.assign-manager", duplicate, manager="e2")
    rate(company, duplicate, "B")
    if known:
        rate(company, survivor, "A")
    with company.reacting():
        pass
    before = company.rows()[survivor]
    merge = company.merge(survivor, duplicate, *Choice)
    company.do("customer.correct-details", survivor, **details("Third", 2, currency="EUR"))
    rate(company, survivor, "C")
    company.do("customer.classify", survivor, category="important", reach="cross-network")
    company.do("customer.regrade", survivor, grade="C", reason="x")
    company.do("customer.transfer", survivor, unit="gd-sz", reason="x")
    company.do("customer.assign-manager", survivor, manager="e3")
    company.do("customer.place-under", survivor, parent_id=heads[2])
    row = company.undo(merge)
    assert sorted(each["field"] for each in row["conflicts"]) == sorted(Choice)
    left = decide(company, row)
    assert set(left) == {*OPEN, *(() if known else ("grade",))}
    after = company.rows()[survivor]
    for field in {*Choice} - {*left}:
        assert after[field] == before[field], field
    assert known or UNGRADED in [each["because"] for each in row["conflicts"]]


def test_a_number_that_somebody_else_has_is_named_and_no_command_is_proposed(
    company: Merger,
) -> None:
    assert RegistrationNumberTaken.rule() == REGISTERED
    duplicate = company.customer("B", registration_number="AB-1")
    merge = company.merge(company.customer("A"), duplicate)
    company.customer("C", registration_number="ab 1")
    row = company.undo(merge)
    (conflict,) = row["conflicts"]
    assert (conflict["id"], conflict["was"], conflict["now"]) == (duplicate, "AB-1", None)
    assert (conflict["command"], conflict["body"]) == (None, None)
    assert conflict["because"] == "Another customer has the number by now."
    assert company.row("customers", duplicate)["registration_number"] is None


def test_what_the_survivor_had_and_cannot_have_again_is_not_proposed(company: Merger) -> None:
    head, other = company.customer("Head"), company.customer("Other")
    own: dict[str, Any] = {"registration_number": "AB-1", "parent_id": head}
    survivor = company.do("customer.register", name="A", unit="gd-fs", **own)
    company.do("customer.assign-manager", survivor, manager="e1")
    duplicate = company.customer("B", registration_number="CD-2")
    company.do("customer.assign-manager", duplicate, manager="e2")
    take = ("registration_number", "unit", "manager", "parent_id")
    merge = company.merge(survivor, duplicate, *take)
    company.do("customer.correct-details", survivor, registration_number="EF-3")
    company.do("customer.transfer", survivor, unit="gd-sz", reason="x")
    company.do("customer.assign-manager", survivor, manager="e3")
    company.do("customer.place-under", survivor, parent_id=other)
    company.customer("C", registration_number="AB-1")
    company.do("customer.close", head, reason="bankrupt")
    company.do("employee.leave", company.people["e1"], reason="Retired")
    with company.reacting():
        company.do("unit.close", company.units["gd-fs"], successor="gd-gz", reason="One city")
    row = company.undo(merge)
    assert sorted(decide(company, row)) == sorted(take)
    assert company.row("customers", survivor)["unit"] == "gd-sz"


def test_an_account_manager_who_has_left_since_is_listed_for_decision(company: Merger) -> None:
    survivor, duplicate = company.customer("A"), company.customer("B")
    company.do("customer.assign-manager", survivor, manager="e1")
    company.do("customer.assign-manager", duplicate, manager="e2")
    merge = company.merge(survivor, duplicate, "manager")
    for code in ("e1", "e2"):
        company.do("employee.leave", company.people[code], reason="Retired")
    row = company.undo(merge)
    told = [(each["id"], each["field"], each["was"], each["now"]) for each in row["conflicts"]]
    assert told == [(survivor, "manager", "e1", "e1"), (duplicate, "manager", "e2", "e2")]
    assert {each["because"] for each in row["conflicts"]} == {"The employee has left since."}
    # Until it is decided they are in those hands, as the customers of all who have left are.
    assert company.row("customers", duplicate)["manager"] == "e2"
    assert decide(company, row) == []
    assert company.row("customers", survivor)["manager"] is None
    assert company.row("customers", duplicate)["manager"] is None


def test_what_has_ended_or_stands_above_is_not_proposed_to_follow(company: Merger) -> None:
    above, survivor, other = (company.customer(name) for name in ("Above", "A", "C"))
    duplicate = company.customer("B", parent_id=above)
    about = {"title": "x", "unit": "gd-gz", "customer_id": duplicate}
    moved = company.do("opportunity.open", **about)
    merge = company.merge(survivor, duplicate)
    company.do("opportunity.name-customer", moved, customer_id=other)
    company.do("opportunity.lose", moved, reason="price")
    lost = company.do("opportunity.open", title="y", unit="gd-gz", customer_id=survivor)
    company.do("opportunity.lose", lost, reason="price")
    since = company.customer("Since", parent_id=survivor)
    company.merge(since, above)  # so the duplicate is below it now
    closed = company.customer("Closed", parent_id=survivor)
    company.do("customer.close", closed, reason="bankrupt")
    row = company.undo(merge)
    assert {each["id"] for each in row["conflicts"]} == {moved, lost, since, closed}
    assert len(decide(company, row)) == 4


def test_nothing_is_proposed_at_a_customer_that_is_closed(company: Merger) -> None:
    survivor, duplicate = company.customer("A"), company.customer("B")
    merge = company.merge(survivor, duplicate, "name")
    company.do("customer.correct-details", survivor, name="Anew")
    company.do("customer.close", survivor, reason="bankrupt")
    row = company.undo(merge)
    assert decide(company, row) == ["name"]


def test_what_came_by_the_merge_and_was_taken_away_or_corrected_is_only_told(
    company: Merger,
) -> None:
    survivor, duplicate, person = company.customer("A"), company.customer("B"), new_id()
    company.do("customer.add-contact", duplicate, name="Li Wei", contact_id=person)
    company.do("customer.record-purchase", duplicate, competitor="Rival", product="VPN")
    company.do("customer.add-team-member", duplicate, employee="e2", role="sales")
    merge = company.merge(survivor, duplicate)
    company.do("customer.correct-contact", survivor, contact_id=person, title="CFO")
    company.do("customer.end-purchase", survivor, competitor="Rival", product="VPN")
    company.do("customer.remove-team-member", survivor, employee="e2")
    assert decide(company, company.undo(merge)) == ["purchases", "team", f"contacts/{person}"]


def test_a_rating_that_was_chosen_and_what_the_duplicate_asked_for_come_and_go_with_it(
    company: Merger,
) -> None:
    survivor, first, second = (company.customer(name) for name in "ABC")
    for customer, code in ((survivor, "own"), (first, "own"), (first, "pci"), (second, "pci")):
        told = {"code": code, "kind": "security", "text": customer}
        company.do("customer.state-requirement", customer, **told)
    rate(company, first, "AA")

    def standing(customer: str) -> tuple[Any, ...]:
        row = company.row("customers", customer)
        asked = {code: each["text"] for code, each in row["requirements"].items()}
        return row["credit"], row["credit_limit"], row["credit_until"], asked

    mine, its = {"own": survivor}, {"own": first, "pci": first}
    with company.reacting():
        pass
    assert standing(survivor) == (None, None, None, mine)
    one = company.merge(survivor, first, "credit")
    other = company.merge(survivor, second)
    rated = ("AA", Decimal("9.00"), today())
    assert standing(survivor) == (*rated, {**mine, "pci": first})
    assert company.undo(one)["conflicts"] == []
    assert standing(survivor)[:3] == (None, None, None)
    assert standing(survivor)[3].keys() == {"own", "pci"}  # the other one asks for it too
    assert standing(first) == (*rated, its)
    company.do("customer.waive-requirement", survivor, code="pci", reason="x")
    assert [each["field"] for each in company.undo(other)["conflicts"]] == ["requirements"]
    assert standing(survivor) == (None, None, None, mine)
    assert standing(second)[3] == {"pci": second}
