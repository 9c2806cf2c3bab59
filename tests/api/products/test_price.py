"""Prices over HTTP: by unit, quantity, term, day; as could be known then; each step told."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.kernel.time.business_day import today
from domain.products.price_plan import NoPrice, PlanCodeTaken
from tests.api.asking import problem

TIERS = [{"from": 1, "price": "12000.00"}, {"from": 5, "percent_off": "10"}]
TIERS += [{"from": 20, "percent_off": "18"}]
SPEED = {"code": "bandwidth", "name": "带宽", "type": "number", "least": "2", "most": "1000"}
ROUTE = {"code": "route", "name": "路由", "type": "choice", "choices": ["single", "diverse"]}


class Catalogue:
    """Products and price plans, made and asked over HTTP."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.province, self.network = self._unit("province", "group"), ""
        self.network = self._unit("network", self.province)

    def _unit(self, level: str, parent: str) -> str:
        code = f"t-{uuid4().hex[:12]}"
        self.do("/units", code=code, name=code, level=level, parent=parent)
        return code

    def do(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.client.post(path, json=body)
        assert answer.status_code < 300, answer.text
        told: dict[str, Any] = answer.json()
        self.told = told
        return told

    def product(self, **more: Any) -> str:
        """Plan a leased line; return its path."""
        body = {"name": "数据专线", "category": "专线", "unit": "group", "ends": "two", **more}
        body = {"code": uuid4().hex[:12], "attributes": [SPEED, ROUTE], **body}
        return f"/products/{self.do('/products', **body)['id']}"

    def plan(self, product: str, unit: str, price: str, **more: Any) -> str:
        """Have a price plan of 1 January 2026, approved before; return its path."""
        tiers = [{"from": 1, "price": price}, *TIERS[1:]]
        parts = [{"kind": "recurring", "tiers": tiers, **more}]
        body = {"product_id": product[10:], "code": product[-12:], "unit": unit, "parts": parts}
        path = f"/price-plans/{self.do('/price-plans', **body, valid_from='2026-01-01')['id']}"
        self.do(f"{path}/take-over", approved_on="2025-12-20")
        return path

    def asked(self, product: str, **parameters: Any) -> httpx.Response:
        told = {"unit": self.network, "min_position": self.told["position"], **parameters}
        return self.client.get(f"{product}/price", params=told)

    def price(self, product: str, **parameters: Any) -> dict[str, Any]:
        answer = self.asked(product, **parameters)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def catalogue(client: httpx.Client) -> Catalogue:
    return Catalogue(client)


@pytest.mark.parametrize(
    ("tiering", "monthly"), [("volume", "129600.00"), ("graduated", "134400.00")]
)
def test_twelve_leased_lines_cost_what_the_book_says(
    catalogue: Catalogue, tiering: str, monthly: str
) -> None:
    product = catalogue.product()
    plan = catalogue.plan(product, "group", "12000.00", tiering=tiering)
    found = catalogue.price(product, quantity=12, on="2026-02-01")
    assert (found["monthly"], found["one_off"], found["tier"]) == (monthly, None, 5)
    assert (found["plan_id"], found["version"], found["plan_unit"]) == (plan[13:], 1, "group")
    assert monthly in found["steps"][-1]
    assert found["offered"] is False


def test_a_later_version_counts_from_its_day_on_and_the_past_keeps_its_price(
    catalogue: Catalogue,
) -> None:
    product = catalogue.product()
    plan = catalogue.plan(product, "group", "12000.00")
    before = catalogue.told["position"]
    parts = [{"kind": "recurring", "tiers": [{"from": 1, "price": "13000.00"}]}]
    catalogue.do(f"{plan}/draft-version", parts=parts, valid_from="2026-07-01")
    assert catalogue.price(product, on="2026-07-01")["monthly"] == "12000.00"
    catalogue.do(f"{plan}/take-over", approved_on="2026-06-10", decided_by="资费管理委员会")
    on = {day: catalogue.price(product, on=day)["monthly"] for day in ("2026-06-30", "2026-07-01")}
    assert on == {"2026-06-30": "12000.00", "2026-07-01": "13000.00"}
    known = {"as_of_position": before, "on": "2026-07-01"}
    assert catalogue.price(product, **known)["monthly"] == "12000.00"


def test_the_nearest_plan_of_a_code_counts(catalogue: Catalogue) -> None:
    product = catalogue.product()
    catalogue.plan(product, "group", "12000.00")
    own = catalogue.plan(product, catalogue.province, "11000.00")
    found = catalogue.price(product)
    assert (found["monthly"], found["plan_unit"]) == ("11000.00", catalogue.province)
    assert catalogue.price(product, unit="group")["monthly"] == "12000.00"
    catalogue.do(f"{own}/end", reason="Moved up")
    assert catalogue.price(product)["monthly"] == "12000.00"
    yesterday = str(today() - timedelta(days=1))
    assert catalogue.price(product, on=yesterday)["monthly"] == "11000.00"


def test_what_no_plan_says_has_no_price_instead_of_none_to_pay(catalogue: Catalogue) -> None:
    product = catalogue.product()
    found = problem(catalogue.asked(product), 409, "no-price")
    assert NoPrice.text() in found["detail"]
    catalogue.plan(product, "group", "12000.00", months_at_least=12)
    problem(catalogue.asked(product, on="2025-12-31"), 409, "no-price")
    problem(catalogue.asked(product, months=11), 409, "no-price")
    assert catalogue.price(product, months=12)["monthly"] == "12000.00"


def test_a_price_goes_by_what_is_chosen(catalogue: Catalogue) -> None:
    product = catalogue.product()
    catalogue.plan(product, "group", "20.00", measure="bandwidth")
    chosen = '{"bandwidth": 4, "route": "diverse"}'
    assert catalogue.price(product, quantity=2, attributes=chosen)["monthly"] == "160.00"
    for odd, why in (
        (None, "bandwidth: tell its number"),
        ('{"bandwidth": 1}', "2 at least"),
        ('{"bandwidth": 4, "route": "round"}', "one of single, diverse"),
        ('{"bandwidth": 4, "colour": "red"}', "no attribute colour"),
        ("[]", "JSON object"),
        ("{", "JSON object"),
    ):
        refused = catalogue.asked(product, **({} if odd is None else {"attributes": odd}))
        (error,) = problem(refused, 422, "invalid-parameter")["errors"]
        assert error["parameter"] == "attributes"
        assert why in error["detail"], odd


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("unit", "nowhere"), ("on", "1 July"), ("plan", "none"), ("quantity", 0), ("months", 0)],
)
def test_what_makes_no_sense_is_refused_by_name(
    catalogue: Catalogue, parameter: str, value: Any
) -> None:
    answer = catalogue.asked(catalogue.product(), **{parameter: value})
    (error,) = problem(answer, 422, "invalid-parameter")["errors"]
    assert error["parameter"] == parameter


