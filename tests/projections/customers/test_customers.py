"""The customer row: what the file says now, and what is derived from it."""

from datetime import date
from decimal import Decimal
from typing import Any

from projections.customers.customers import customers
from projections.kernel.lists.list_filters import filters
from tests.projections.folding import row_after

REGISTERED = (
    "registered",
    {
        "name": "广州天河科技有限公司",
        "short_name": "天河科技",
        "unit": "gd-gz",
        "registration_number": "9144 0101-231234567x",
        "annual_revenue": "1250000.50",
        "currency": "CNY",
        "registered_on": "2019-03-01",
        "parent_id": None,
    },
)


def test_a_registered_customer_is_potential_since_the_day_stated() -> None:
    row = row_after(customers, REGISTERED)
    assert (row["state"], row["state_on"]) == ("potential", date(2019, 3, 1))
    assert row["annual_revenue"] == Decimal("1250000.50")
    assert row["registration_key"] == "91440101231234567X"
    assert row["name_key"] == "广州天河科技"
    assert "科技" in row["search"].split()


def test_a_correction_changes_what_it_gives_and_empties_what_it_clears() -> None:
    correction = {"name": "天河集团", "unit": None, "cleared": ["short_name", "annual_revenue"]}
    row = row_after(customers, REGISTERED, ("details-corrected", correction))
    assert (row["name"], row["name_key"], row["unit"]) == ("天河集团", "天河", "gd-gz")
    assert row["short_name"] is None
    assert row["annual_revenue"] is None
    assert row["search"] == "天河 河集 集团 团"


def test_the_state_is_the_last_one_entered_with_its_day_and_reason() -> None:
    lapsed = ("lapsed", {"reason": "price", "competitor": "联通", "on": "2025-06-30"})
    row = row_after(customers, REGISTERED, ("activated", {"on": "2020-01-01"}), lapsed)
    assert (row["state"], row["state_on"]) == ("lapsed", date(2025, 6, 30))
    assert (row["state_reason"], row["lost_to"]) == ("price", "联通")
    back = row_after(customers, REGISTERED, ("activated", {}), lapsed, ("won-back", {}))
    assert (back["state"], back["lost_to"], back["state_reason"]) == ("active", None, None)


def test_who_gained_a_customer_is_known_after_its_file_was_closed() -> None:
    lapsed = ("lapsed", {"reason": "price", "competitor": "联通"})
    closed = ("closed", {"reason": "Gone for good"})
    row = row_after(customers, REGISTERED, ("activated", {}), lapsed, closed)
    assert (row["state"], row["lost_to"]) == ("closed", "联通")
    assert row_after(customers, REGISTERED, closed)["lost_to"] is None
    again = row_after(customers, REGISTERED, ("activated", {}), lapsed, ("won-back", {}), closed)
    assert again["lost_to"] is None


def test_a_resumed_customer_is_where_it_was_before_its_suspension() -> None:
    row = row_after(
        customers,
        REGISTERED,
        ("engaged", {}),
        ("suspended", {"reason": "arrears"}),
        ("resumed", {"state": "engaged"}),
    )
    assert row["state"] == "engaged"


def test_contacts_and_team_come_change_and_go() -> None:
    row = row_after(
        customers,
        REGISTERED,
        ("contact-added", {"contact_id": "c1", "name": "李伟", "phone": "123", "title": None}),
        ("contact-added", {"contact_id": "c2", "name": "王芳"}),
        ("contact-corrected", {"contact_id": "c1", "title": "CIO", "cleared": ["phone"]}),
        ("contact-removed", {"contact_id": "c2"}),
        ("team-member-added", {"employee": "e1", "role": "sales"}),
        ("team-member-added", {"employee": "e2", "role": "service"}),
        ("team-member-removed", {"employee": "e1"}),
    )
    assert row["contacts"] == {"c1": {"name": "李伟", "title": "CIO"}}
    assert row["team"] == {"e2": "service"}


def test_the_first_contract_with_a_competitor_to_end_is_known() -> None:
    bought: list[dict[str, Any]] = [
        {"competitor": "联通", "product": "MPLS", "monthly": "800.00", "until": "2027-01-31"},
        {"competitor": "移动", "product": "IDC", "monthly": None, "until": "2026-09-30"},
    ]
    events = [("purchase-recorded", each) for each in bought]
    row = row_after(customers, REGISTERED, *events)
    assert row["rival_until"] == date(2026, 9, 30)
    ended = ("purchase-ended", {"competitor": "移动", "product": "IDC"})
    row = row_after(customers, REGISTERED, *events, ended)
    assert row["rival_until"] == date(2027, 1, 31)
    assert [each["product"] for each in row["purchases"]] == ["MPLS"]
    assert "on" not in row["purchases"][0]


def test_the_account_manager_is_the_one_assigned_until_released() -> None:
    assigned = ("manager-assigned", {"manager": "e-7"})
    assert row_after(customers, REGISTERED, assigned)["manager"] == "e-7"
    released = ("manager-released", {"manager": "e-7"})
    assert row_after(customers, REGISTERED, assigned, released)["manager"] is None


def test_the_row_has_the_credit_and_what_was_asked_for_and_not_waived() -> None:
    stated = {"code": "S-1", "kind": "security", "text": "进场须备案", "until": None}
    row = row_after(
        customers,
        ("registered", {"name": "广州钢铁", "unit": "gd-gz", "currency": "CNY"}),
        ("credit-rated", {"rating": "A", "limit": "5.00", "until": "2026-06-30", "basis": None}),
        ("requirement-stated", stated),
        ("requirement-stated", stated | {"code": "B-1", "kind": "billing"}),
        ("requirement-waived", {"code": "S-1", "reason": "已取消"}),
    )
    assert (row["credit"], row["credit_limit"]) == ("A", Decimal("5.00"))
    assert row["credit_until"] == date(2026, 6, 30)
    assert list(row["requirements"]) == ["B-1"]
    assert filters(customers)["credit"].values == ("AAA", "AA", "A", "B", "C", "D")
