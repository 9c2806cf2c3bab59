"""Products in use: what they name, their course, what may be said of them, their two ends."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from domain.customers.sites.product_in_use import (
    AttributesMisfit,
    FarEndRequired,
    ProductInUse,
    ProductNamed,
    ServiceNumberTaken,
)
from domain.customers.sites.product_in_use_course import (
    ActiveProductRequired,
    PendingRequired,
    ProductCeased,
    SuspendedProductRequired,
    SuspensionReason,
    UseState,
)
from domain.kernel.aggregate import NothingChanged
from domain.products.product_attributes import Attribute, AttributeType
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays, stated

LINE = [
    Attribute(
        code="bandwidth",
        name="带宽",
        type=AttributeType.NUMBER,
        least=Decimal(2),
        most=Decimal(10_000),
        required=True,
    ),
    Attribute(code="vlan", name="VLAN", type=AttributeType.TEXT, closed=True),
    Attribute(code="protected", name="保护", type=AttributeType.FLAG),
]
"""What is said of a leased line."""


def installed(**more: Any) -> ProductInUse:
    told: dict[str, Any] = {"attributes": {}, "of_product": None, "ends": None, **more}
    if "product_id" not in told:
        told.setdefault("product_name", "老专线")
    return ProductInUse.install(IDS[0], "gd-gz", **told)


def line(**more: Any) -> ProductInUse:
    """Return a leased line of the catalogue, between two sites."""
    told: dict[str, Any] = {"product_id": IDS[1], "of_product": LINE, "ends": "two"}
    told |= {"attributes": {"bandwidth": Decimal(100)}, "site_id": IDS[2], "far_site_id": IDS[3]}
    return installed(**told | more)


def active(**more: Any) -> ProductInUse:
    return installed(activated_on=date(2025, 1, 1), **more)


def test_it_goes_from_pending_to_ceased() -> None:
    used = installed()
    assert used.state is UseState.PENDING
    used.activate()
    with pytest.raises(PendingRequired):
        used.activate()
    used.suspend(SuspensionReason.ARREARS)
    with pytest.raises(ActiveProductRequired):
        used.suspend(SuspensionReason.FAULT)
    with pytest.raises(ActiveProductRequired):
        used.relocate(IDS[2], "搬迁", None)
    used.resume()
    with pytest.raises(SuspendedProductRequired):
        used.resume()
    used.cease("转网", "华联通信")
    with pytest.raises(ProductCeased):
        used.bill_through("A-1")
    assert stated(used) == ["installed", "activated", "suspended", "resumed", "ceased"]


def test_what_is_active_since_a_day_that_is_stated_needs_no_more() -> None:
    assert active().state is UseState.ACTIVE


def test_it_names_a_product_or_what_an_old_one_was_called() -> None:
    for named in ({"product_id": None, "product_name": None}, {"product_id": IDS[1]}):
        with pytest.raises(ProductNamed):
            installed(**named, **({"product_name": "x"} if named["product_id"] else {}))


def test_a_service_number_is_held_until_it_is_ceased() -> None:
    used = active(service_number="GZ-1001")
    assert used.claims == {ServiceNumberTaken: "GZ-1001"}
    used.cease("退租")
    assert used.claims == {}


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        ({"bandwidth": Decimal(1)}, "bandwidth is 2 at least."),
        ({"bandwidth": Decimal(20_000)}, "bandwidth is 10000 at most."),
        ({"bandwidth": "fast"}, "bandwidth is a number."),
        ({"bandwidth": Decimal(2), "colour": "red"}, "The product has no attribute colour."),
        ({"bandwidth": Decimal(2), "vlan": "7"}, "vlan is closed to new ones."),
        ({"bandwidth": Decimal(2), "protected": "yes"}, "protected is a flag."),
        ({}, "bandwidth is required."),
    ],
)
def test_its_attributes_are_those_of_its_product(attributes: dict[str, Any], why: str) -> None:
    with pytest.raises(AttributesMisfit) as refused:
        line(attributes=attributes)
    assert (refused.value.field, refused.value.hint) == ("attributes", why)


def test_an_attribute_that_was_closed_since_may_stay_as_it_is_not_change() -> None:
    open_ = [each.model_copy(update={"closed": False}) for each in LINE]
    told: dict[str, Any] = {"bandwidth": Decimal(2), "vlan": "7"}
    used = line(of_product=open_, attributes=told, activated_on=date(2025, 1, 1))
    used.change("扩容", LINE, attributes=told | {"bandwidth": Decimal(4)})
    with pytest.raises(AttributesMisfit):
        used.change("扩容", LINE, attributes=told | {"vlan": "8"})


def test_a_product_between_two_sites_names_both() -> None:
    for missing in ("site_id", "far_site_id"):
        with pytest.raises(FarEndRequired) as refused:
            line(**{missing: None})
        assert refused.value.field == missing
    with pytest.raises(FarEndRequired):
        installed(far_site_id=IDS[3])
    used = line(activated_on=date(2025, 1, 1))
    with pytest.raises(FarEndRequired):
        used.relocate(IDS[0], "搬迁", "two")
    with pytest.raises(NothingChanged):
        used.relocate(IDS[2], "搬迁", "two", IDS[3])
    used.relocate(IDS[0], "搬迁", "two", IDS[3])
    assert used.site_id == IDS[0]


def test_only_what_differs_is_changed() -> None:
    used = active(quantity=2, monthly_fee=Decimal(200))
    used.change("扩容", None, quantity=3, monthly_fee=Decimal(200))
    assert (last(used)["quantity"], last(used)["monthly_fee"]) == (3, None)
    with pytest.raises(NothingChanged):
        used.change("扩容", None, quantity=3)
    used.bill_through("A-1")
    with pytest.raises(NothingChanged):
        used.bill_through("A-1")


@settings(deadline=None)
@given(plays(ProductInUse))
def test_any_commands_are_refused_whole_or_replay_to_the_same_product_in_use(
    scene: tuple[int, list[Step]],
) -> None:
    play(ProductInUse, *scene)
