"""The row of a site: what it has by its codes and tags, and by what it is found."""

from typing import Any

from projections.customers.sites.sites import sites
from projections.kernel.lists.list_filters import filters
from tests.projections.folding import row_after

OPENED: dict[str, Any] = {
    "customer_id": "c",
    "unit": "gd-gz",
    "name": "总部",
    "kind": "head-office",
    "address": "东风中路 300 号",
    "area": "town",
}


def point(code: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return ("access-point-added", {"code": code, "medium": "fibre", "carrier": "ours", **more})


def test_access_points_are_by_their_codes_and_found_by_medium_and_carrier() -> None:
    row = row_after(
        sites,
        ("opened", OPENED),
        point("A", entry="东门"),
        point("B", carrier="华联通信", diverse_from="A"),
        ("access-point-corrected", {"code": "A", "medium": "copper", "cleared": ["entry"]}),
    )
    assert row["access_points"] == {
        "A": {"medium": "copper", "carrier": "ours"},
        "B": {"medium": "fibre", "carrier": "华联通信", "diverse_from": "A"},
    }
    assert (row["medium"], row["carrier"]) == (["copper", "fibre"], ["ours", "华联通信"])


def test_what_is_removed_is_named_as_diverse_no_more() -> None:
    gone = ("access-point-removed", {"code": "A", "reason": "拆除"})
    row = row_after(sites, ("opened", OPENED), point("A"), point("B", diverse_from="A"), gone)
    assert row["access_points"] == {"B": {"medium": "fibre", "carrier": "ours"}}
    assert row["reason"] is None


def test_equipment_is_by_its_tags() -> None:
    told = {"tag": "R-1", "kind": "router", "vendor": "华为", "model": "NE40E", "quantity": 1}
    recorded = ("equipment-recorded", told | {"owner": "us", "warranty_until": "2030-01-01"})
    changed = {"tag": "R-1", "quantity": 2, "cleared": ["warranty_until"]}
    row = row_after(sites, ("opened", OPENED), recorded, ("equipment-corrected", changed))
    (router,) = row["equipment"].values()
    assert (router["quantity"], "warranty_until" in router) == (2, False)
    assert row["kind"] == "head-office"
    gone = ("equipment-removed", {"tag": "R-1", "reason": "更换"})
    assert row_after(sites, ("opened", OPENED), recorded, gone)["equipment"] == {}


def test_a_site_is_asked_for_by_what_it_is_not_by_what_stands_there() -> None:
    known = filters(sites)
    assert known["kind"].values == (
        *("head-office", "branch", "outlet", "factory", "data-centre", "other"),
    )
    assert known["medium"].values == ("fibre", "copper", "microwave", "mobile", "satellite")
    assert {"customer_id", "unit_under", "carrier", "state", "customer_manager"} <= {*known}
