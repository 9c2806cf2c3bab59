"""Product texts over HTTP: lines of sales name products; texts that name none have a suggestion."""

from typing import Any
from uuid import uuid4

import httpx

from tests.api.asking import problem, register
from tests.api.products.test_price import Catalogue


def test_a_text_without_a_product_comes_with_the_one_that_it_means(client: httpx.Client) -> None:
    catalogue, name = Catalogue(client), f"专线{uuid4().hex}"
    product = catalogue.product(name=name)[10:]
    customer = register(client)["id"]
    sale = {"customer_id": customer, "unit": "group", "title": "Lines"}
    lines = [{"product": name}, {"product": f"{name} 100M"}, {"product": uuid4().hex}]
    opportunity = catalogue.do("/opportunities", **sale, lines=lines)["id"]

    def texts() -> dict[str, Any]:
        position = {"min_position": catalogue.told["position"]}
        found = client.get("/product-texts", params=position).json()
        assert found["complete"] is True
        return {each["text"]: each for each in found["items"]}

    found = texts()
    meant = {"product_id": product, "name": name, "code": found[name]["suggestion"]["code"]}
    assert found[name]["suggestion"] == {**meant, "exact": True}
    assert found[f"{name} 100M"]["suggestion"] == {**meant, "exact": False}
    assert found[lines[2]["product"]]["suggestion"] is None
    assert found[name]["opportunities"] == [opportunity]
    named = [{"product": name, "product_id": product}, *lines[2:]]
    catalogue.do(f"/opportunities/{opportunity}/revise-lines", lines=named)
    assert texts().keys().isdisjoint({name, f"{name} 100M"})
    told = client.get(f"/opportunities/{opportunity}").json()["lines"]
    assert [each.get("product_id") for each in told] == [product, None]


def test_a_line_names_a_product_that_there_is_and_that_is_not_withdrawn(
    client: httpx.Client,
) -> None:
    catalogue = Catalogue(client)
    product = catalogue.product()
    catalogue.do(f"{product}/withdraw", reason="Replaced")
    customer = register(client)["id"]
    sale = {"customer_id": customer, "unit": "group", "title": "Lines"}
    for id_, status, name in (
        (product[10:], 409, "record-closed"),
        (customer, 422, "unknown-reference"),
    ):
        lines = [{"product": "专线", "product_id": id_}]
        answer = client.post("/opportunities", json={**sale, "lines": lines})
        refused = problem(answer, status, name)
        assert refused["errors"][0]["pointer"] == "/lines/0/product_id"
