"""Explaining over HTTP: links from figures to the records and events behind them."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import orjson
import pyarrow.parquet as pq
import pytest

from adapters.settings import Settings
from domain.kernel.time.business_day import today
from tests.api.asking import head, new_unit, problem, register
from tests.api.conftest import KEY, serving
from tests.api.kernel.access.test_visibility import NO_AMOUNTS, World


def offer(client: httpx.Client, unit: str, customer: str, amount: str) -> str:
    body: dict[str, Any] = {"title": "Lines", "unit": unit, "customer_id": customer}
    lines = [
        {"product": "DIA, 100M", "quantity": 1, "monthly": "100.00"},
        {"product": "A\\B", "quantity": 2, "monthly": "100.00"},
    ]
    answer = client.post("/opportunities", json=body | {"amount": amount, "lines": lines})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


class Sales:
    """A unit of its own with two customers and their opportunities."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.unit = client, new_unit(client)
        names = (f"Zhu, Sons {self.unit}", f"Back\\slash, {self.unit}")
        self.customers = [register(client, unit=self.unit, name=name)["id"] for name in names]
        self.offers = [
            offer(client, self.unit, customer, amount)
            for customer, amount in zip(
                self.customers * 2, ("10.00", "0.01", "99.99"), strict=False
            )
        ]

    def ask(self, **asked: str) -> dict[str, Any]:
        params = {"unit": self.unit, "min_position": str(head(self.client))} | asked
        answer = self.client.get("/reports/pipeline", params=params)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
def sales(client: httpx.Client) -> Sales:
    return Sales(client)


def explained(client: httpx.Client, row: dict[str, Any]) -> dict[str, Any]:
    answer = client.get(row["explain"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    figures = {each["measure"]: each["figure"] for each in found["figures"]}
    assert figures == {name: row[name] for name in figures}
    return found


@pytest.mark.parametrize("by", ["", "customer", "product", "stage,month", "manager", "province"])
def test_the_link_of_a_row_leads_to_records_that_add_up_to_it(sales: Sales, by: str) -> None:
    found = sales.ask(**({"by": by} if by else {}))
    assert found["rows"]
    for row in found["rows"]:
        answer = explained(sales.client, row)
        assert answer["position"] == found["position"]
        given = [each["contributions"] for each in answer["items"]]
        assert sum(each["opportunities"] for each in given) == row["opportunities"]
        amount = sum((Decimal(each["amount"]) for each in given), Decimal(0))
        assert amount == Decimal(row["amount"])
        assert {each["id"] for each in answer["items"]} <= set(sales.offers)


def test_a_link_says_the_same_whatever_happens_afterwards(sales: Sales) -> None:
    (row,) = sales.ask(by="stage", measures="opportunities,amount")["rows"]
    (dated,) = sales.ask(by="stage", measures="opportunities", valid_at=today().isoformat())["rows"]
    assert parse_qs(urlsplit(dated["explain"]).query)["valid_at"]
    before = [explained(sales.client, each) for each in (row, dated)]
    sales.client.post(f"/opportunities/{sales.offers[0]}/win", json={"amount": "7.00"})
    offer(sales.client, sales.unit, sales.customers[0], "5.00")
    sales.ask()
    assert [explained(sales.client, each) for each in (row, dated)] == before
    assert sales.ask(by="stage", measures="opportunities,amount")["rows"] != [row]


def test_each_record_has_links_to_what_it_was_and_to_its_events(sales: Sales) -> None:
    found = sales.ask(by="industry", measures="opportunities", valid_at=today().isoformat())
    for item in explained(sales.client, found["rows"][0])["items"]:
        (customer,) = item["behind"]
        assert customer["id"] in sales.customers
        for each, name in ((item, "title"), (customer, "name")):
            record = sales.client.get(each["record"])
            assert record.status_code == 200, record.text
            assert each["title"] == record.json()[name]
        assert item["on"] == sales.client.get(item["record"]).json()["expected_close"]
        for each in (item, customer):
            history = sales.client.get(each["history"]).json()["items"]
            assert history
            assert all(event["position"] <= found["position"] for event in history)


def test_pages_and_formats_hold_the_same_records(sales: Sales) -> None:
    (row,) = sales.ask(measures="opportunities,amount,average_probability")["rows"]
    items, cursor = list[dict[str, Any]](), None
    while cursor or not items:
        more = f"&cursor={cursor}" if cursor else ""
        answer = sales.client.get(f"{row['explain']}&limit=1{more}")
        items += answer.json()["items"]
        cursor = answer.json()["next"]
        assert ('rel="next"' in answer.headers.get("link", "")) == bool(cursor)
    assert [each["id"] for each in items] == sorted(sales.offers)
    text = sales.client.get(f"{row['explain']}&format=csv")
    lines = list(csv.DictReader(io.StringIO(text.text)))
    assert [line["id"] for line in lines] == [each["id"] for each in items]
    assert [line["amount"] for line in lines] == [e["contributions"]["amount"] for e in items]
    assert [line["history"] for line in lines] == [each["history"] for each in items]
    file = sales.client.get(f"{row['explain']}&format=parquet")
    table = pq.read_table(io.BytesIO(file.content)).to_pylist()
    assert [str(each["amount"]) for each in table] == [line["amount"] for line in lines]
    assert all(each["average_probability.count"] == 1 for each in table)
    problem(sales.client.get(f"{row['explain']}&limit=1&cursor=x"), 422, "invalid-cursor")


def test_what_has_no_records_is_explained_by_none(sales: Sales) -> None:
    unit = new_unit(sales.client)
    asked = {"unit": unit, "measures": "opportunities", "format": "json"}
    asked["min_position"] = str(head(sales.client))
    found = sales.client.get("/reports/pipeline/records", params=asked).json()
    assert (found["items"], found["figures"][0]["figure"]) == ([], 0)
    for format in ("csv", "parquet"):
        answer = sales.client.get("/reports/pipeline/records", params=asked | {"format": format})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "measures=colour",
        "colour=red",
        "stage_under=lead",
        "from=2026-13-01",
        "format=xml",
        "as_of=2999-01-01",
        "as_of_position=999999999",
        "valid_at=2999-01-01",
        "valid_at=yesterday",
        "currency=CNY,USD",
        "measures=amount",
        "by=stage",
        "limit=0",
    ],
)
def test_what_cannot_be_explained_is_named(client: httpx.Client, query: str) -> None:
    found = problem(client.get(f"/reports/pipeline/records?{query}"), 422, "invalid-parameter")
    named = "currency" if query == "measures=amount" else query.partition("=")[0]
    assert named in {error["parameter"] for error in found["errors"]}


