"""Merges of customers: everything follows, and returns when undone, unless somebody moved it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.refusals import RuleBroken
from domain.kernel.aggregate import new_id
from projections.kernel.read_model import read_models
from tests.adapters.keyring import keys_in
from tests.api.warm import killed
from tests.streams.flow import until
from tests.streams.organised import Company

MOVING = ("version", "position", "changed_at", "in_force")
"""What every event changes."""


class Merger(Company):
    """A company with customers that are the same, and what belongs to them."""

    def customer(self, name: str, **more: Any) -> str:  # type: ignore[override]
        return self.do("customer.register", name=name, unit="gd-gz", **more)

    def merge(self, survivor: str, duplicate: str, *take: str) -> str:
        with self.reacting():
            return self.do(
                "customer-merge.begin",
                survivor_id=survivor,
                duplicate_id=duplicate,
                take=list(take),
                reason="The same company",
            )

    def undo(self, merge: str) -> dict[str, Any]:
        with self.reacting():
            self.do("customer-merge.reverse", merge, reason="Two after all")
        return self.row("customer_merges", merge)

    def rows(self) -> dict[str, Any]:
        """Return all rows of the business but for what every event changes."""
        found: dict[str, Any] = {}
        with self.engine.connect() as connection:
            for name in ("customers", "opportunities", "service_tickets", "campaigns"):
                for row in connection.execute(sa.select(read_models()[name].table)).mappings():
                    plain = {key: value for key, value in row.items() if key not in MOVING}
                    if name == "customers":  # what is sealed anew reads the same
                        plain["contacts"] = sorted(plain["contacts"])
                    found[row["id"]] = plain
        return found

    def campaign(self, *targets: str) -> str:
        plan: Any = {"name": "c", "goal": "g", "kind": "care", "units": ["gd-gz"], "budget": "1.00"}
        days: Any = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
        campaign = self.do("campaign.plan", **plan, **days)
        self.do("campaign.add-targets", campaign, customer_ids=list(targets))
        return campaign


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Merger]:
    company = Merger(f"sqlite:///{tmp_path / 'test.db'}")
    company.journal.keys = keys_in(tmp_path)
    yield company
    company.close()


def refused(company: Merger, command: str, id: str | None = None, **body: Any) -> RuleBroken:
    with pytest.raises(RuleBroken) as refusal:
        company.do(command, id, **body)
    return refusal.value


def test_what_a_duplicate_has_follows_and_returns(company: Merger) -> None:
    survivor = company.customer("Acme", grade="B")
    duplicate, opportunity, ticket = company.account("e1")
    company.do("customer.correct-details", duplicate, short_name="A", registration_number="AB-1")
    below = company.customer("Acme South", parent_id=duplicate)
    company.do("customer.add-contact", duplicate, name="Li Wei", phone="+86 20 8888 1234")
    company.do("customer.record-purchase", duplicate, competitor="Rival", product="VPN")
    company.do("customer.add-team-member", duplicate, employee="e2", role="sales")
    campaign = company.campaign(duplicate, below)
    with company.reacting():
        pass
    before = company.rows()
    merge = company.merge(survivor, duplicate, "short_name", "registration_number", "grade")

    row = company.row("customer_merges", merge)
    assert (row["state"], row["planned"], row["kept"]) == ("done", 4, [])
    old, new = company.row("customers", duplicate), company.row("customers", survivor)
    assert old["state"] == "merged"
    assert old["merged"]["into"] == survivor
    assert (old["contacts"], len(new["contacts"])) == ({}, 1)
    assert (new["short_name"], new["grade"], new["name"]) == ("A", None, "Acme")
    assert (new["registration_number"], new["team"]) == ("AB-1", {"e2": "sales"})
    assert [each["product"] for each in new["purchases"]] == ["VPN"]
    assert company.row("opportunities", opportunity)["customer_id"] == survivor
    assert company.row("service_tickets", ticket)["customer_id"] == survivor
    assert company.row("customers", below)["parent_id"] == survivor
    assert company.row("campaigns", campaign)["targets"] == 2
    for one, other in ((survivor, duplicate), (duplicate, survivor)):
        told = company.journal.history(one)[-1].data
        assert told["merge_id"] == merge
        assert other in told.values()

    assert company.undo(merge)["conflicts"] == []
    assert company.rows() == before


def test_a_merged_customer_is_neither_changed_nor_named(company: Merger) -> None:
    survivor, duplicate, other = (
        company.customer(name, registered_on="2026-01-02") for name in ("A", "B", "C")
    )
    campaign = company.campaign(other)
    company.merge(survivor, duplicate)
    changed = refused(company, "customer.engage", duplicate)
    assert changed.rule == "customer-merged"
    assert survivor in str(changed)
    late = refused(company, "customer.engage", duplicate, effective="2026-01-03")
    assert late.rule == "customer-merged"
    about = {"title": "x", "unit": "gd-gz", "customer_id": duplicate}
    named = refused(company, "opportunity.open", **about)
    assert named.rule == "record-merged"
    assert survivor in str(named)
    listed = refused(company, "campaign.add-targets", campaign, customer_ids=[other, duplicate])
    assert (listed.rule, listed.errors[0]["pointer"]) == ("record-merged", "/customer_ids/1")


def test_what_makes_no_sense_is_refused(company: Merger) -> None:
    head = company.customer("Head")
    below = company.customer("Below", parent_id=head)
    other, closed = company.customer("Other"), company.customer("Closed")
    company.do("customer.close", closed, reason="Gone")
    begin, why = "customer-merge.begin", {"reason": "The same"}

    def rule(survivor: str, duplicate: str, **more: Any) -> str:
        both = {"survivor_id": survivor, "duplicate_id": duplicate}
        return refused(company, begin, **both, **why, **more).rule

    assert rule(head, head) == "other-customer-required"
    assert rule(below, head) == "merge-cycle"
    assert rule(head, below, take=["parent_id"]) == "merge-cycle"
    assert rule(head, closed) == "record-closed"
    merge = company.do(begin, survivor_id=head, duplicate_id=other, **why)
    assert rule(below, other) == "record-merged"
    assert refused(company, "customer-merge.reverse", merge, **why).rule == "merge-required"
    with company.reacting():
        pass
    assert rule(below, other) == "record-merged"
    company.undo(merge)
    assert refused(company, "customer-merge.reverse", merge, **why).rule == "merge-required"


def test_chains_of_merges_are_undone_from_their_end(company: Merger) -> None:
    a, b, c = (company.customer(name) for name in ("A", "B", "C"))
    deal = company.do("opportunity.open", title="x", unit="gd-gz", customer_id=a)
    first, second = company.merge(b, a), company.merge(c, b)
    assert company.row("opportunities", deal)["customer_id"] == c
    assert refused(company, "customer-merge.reverse", first, reason="x").rule == "later-merge"
    company.undo(second)
    assert company.row("opportunities", deal)["customer_id"] == b
    assert company.undo(first)["changed"] == []  # nobody has touched it but the merges
    assert company.row("opportunities", deal)["customer_id"] == a


def test_what_was_changed_since_is_kept_and_listed(company: Merger) -> None:
    survivor, other = company.customer("A"), company.customer("C")
    duplicate, opportunity, ticket = company.account("e1")
    merge = company.merge(survivor, duplicate, "name")
    company.do("opportunity.name-customer", opportunity, customer_id=other)
    company.do("service-ticket.resolve", ticket, cause="x", action="y")
    company.do("customer.correct-details", survivor, name="Anew")
    since = company.do("opportunity.open", title="x", unit="gd-gz", customer_id=survivor)
    row = company.undo(merge)
    assert row["state"] == "reversed"
    assert [each["id"] for each in row["changed"]] == [ticket]
    assert [each["id"] for each in row["kept"]] == [opportunity]
    listed = {each["id"]: each for each in row["conflicts"]}
    assert set(listed) == {survivor, opportunity, since}
    name = listed[survivor]
    assert (name["was"], name["now"], name["body"]) == ("A", "Anew", {"name": "A"})
    for each in row["conflicts"]:  # each is decided by the command that it names
        company.do(each["command"], each["id"], **each["body"])


def test_a_number_that_somebody_else_has_by_then_does_not_come_back(company: Merger) -> None:
    survivor = company.customer("A")
    duplicate = company.customer("B", registration_number="AB-1")
    merge = company.merge(survivor, duplicate)
    company.customer("C", registration_number="ab 1")
    row = company.undo(merge)
    assert company.row("customers", duplicate)["registration_number"] is None
    assert [each["field"] for each in row["conflicts"]] == ["registration_number"]


def test_a_number_of_its_own_that_is_gone_does_not_cost_the_other_one_its_number(
    company: Merger,
) -> None:
    survivor = company.customer("A", registration_number="AB-1")
    duplicate = company.customer("B", registration_number="CD-2")
    merge = company.merge(survivor, duplicate, "registration_number")
    company.customer("C", registration_number="AB-1")
    (conflict,) = company.undo(merge)["conflicts"]
    assert (conflict["id"], conflict["was"], conflict["now"]) == (survivor, "AB-1", None)
    assert company.row("customers", duplicate)["registration_number"] == "CD-2"
    assert company.row("customers", survivor)["registration_number"] is None


@pytest.mark.parametrize("meanwhile", ["placed below", "merged away"])
def test_a_head_office_that_cannot_be_one_any_more_does_not_come_back(
    company: Merger, meanwhile: str
) -> None:
    former, head, other = (company.customer(name) for name in ("Former", "Head", "Other"))
    survivor = company.customer("A", parent_id=former)
    merge = company.merge(survivor, company.customer("B", parent_id=head), "parent_id")
    assert company.row("customers", survivor)["parent_id"] == head
    if meanwhile == "placed below":
        company.do("customer.place-under", former, parent_id=survivor)
    else:
        company.merge(other, former)
    (conflict,) = company.undo(merge)["conflicts"]
    assert (conflict["field"], conflict["was"], conflict["now"]) == ("parent_id", former, None)
    assert company.row("customers", survivor)["parent_id"] is None
    company.do("customer.place-under", survivor, parent_id=other)


def test_a_person_is_erased_where_the_undoing_brought_them(company: Merger) -> None:
    survivor, duplicate, person = company.customer("A"), company.customer("B"), new_id()
    company.do("customer.add-contact", duplicate, name="Li Wei", contact_id=person)
    company.undo(company.merge(survivor, duplicate))
    erase = {"contact_id": person, "reason": "Asked", "legal_basis": "PIPL art. 47"}
    assert refused(company, "customer.erase-contact", survivor, **erase).rule == "person-required"
    company.do("customer.erase-contact", duplicate, **erase)


def test_who_was_erased_at_the_survivor_is_not_recorded_again_at_the_other(
    company: Merger,
) -> None:
    survivor, duplicate, person = company.customer("A"), company.customer("B"), new_id()
    again = {"name": "Li Wei", "contact_id": person}
    company.do("customer.add-contact", duplicate, **again)
    merge = company.merge(survivor, duplicate)
    erase = {"contact_id": person, "reason": "Asked", "legal_basis": "PIPL art. 47"}
    company.do("customer.erase-contact", survivor, **erase)
    company.undo(merge)
    assert refused(company, "customer.add-contact", duplicate, **again).rule == "person-erased"


def test_a_killed_runner_is_succeeded_and_everything_follows_once(company: Merger) -> None:
    survivor, duplicate = company.customer("A"), company.customer("B")
    about = {"title": "x", "unit": "gd-gz", "customer_id": duplicate}
    deals = [company.do("opportunity.open", **about) for _ in range(60)]
    both = {"survivor_id": survivor, "duplicate_id": duplicate}
    merge = company.do("customer-merge.begin", **both, reason="x")
    with killed("tests.streams.reactor", company.url, company.rows_url):
        until(lambda: company.journal.history(duplicate)[-1].type == "customer.merged-into")
    with company.reacting():
        pass
    for deal in deals:
        named = [e for e in company.journal.history(deal) if e.type == "opportunity.customer-named"]
        assert [each.data["customer_id"] for each in named] == [survivor]
    assert len(company.row("customer_merges", merge)["moved"]) == 60


def test_a_merge_and_a_handover_at_once_leave_everything_in_one_place(company: Merger) -> None:
    survivor = company.customer("A")
    duplicate, opportunity, ticket = company.account("e1")
    company.do("handover.begin", employee="e1", successors=[{"employee": "e2"}], reason="Leave")
    merge = company.merge(survivor, duplicate)
    assert company.row("opportunities", opportunity)["customer_id"] == survivor
    assert company.row("opportunities", opportunity)["manager"] == "e2"
    assert company.row("service_tickets", ticket)["owner"] == "e2"
    assert company.undo(merge)["conflicts"] == []
    assert company.row("opportunities", opportunity)["customer_id"] == duplicate
