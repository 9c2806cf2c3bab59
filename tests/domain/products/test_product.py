"""Products: plan, attributes, bundles, offers, terms, comparisons, withdrawal."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged, RuleViolation
from domain.kernel.time.business_day import today
from domain.products.product import Ends, Product, ProductCodeTaken
from domain.products.product_attributes import (
    Attribute,
    AttributeKept,
    AttributeOnce,
    AttributeRange,
    misfits,
)
from domain.products.product_bundle import (
    BundleRequired,
    ComponentRange,
    ComponentRequired,
    SingleProductRequired,
)
from domain.products.product_comparison import Point, Verdict
from domain.products.product_course import (
    OffersRequired,
    OtherSuccessor,
    PlannedRequired,
    State,
    WithdrawalRequired,
    WithdrawnStays,
)
from domain.products.product_terms import Needed, Per, Sla
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays


def attribute(code: str, type: str = "number", **more: Any) -> Attribute:
    """Return an attribute."""
    told = {"code": code, "name": code.title(), "type": type, **more}
    return Attribute.model_validate(told, strict=False)


SPEED = attribute("speed", least="2", most="1000", unit_of_measure="Mbps", required=True)
ROUTE = attribute("route", "choice", choices=("single", "diverse"))


def planned(**more: Any) -> Product:
    """Return a leased line with a speed and a route."""
    told: dict[str, Any] = {"attributes": [SPEED, ROUTE], "ends": Ends.TWO, **more}
    return Product.plan("dl", "数据专线", "专线", "group", **told)


def on_sale(**more: Any) -> Product:
    """Return it on sale in two provinces."""
    product = planned(**more)
    product.put_on_sale(["gd", "hn"])
    return product


def withdrawn() -> Product:
    """Return it withdrawn."""
    product = on_sale()
    product.withdraw("Replaced", IDS[1])
    return product


def test_a_product_claims_its_code_and_belongs_to_its_unit() -> None:
    product = planned()
    assert product.claims == {ProductCodeTaken: "dl"}
    assert (product.units, product.single, product.ends) == (frozenset({"group"}), True, Ends.TWO)


def test_a_trial_may_be_skipped_and_goes_on_until_a_day() -> None:
    product = planned()
    day = today()
    product.begin_trial(["gd-gz"], day)
    assert (product.state, product.offered_in) == (State.TRIAL, ["gd-gz"])
    with pytest.raises(NothingChanged):
        product.begin_trial(["gd-gz"], day)
    product.begin_trial(["gd-gz", "gd-sz"], day)
    product.put_on_sale(["gd"])
    assert (product.state, product.offered_in) == (State.ON_SALE, ["gd"])
    assert on_sale().state is State.ON_SALE


def test_an_offer_is_extended_and_ended_unit_by_unit() -> None:
    product = on_sale()
    product.extend_to(["sc", "gd"])
    assert last(product)["units"] == ["sc"]
    product.end_in(["gd", "js"], "No network there")
    assert product.offered_in == ["hn", "sc"]
    with pytest.raises(NothingChanged):
        product.end_in(["gd"], "Again")
    with pytest.raises(NothingChanged):
        product.extend_to(["hn"])


def test_a_withdrawn_product_is_offered_nowhere_and_still_corrected() -> None:
    product = withdrawn()
    assert (product.retired, product.offered_in) == (True, [])
    product.correct(name="数字数据专线", clear=["lead_time_wd", "description"])
    product.retire()
    assert product.state is State.RETIRED
    with pytest.raises(NothingChanged):
        product.correct(name="数字数据专线")


def test_attributes_of_what_was_never_on_sale_go_and_those_of_others_are_closed() -> None:
    product = planned()
    product.revise_attributes([SPEED])
    product.put_on_sale(["gd"])
    closed = SPEED.model_copy(update={"closed": True})
    product.revise_attributes([closed, ROUTE])
    told = dict(misfits(product.attributes, {"speed": 10}))
    assert told == {"speed": "speed is closed to new ones."}
    with pytest.raises(NothingChanged):
        product.revise_attributes([closed, ROUTE])
    product.withdraw("Old")
    assert withdrawn().was_on_sale


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ({"speed": 2}, {}),
        ({"speed": "1000", "route": "diverse"}, {}),
        ({}, {"speed": "speed is required."}),
        ({"speed": 1}, {"speed": "speed is 2 at least."}),
        ({"speed": 1000.5}, {"speed": "speed is 1000 at most."}),
        ({"speed": "fast"}, {"speed": "speed is a number."}),
        ({"speed": True}, {"speed": "speed is a number."}),
        ({"speed": "NaN"}, {"speed": "speed is a number."}),
        ({"speed": 2, "route": "none"}, {"route": "route is one of single, diverse."}),
        ({"speed": 2, "colour": "red"}, {"colour": "The product has no attribute colour."}),
        ({"speed": 2, "note": 1, "backup": "yes"}, {"note": "", "backup": ""}),
    ],
)
def test_a_piece_has_the_attributes_of_its_product_within_their_bounds(
    told: dict[str, Any], wrong: dict[str, str]
) -> None:
    attributes = [SPEED, ROUTE, attribute("note", "text"), attribute("backup", "flag")]
    found = dict(misfits(attributes, told))
    assert found.keys() == wrong.keys()
    assert all(not said or found[code] == said for code, said in wrong.items())


def test_a_bundle_is_made_of_single_products() -> None:
    bundle = planned(bundle=True)
    bundle.add_component(IDS[1], 1, 4, 2, single=True)
    with pytest.raises(NothingChanged):
        bundle.add_component(IDS[1], 1, 4, 2, single=True)
    bundle.add_component(IDS[1], 0, 4, 1, single=True)
    assert bundle.components[IDS[1]].usual == 1
    bundle.remove_component(IDS[1])
    assert (bundle.components, bundle.single) == ({}, False)


def test_resources_are_needed_and_qualities_offered_until_said_otherwise() -> None:
    product = planned()
    product.require_resource("port", 1, Per.END)
    product.require_resource("port", 2, Per.END)
    product.offer_sla("availability", Decimal("99.9"), "cn-office")
    assert product.resources == {("port", Per.END): Needed(2)}
    assert product.sla == {"availability": Sla(Decimal("99.9"), "cn-office")}
    with pytest.raises(NothingChanged):
        product.require_resource("port", 2, Per.END)
    with pytest.raises(NothingChanged):
        product.offer_sla("availability", Decimal("99.90"), "cn-office")
    product.require_resource("port", 0, Per.END)
    assert product.resources == {}


def test_a_comparison_takes_the_place_of_the_one_before() -> None:
    product = planned()
    points = [Point(attribute="价格", ours="800", theirs="900", verdict=Verdict.BETTER)]
    product.compare("联通", "精品专线", points, "标书")
    product.compare("联通", "精品专线", points, "官网")
    assert len(product.compared) == 1
    with pytest.raises(NothingChanged):
        product.compare("联通", "精品专线", points, "官网")


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (AttributeRange, lambda: planned(attributes=[attribute("speed", least="3", most="2")])),
        (AttributeRange, lambda: planned(attributes=[attribute("route", "choice")])),
        (AttributeRange, lambda: planned(attributes=[attribute("note", "text", least="1")])),
        (AttributeRange, lambda: planned(attributes=[attribute("note", "text", choices=("a",))])),
        (AttributeOnce, lambda: planned(attributes=[SPEED, SPEED])),
        (AttributeKept, lambda: on_sale().revise_attributes([SPEED])),
        (AttributeKept, lambda: on_sale().revise_attributes([SPEED, attribute("route", "text")])),
        (OffersRequired, lambda: planned().begin_trial([], today())),
        (OffersRequired, lambda: planned().put_on_sale([])),
        (OffersRequired, lambda: planned().extend_to(["gd"])),
        (OffersRequired, lambda: on_sale().end_in(["gd", "hn"], "No more")),
        (PlannedRequired, lambda: on_sale().put_on_sale(["gd"])),
        (PlannedRequired, lambda: on_sale().begin_trial(["gd"], today())),
        (WithdrawnStays, lambda: withdrawn().put_on_sale(["gd"])),
        (WithdrawnStays, lambda: withdrawn().withdraw("Again")),
        (WithdrawnStays, lambda: withdrawn().revise_attributes([])),
        (WithdrawalRequired, lambda: on_sale().retire()),
        (BundleRequired, lambda: planned().add_component(IDS[1], 1, 1, 1, single=True)),
        (SingleProductRequired, lambda: bundle().add_component(IDS[1], 1, 1, 1, single=False)),
        (ComponentRange, lambda: bundle().add_component(IDS[1], 2, 1, 1, single=True)),
        (ComponentRange, lambda: bundle().add_component(IDS[1], 1, 2, 3, single=True)),
        (ComponentRange, lambda: bundle().add_component(IDS[1], 0, 0, 0, single=True)),
        (ComponentRequired, lambda: bundle().remove_component(IDS[1])),
    ],
)
def test_each_rule_refuses_what_breaks_it(
    rule: type[RuleViolation], broken: Callable[[], Any]
) -> None:
    with pytest.raises(rule):
        broken()


def bundle() -> Product:
    """Return a bundle without components."""
    return planned(bundle=True)


def test_neither_a_bundle_nor_a_successor_is_the_product_itself() -> None:
    product = bundle()
    with pytest.raises(SingleProductRequired):
        product.add_component(product.id, 1, 1, 1, single=True)
    with pytest.raises(OtherSuccessor):
        product.withdraw("Old", product.id)


@settings(max_examples=50)
@given(plays(Product))
def test_any_commands_are_refused_by_declared_rules_or_told_again_alike(
    told: tuple[int, list[Step]],
) -> None:
    play(Product, *told)