def test_nobody_approves_the_prices_that_they_submitted(catalogue: Catalogue) -> None:
    body = {"product_id": catalogue.product()[10:], "code": uuid4().hex, "unit": "group"}
    parts = [{"kind": "recurring", "tiers": TIERS}]
    ahead = str(today() + timedelta(days=40))
    path = (
        f"/price-plans/{catalogue.do('/price-plans', **body, parts=parts, valid_from=ahead)['id']}"
    )
    catalogue.do(f"{path}/submit")
    problem(catalogue.client.post(f"{path}/approve", json={}), 409, "same-hands")
    answer = catalogue.client.post(
        "/price-plans", json={**body, "parts": parts, "valid_from": ahead}
    )
    assert PlanCodeTaken.text() in problem(answer, 409, "plan-code-taken")["detail"]


@pytest.mark.parametrize(
    ("tiers", "status", "name", "pointer"),
    [
        ([{"from": 2, "price": "1.00"}], 409, "tiers-ascend", "/parts"),
        ([{"from": 1, "percent_off": "10"}], 409, "tiers-priced", "/parts"),
        ([{"from": 1, "price": "-1.00"}], 422, "invalid-body", "/parts/0/tiers/0/price"),
        ([{"from": 0, "price": "1.00"}], 422, "invalid-body", "/parts/0/tiers/0/from"),
        ([], 422, "invalid-body", "/parts/0/tiers"),
    ],
)
def test_prices_that_are_none_are_refused_where_they_stand(
    catalogue: Catalogue, tiers: Any, status: int, name: str, pointer: str
) -> None:
    body = {"product_id": catalogue.product()[10:], "code": uuid4().hex, "unit": "group"}
    parts = [{"kind": "recurring", "tiers": tiers}]
    told = {**body, "parts": parts, "valid_from": "2027-01-01"}
    answer = catalogue.client.post("/price-plans", json=told)
    assert problem(answer, status, name)["errors"][0]["pointer"] == pointer


def test_plans_are_listed_by_product_and_by_the_day_on_which_they_are_in_force(
    catalogue: Catalogue,
) -> None:
    product = catalogue.product()
    plan = catalogue.plan(product, "group", "12000.00")
    catalogue.do(f"{plan}/end", reason="Replaced")
    position = catalogue.told["position"]

    def listed(**more: Any) -> int:
        told = {"product_id": product[10:], "min_position": position, **more}
        answer = catalogue.client.get("/price-plans", params=told)
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    day = today()
    days = (date(2025, 12, 31), date(2026, 1, 1), day - timedelta(days=1), day)
    assert [listed(in_force_on=str(each)) for each in days] == [0, 1, 1, 0]
    then = {"as_of_position": position, "in_force_on": "2026-01-01"}
    assert (listed(unit="group"), listed(**then)) == (1, 1)


def test_a_product_has_a_code_and_is_named_by_its_id(catalogue: Catalogue) -> None:
    bare, product = catalogue.product(), catalogue.product(name=f"专线{uuid4().hex}")
    plan, client = catalogue.plan(product, "group", "12000.00"), catalogue.client
    position = {"min_position": catalogue.told["position"]}
    none = client.get("/price-plans", params={"product_id": bare[10:], **position})
    assert (none.status_code, none.json()["items"]) == (200, [])
    asked = {"product_id": product[10:], "expand": "product_id", **position}
    (row,) = client.get("/price-plans", params=asked).json()["items"]
    name = client.get(product).json()["name"]
    assert row["names"] == {"product_id": name}
    told = client.get(f"{plan}/history").json()["items"]
    assert any(name in each["sentence"] for each in told)
