"""Customers: registering, correcting, standing, team, contacts, purchases elsewhere."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings

from domain.customers.customer import Customer, ParentCycle, RegistrationNumberTaken
from domain.customers.customer_contacts import (
    ContactDetail,
    ContactIdTaken,
    ContactRequired,
    DecisionRole,
    PersonRequired,
)
from domain.customers.customer_profile import (
    Category,
    Grade,
    Industry,
    ProfileDetail,
    ProfileReach,
    PurchaseRequired,
    normal_number,
)
from domain.customers.customer_standing import (
    BusinessRequired,
    CustomerClosed,
    LapseReason,
    LapseRequired,
    PotentialRequired,
    ProspectRequired,
    ServedCustomerRequired,
    State,
    SuspensionRequired,
)
from domain.customers.customer_team import TeamMemberRequired, TeamRole
from domain.kernel.aggregate import NothingChanged
from domain.kernel.erasure import DiscretionRequired, PersonErased
from domain.kernel.parts.managed import ManagerRequired
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays, stated


@pytest.fixture
def customer() -> Customer:
    return Customer.register("广州钢铁", "gd-gz", registration_number="9144 0101-x", employees=7)


@pytest.fixture
def active(customer: Customer) -> Customer:
    customer.activate()
    return customer


def state(customer: Customer) -> State:
    return customer.state


def test_a_new_customer_is_potential(customer: Customer) -> None:
    assert state(customer) is State.POTENTIAL
    assert stated(customer) == ["registered"]


def test_registration_needs_no_more_than_a_name_and_a_unit() -> None:
    bare = Customer.register("Acme", "gd")
    assert last(bare)["name"] == "Acme"
    assert last(bare)["currency"] == "CNY"
    assert bare.claims == {}


def test_a_registration_number_is_claimed_however_it_is_written(customer: Customer) -> None:
    assert customer.claims == {RegistrationNumberTaken: "91440101X"}
    assert normal_number("９１４４ 0101-x") == "91440101X"


def test_a_closed_customer_gives_its_registration_number_free(customer: Customer) -> None:
    customer.close("Merged")
    assert customer.claims == {}
    assert customer.retired


def test_a_correction_changes_what_is_given_and_empties_what_is_cleared(customer: Customer) -> None:
    customer.correct_details(
        name="广钢", industry=Industry.MANUFACTURING, clear=(ProfileDetail.EMPLOYEES,)
    )
    assert last(customer)["name"] == "广钢"
    assert last(customer)["registration_number"] is None
    assert last(customer)["cleared"] == ["employees"]
    assert customer.details["employees"] is None
    assert customer.details["registration_number"] == "9144 0101-x"


def test_a_detail_that_is_cleared_and_given_takes_the_given_value(customer: Customer) -> None:
    customer.correct_details(employees=9, clear=(ProfileDetail.EMPLOYEES,))
    assert customer.details["employees"] == 9


def test_a_correction_that_changes_nothing_is_refused(customer: Customer) -> None:
    with pytest.raises(NothingChanged):
        customer.correct_details(name="广州钢铁", employees=7, clear=(ProfileDetail.WEBSITE,))
    with pytest.raises(NothingChanged):
        customer.correct_details()


def test_a_customer_is_classified_and_regraded_to_something_else(customer: Customer) -> None:
    customer.classify(Category.GROUP, ProfileReach.LOCAL)
    customer.regrade(Grade.A, "Revenue")
    with pytest.raises(NothingChanged):
        customer.classify(Category.GROUP, ProfileReach.LOCAL)
    with pytest.raises(NothingChanged):
        customer.regrade(Grade.A, "Again")


def test_a_customer_is_placed_under_its_head_office_and_taken_out_again(customer: Customer) -> None:
    customer.place_under(IDS[0], IDS[1:])
    assert customer.parent_id == IDS[0]
    with pytest.raises(NothingChanged):
        customer.place_under(IDS[0], [])
    customer.place_under(None, [])
    assert customer.parent_id is None


def test_a_customer_is_not_placed_under_itself(customer: Customer) -> None:
    with pytest.raises(ParentCycle) as refusal:
        customer.place_under(customer.id, [])
    assert refusal.value.field == "parent_id"


def test_a_customer_is_not_placed_under_its_own_subsidiary(customer: Customer) -> None:
    with pytest.raises(ParentCycle):
        customer.place_under(IDS[0], [IDS[1], customer.id])


def test_a_customer_is_transferred_to_another_unit(customer: Customer) -> None:
    customer.transfer("gd", "Grew")
    assert customer.unit == "gd"
    with pytest.raises(NothingChanged):
        customer.transfer("gd", "Grew")


def test_a_customer_goes_from_potential_to_active(customer: Customer) -> None:
    customer.engage()
    with pytest.raises(PotentialRequired):
        customer.engage()
    customer.activate()
    assert state(customer) is State.ACTIVE
    with pytest.raises(ProspectRequired):
        customer.activate()


def test_a_suspended_customer_resumes_where_it_was(customer: Customer) -> None:
    with pytest.raises(ServedCustomerRequired):
        customer.suspend("Arrears")
    customer.engage()
    customer.suspend("Arrears")
    assert state(customer) is State.SUSPENDED
    customer.resume()
    assert state(customer) is State.ENGAGED
    with pytest.raises(SuspensionRequired):
        customer.resume()


def test_a_customer_without_business_cannot_lapse(customer: Customer) -> None:
    customer.engage()
    with pytest.raises(BusinessRequired):
        customer.lapse(LapseReason.PRICE)


def test_a_lapsed_customer_is_won_back(active: Customer) -> None:
    with pytest.raises(LapseRequired):
        active.win_back()
    active.lapse(LapseReason.PRICE, competitor="China Unicom")
    active.since(date(2024, 5, 1))
    assert state(active) is State.LAPSED
    assert last(active) == {
        "reason": "price",
        "competitor": "China Unicom",
        "note": None,
        "on": "2024-05-01",
    }
    active.win_back()
    assert state(active) is State.ACTIVE


def test_a_closed_customer_is_not_changed_any_more(active: Customer) -> None:
    active.close("Bankrupt")
    changes: list[Callable[[], None]] = [
        lambda: active.correct_details(name="Other"),
        lambda: active.assign_manager("e1"),
        lambda: active.add_contact("Li"),
        lambda: active.win_back(),
        lambda: active.close("Again"),
    ]
    for change in changes:
        with pytest.raises(CustomerClosed):
            change()


def test_an_account_manager_is_assigned_replaced_and_released(customer: Customer) -> None:
    with pytest.raises(ManagerRequired):
        customer.release_manager()
    customer.assign_manager("e1")
    with pytest.raises(NothingChanged):
        customer.assign_manager("e1")
    customer.assign_manager("e2")
    customer.release_manager("Moved")
    assert last(customer)["manager"] == "e2"
    assert customer.manager is None


def test_team_members_have_roles_and_leave(customer: Customer) -> None:
    customer.add_team_member("e1", TeamRole.SALES)
    customer.add_team_member("e1", TeamRole.SERVICE)
    assert customer.team == {"e1": TeamRole.SERVICE}
    with pytest.raises(NothingChanged):
        customer.add_team_member("e1", TeamRole.SERVICE)
    customer.remove_team_member("e1")
    with pytest.raises(TeamMemberRequired):
        customer.remove_team_member("e1")


def test_a_contact_is_added_corrected_and_removed(customer: Customer) -> None:
    customer.add_contact("Li", title="CTO", contact_id=IDS[0])
    customer.correct_contact(
        IDS[0], decision_role=DecisionRole.APPROVER, clear=(ContactDetail.TITLE,)
    )
    assert customer.contacts[IDS[0]]["decision_role"] is DecisionRole.APPROVER
    assert customer.contacts[IDS[0]]["title"] is None
    assert customer.contacts[IDS[0]]["name"] == "Li"
    with pytest.raises(NothingChanged):
        customer.correct_contact(IDS[0], name="Li")
    customer.remove_contact(IDS[0])
    assert customer.contacts == {}


def test_a_contact_gets_an_id_when_none_is_given(customer: Customer) -> None:
    customer.add_contact("Li")
    customer.add_contact("Li")
    assert len(customer.contacts) == 2


def test_two_contacts_cannot_share_an_id(customer: Customer) -> None:
    customer.add_contact("Li", contact_id=IDS[0])
    with pytest.raises(ContactIdTaken):
        customer.add_contact("Wang", contact_id=IDS[0])


def erase(customer: Customer, contact_id: str, reason: str = "Asked for it by letter") -> None:
    customer.erase_contact(contact_id, reason, "PIPL art. 47 (3)")


def test_a_contact_is_erased_at_a_closed_customer_too_and_once(customer: Customer) -> None:
    customer.add_contact("Li", contact_id=IDS[0])
    customer.close("Merged into its parent")
    erase(customer, IDS[0])
    assert (customer.contacts, customer.erased_contacts) == ({}, {IDS[0]})
    with pytest.raises(PersonErased):
        erase(customer, IDS[0])


def test_who_was_removed_from_the_contacts_can_be_erased_still(customer: Customer) -> None:
    customer.add_contact("Li", contact_id=IDS[0])
    customer.remove_contact(IDS[0])
    erase(customer, IDS[0])
    assert (customer.former_contacts, customer.erased_contacts) == (set(), {IDS[0]})


def test_the_id_of_an_erased_person_is_not_used_again(customer: Customer) -> None:
    customer.add_contact("Li", contact_id=IDS[0])
    erase(customer, IDS[0])
    with pytest.raises(PersonErased):
        customer.add_contact("Wang", contact_id=IDS[0])


def test_nobody_is_erased_who_was_never_a_contact(customer: Customer) -> None:
    with pytest.raises(PersonRequired):
        erase(customer, IDS[0])


def test_the_reason_for_an_erasure_does_not_repeat_what_is_erased(customer: Customer) -> None:
    customer.add_contact("Li Wei", email="li.wei@example.com", contact_id=IDS[0])
    with pytest.raises(DiscretionRequired):
        erase(customer, IDS[0], "li wei wrote to us")
    with pytest.raises(DiscretionRequired):
        customer.erase_contact(IDS[0], "By letter", "mail of li.wei@example.com")


def test_an_unknown_contact_is_neither_corrected_nor_removed(customer: Customer) -> None:
    with pytest.raises(ContactRequired):
        customer.correct_contact(IDS[0], name="Li")
    with pytest.raises(ContactRequired):
        customer.remove_contact(IDS[0])


def test_a_purchase_from_a_competitor_is_recorded_renewed_and_ended(customer: Customer) -> None:
    customer.record_purchase("China Unicom", "VPN", Decimal("10.00"), until=date(2025, 1, 1))
    with pytest.raises(NothingChanged):
        customer.record_purchase("China Unicom", "VPN", Decimal(10), until=date(2025, 1, 1))
    customer.record_purchase("China Unicom", "VPN", Decimal("9.00"), until=date(2026, 1, 1))
    assert len(customer.purchases) == 1
    customer.end_purchase("China Unicom", "VPN")
    with pytest.raises(PurchaseRequired):
        customer.end_purchase("China Unicom", "VPN")


@settings(deadline=None)
@given(plays(Customer))
def test_any_commands_are_refused_whole_or_replay_to_the_same_customer(
    scene: tuple[int, list[Step]],
) -> None:
    play(Customer, *scene)


def test_a_customer_belongs_to_its_unit_its_manager_and_its_team(customer: Customer) -> None:
    assert customer.units == {customer.unit}
    assert customer.owners == frozenset()
    customer.assign_manager("li.wei")
    customer.add_team_member("wang.fang", TeamRole.SALES)
    assert customer.owners == {"li.wei", "wang.fang"}