def test_a_report_that_there_is_not_has_no_records(client: httpx.Client) -> None:
    problem(client.get("/reports/weather/records"), 404, "not-found")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("explaining")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as address:
        world = World(address)
        loaded = {"min_position": head(world.admin)}
        assert world.admin.get("/reports/pipeline", params=loaded).status_code == 200
        yield world
        for client in (world.admin, *world.readers.values()):
            client.close()


def test_nobody_is_shown_more_than_the_report_counts_for_them(world: World) -> None:
    for who, sales in (
        ("group", {world.sale, world.other_sale}),
        ("gd", {world.sale}),
        ("js", {world.other_sale}),
    ):
        (row,) = world.get(who, "/reports/pipeline")["rows"]
        found = explained(world.readers[who], row)
        assert {each["id"] for each in found["items"]} == sales
        # The link of somebody who sees more shows no more.
        (wide,) = world.get("group", "/reports/pipeline")["rows"]
        items = world.readers[who].get(wide["explain"]).json()["items"]
        assert {each["id"] for each in items} == sales


def test_a_masked_figure_is_not_explained_by_its_values(world: World) -> None:
    reader, (row,) = (
        world.readers["gd, masked"],
        world.get("gd, masked", "/reports/pipeline")["rows"],
    )
    found = explained(reader, row)
    assert found["masked"] == ["amount"]
    assert "10.00" not in orjson.dumps(found).decode()
    (wide,) = world.get("group", "/reports/pipeline", measures="amount")["rows"]
    for path in (wide["explain"], f"{wide['explain']}&format=csv"):
        problem(reader.get(path), 403, "field-masked")
    for path in ("campaigns", "customers", "sales"):
        answer = reader.get(f"/reports/{path}/records", params={"currency": "CNY"})
        assert answer.status_code == 200, answer.text
        masked = {name.replace("it-budget", "revenue") for name in answer.json()["masked"]}
        assert masked <= {*NO_AMOUNTS, "cost"}
    roi = reader.get("/reports/campaigns/records", params={"measures": "roi", "currency": "CNY"})
    problem(roi, 403, "field-masked")


def test_records_need_the_permissions_of_the_report(world: World) -> None:
    problem(world.readers["sales of gd"].get("/reports/pipeline/records"), 403, "not-permitted")
    world.make("/roles", code="figures", name="F", unit="group", permissions=["report.read"])
    with world.key("figures", "gd") as reader:
        path = "/reports/pipeline/records?measures=opportunities"
        assert [e["id"] for e in reader.get(path).json()["items"]] == [world.sale]
        problem(reader.get(f"{path}&format=csv"), 403, "not-permitted")


def test_of_several_reports_a_masked_figure_is_refused_and_what_is_out_of_sight_is_not_counted(
    world: World,
) -> None:
    asked = {"measures": "pipeline.opportunities,tickets", "by": "province"}
    found = {who: world.get(who, "/statistics", **asked)["rows"] for who in ("group", "gd, masked")}
    assert {row["province"] for row in found["gd, masked"]} <= {"gd", None}
    assert {row["province"] for row in found["group"]} >= {"gd", "js"}
    alone = world.get("gd, masked", "/reports/pipeline", by="province", measures="opportunities")
    told = {row["province"]: row["opportunities"] for row in alone["rows"]}
    assert told == {row["province"]: row["pipeline.opportunities"] for row in found["gd, masked"]}
    hidden = world.readers["gd, masked"].get("/statistics", params={"measures": "pipeline.amount"})
    problem(hidden, 403, "field-masked")
