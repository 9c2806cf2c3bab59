"""Comparisons over HTTP, and the list of what is offered in a unit."""

from typing import Any

import httpx
import pytest

from tests.api.asking import problem
from tests.api.products.test_price import Catalogue


@pytest.fixture
def catalogue(client: httpx.Client) -> Catalogue:
    return Catalogue(client)


def test_a_product_stands_beside_all_its_rivals_point_by_point(catalogue: Catalogue) -> None:
    product, client = catalogue.product(), catalogue.client
    price = {"attribute": "价格", "ours": "12000", "theirs": "11000", "verdict": "worse"}
    delay = {"attribute": "时延", "ours": "3 ms", "theirs": "5 ms", "verdict": "better"}
    for rival, points in (("华联通信", [price, delay]), ("北方网络", [price])):
        told = {"competitor": rival, "rival_product": "精品专线", "source": "公开资费"}
        catalogue.do(f"{product}/compare", points=points, **told)
    position = {"min_position": catalogue.told["position"]}
    found = client.get(f"{product}/comparison", params=position).json()
    counted = {each["competitor"]: (each["better"], each["worse"]) for each in found["rivals"]}
    assert counted == {"华联通信": (1, 1), "北方网络": (0, 1)}
    asked = {each["attribute"]: len(each["rivals"]) for each in found["attributes"]}
    assert asked == {"价格": 2, "时延": 1}
    before = {"as_of_position": catalogue.told["position"] - 1}
    assert len(client.get(f"{product}/comparison", params=before).json()["rivals"]) == 1
    problem(client.get(f"/products/{product[10:-4]}ffff/comparison"), 404, "unknown-id")


def test_what_is_offered_in_a_unit_is_offered_below_it(catalogue: Catalogue) -> None:
    product, client = catalogue.product(), catalogue.client
    catalogue.do(f"{product}/put-on-sale", units=[catalogue.province])
    position = catalogue.told["position"]

    def listed(unit: str, **more: Any) -> bool:
        told = {"offered_in": unit, "state": "on-sale", "limit": 1000, **more}
        answer = client.get("/products", params=told)
        assert answer.status_code == 200, answer.text
        return product[10:] in {each["id"] for each in answer.json()["items"]}

    for moment in ({"min_position": position}, {"as_of_position": position}):
        assert listed(catalogue.network, **moment)
        assert listed(f"group,{catalogue.province}", **moment)
        assert not listed("group", **moment)
    problem(client.get("/products", params={"offered_in": "nowhere"}), 422, "invalid-parameter")


def test_a_bundle_in_a_bundle_is_refused_by_its_field(catalogue: Catalogue) -> None:
    outer, inner = catalogue.product(bundle=True), catalogue.product(bundle=True)
    single = catalogue.product()
    often = {"least": 1, "most": 2, "usual": 1}
    catalogue.do(f"{outer}/add-component", product_id=single[10:], **often)
    body = {"product_id": inner[10:], **often}
    answer = catalogue.client.post(f"{outer}/add-component", json=body)
    refused = problem(answer, 409, "single-product-required")
    assert refused["errors"][0]["pointer"] == "/product_id"
