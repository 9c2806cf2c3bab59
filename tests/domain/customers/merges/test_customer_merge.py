"""Merges of customers: settled once, completed once, undone once; what goes in comes out again."""

from typing import Any

import pytest

from domain.customers.customer import Customer
from domain.customers.customer_standing import CustomerMerged, State
from domain.customers.merges.customer_merge import (
    CustomerMerge,
    LaterMerge,
    MergeCycle,
    MergedOnce,
    MergePlanned,
    MergePlanRequired,
    MergeRequired,
    MergeUnderWay,
    OtherCustomerRequired,
    UndoingRequired,
)
from domain.customers.merges.customer_unmerging import AbsorbedOnce, IntoOneCustomer
from domain.customers.merges.merge_outcome import MergeOutcomeItem
from domain.customers.merges.merge_survivorship import Choice, Outcome
from domain.kernel.aggregate import MovedMeanwhile, RecordMerged
from domain.kernel.types.values import MERGED
from domain.sales.opportunity import Opportunity
from domain.service.service_ticket import ServiceTicket
from tests.bodies import IDS

WHY = "The same company"
NOTHING = [Outcome(IDS[0], closed=False, returns={})], [Outcome(IDS[1], closed=False, returns={})]
KNOWN: tuple[Any, ...] = ([], None, None, None, [])
ITEM = MergeOutcomeItem(kind="opportunity", id=IDS[2], version=1)


def begun(
    survivor: str = IDS[0],
    duplicate: str = IDS[1],
    *,
    above: tuple[list[str], list[str]] = ([], []),
    busy: list[str] | None = None,
    take: list[Choice] | None = None,
) -> CustomerMerge:
    """Return a merge that has begun."""
    return CustomerMerge.begin(
        survivor, duplicate, WHY, "gd-gz", "gd-sz", *above, busy or [], take or []
    )


@pytest.fixture
def done() -> CustomerMerge:
    merge = begun()
    merge.plan([ITEM])
    merge.complete([])
    return merge


def test_a_merge_belongs_to_both_units_and_changes_both_customers() -> None:
    merge = begun()
    assert merge.units == {"gd-gz", "gd-sz"}
    assert merge.affected == (IDS[0], IDS[1])


def test_a_customer_is_merged_into_another_one() -> None:
    with pytest.raises(OtherCustomerRequired):
        begun(IDS[0], IDS[0])


def test_a_customer_is_not_merged_into_one_below_it() -> None:
    with pytest.raises(MergeCycle):
        begun(above=([IDS[0], IDS[1]], []))
    with pytest.raises(MergeCycle):
        begun(above=([], [IDS[1], IDS[0]]), take=[Choice.PARENT_ID])
    begun(above=([], [IDS[1], IDS[0]]))


def test_a_customer_takes_part_in_one_merge_at_a_time(done: CustomerMerge) -> None:
    with pytest.raises(MergeUnderWay):
        begun(busy=[IDS[3]])
    assert begun().claims == {MergedOnce: IDS[1], MergeUnderWay: IDS[0]}
    assert done.claims == {MergedOnce: IDS[1]}
    assert MergedOnce.rule() == MERGED


def test_each_step_is_taken_once_and_in_order(done: CustomerMerge) -> None:
    with pytest.raises(MergePlanned):
        done.plan([])
    with pytest.raises(MergePlanRequired):
        done.complete([])
    with pytest.raises(MergeRequired):
        begun().reverse("x", [])
    with pytest.raises(LaterMerge):
        done.reverse("x", [IDS[3]])
    with pytest.raises(UndoingRequired):
        done.complete_reversal([], [], [], [], *NOTHING)
    done.reverse("Two after all", [])
    with pytest.raises(MergeRequired):
        done.reverse("x", [])
    done.complete_reversal([ITEM], [], [], [], *NOTHING)
    assert done.retired
    assert done.claims == {}


def test_a_duplicate_names_the_survivor() -> None:
    refusal = begun().closing("customer_id")
    assert isinstance(refusal, RecordMerged)
    assert IDS[0] in refusal.hint


def customer(name: str) -> Customer:
    return Customer.register(name, "gd-gz")


def test_a_customer_goes_into_another_one_and_comes_out_again() -> None:
    survivor, duplicate = customer("A"), customer("B")
    duplicate.add_contact("Li Wei")
    contacts = duplicate.contacts
    duplicate.merge_into(survivor.id, IDS[3], WHY)
    with pytest.raises(IntoOneCustomer):
        duplicate.merge_into(survivor.id, IDS[2], WHY)
    with pytest.raises(CustomerMerged):
        duplicate.engage()
    with pytest.raises(CustomerMerged):
        duplicate.erase_contact(next(iter(contacts)), "Asked", "Art. 47")
    assert isinstance(duplicate.closing("customer_id"), RecordMerged)
    take = [Choice.NAME, Choice.GRADE]
    survivor.absorb(duplicate.id, IDS[3], WHY, take, duplicate.estate, [])
    with pytest.raises(AbsorbedOnce):
        survivor.absorb(duplicate.id, IDS[3], WHY, take, duplicate.estate, [])
    assert (survivor.details["name"], survivor.contacts) == ("B", contacts)
    survivor.give_back(IDS[3], duplicate.id, "x", *KNOWN)
    with pytest.raises(AbsorbedOnce):
        survivor.give_back(IDS[3], duplicate.id, "x", *KNOWN)
    assert (survivor.details["name"], survivor.contacts) == ("A", {})
    duplicate.separate(survivor.id, IDS[3], "x", survivor.returns, None, [])
    assert (duplicate.state, duplicate.contacts) == (State.POTENTIAL, contacts)
    with pytest.raises(IntoOneCustomer):
        duplicate.separate(survivor.id, IDS[3], "x", survivor.returns, None, [])


def test_merges_into_one_customer_are_undone_in_any_order() -> None:
    survivor = customer("A")
    for name, merge in (("B", IDS[1]), ("C", IDS[2])):
        duplicate = customer(name)
        duplicate.merge_into(survivor.id, merge, WHY)
        survivor.absorb(duplicate.id, merge, WHY, [Choice.NAME], duplicate.estate, [])
    survivor.give_back(IDS[1], IDS[0], "x", *KNOWN)
    assert survivor.details["name"] == "C"
    survivor.give_back(IDS[2], IDS[0], "x", *KNOWN)
    assert survivor.details["name"] == "A"


def test_what_was_moved_meanwhile_does_not_follow() -> None:
    deal = Opportunity.open("x", "gd-gz", customer_id=IDS[0])
    with pytest.raises(MovedMeanwhile):
        deal.follow_customer(IDS[1], IDS[2])
    deal.follow_customer(IDS[1], IDS[0])
    assert deal.customer_id == IDS[1]


def test_the_customer_of_a_ticket_is_named_anew() -> None:
    ticket = ServiceTicket.open(IDS[0], "fault", "minor", "web", "x", "gd-gz")  # type: ignore[arg-type]
    ticket.name_customer(IDS[1])
    with pytest.raises(MovedMeanwhile):
        ticket.follow_customer(IDS[2], IDS[0])
    assert ticket.customer_id == IDS[1]
