"""Figures that were corrected, beside what they were known to be; and ratios of several reports."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.api.asking import new_unit, problem, register

MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
THOUSANDS = (420, 310, 120, 60, 36, 24, 12, 9, 6, 3)


class Billing:
    """Customers of a unit of their own, with bills."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.unit, self.position = client, new_unit(client), 0

    def post(self, path: str, **body: Any) -> str:
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        self.position = answer.json()["position"]
        id_: str = answer.json()["id"]
        return id_

    def customer(self) -> str:
        """Register a customer that is active since January; return it."""
        found: str = register(self.client, unit=self.unit, registered_on="2026-01-02")["id"]
        self.post(f"/customers/{found}/activate", effective="2026-01-02")
        return found

    def bill(self, customer: str, month: str, amount: str, **line: Any) -> str:
        number = f"ZH-{uuid4().hex[:8]}"
        account = {"account_number": number, "customer_id": customer, "unit": self.unit}
        self.post("/billing-accounts", **account)
        lines = [{"kind": "recurring", "amount": amount, **line}]
        told = {"account_number": number, "month": month, "amount": amount, "lines": lines}
        return self.post("/bills", **told, issued_on=f"{month}-28", due_on="2026-05-20")

    def correct(self, bill: str, amount: str, **line: Any) -> None:
        lines = [{"kind": "recurring", "amount": amount, **line}]
        self.post(f"/bills/{bill}/correct", lines=lines, amount=amount, reason="更正")

    def ask(self, path: str, **asked: Any) -> Any:
        told: dict[str, Any] = {"unit": self.unit, "min_position": self.position}
        return self.client.get(path, params=told | asked).raise_for_status().json()

    def late(self, found: Any) -> list[str]:
        """Return the bills of which there are late entries behind figures."""
        entries = self.client.get(f"{found['late_entries']}&aggregate=bill").json()["items"]
        return [each["stream"] for each in entries]


@pytest.fixture
def billing(client: httpx.Client) -> Billing:
    return Billing(client)


def test_a_correction_is_told_beside_what_was_known_with_what_made_the_difference(
    billing: Billing,
) -> None:  # A1, B2
    customers = [billing.customer() for _ in THOUSANDS]
    billing.post(f"/customers/{customers[9]}/lapse", reason="price", effective="2026-03-20")
    bills = [
        billing.bill(each, "2026-03", f"{thousands}000.00")
        for each, thousands in zip(customers, THOUSANDS, strict=True)
    ]
    then = billing.position
    (row,) = billing.ask("/statistics", measures="arpa", **MARCH)["rows"]
    assert row["arpa"] == "111111.11"
    billing.correct(bills[4], "30000.00")
    for asked in (MARCH, {"month": "2026-03"}):
        known = {"measures": "billed", "compare": f"known:{then}"}
        found = billing.ask("/reports/revenue", **known, **asked)
        (row,) = found["rows"]
        assert (row["billed"], row["billed_known"]) == ("994000.00", "1000000.00")
        assert row["billed_known_change"] == "-6000.00"
        assert billing.late(found) == [bills[4]]
    found = billing.ask("/statistics", measures="arpa", compare=f"known:{then}", **MARCH)
    (row,) = found["rows"]
    assert (row["arpa"], row["arpa_known"]) == ("110444.44", "111111.11")
    assert row["arpa_known_change"] == "-666.67"
    assert billing.late(found) == [bills[4]]
    assert found["columns"] == [
        *("currency", "arpa", "arpa_known", "arpa_known_change", "arpa_known_share")
    ]
    for report, measure, total in (
        ("revenue", "billed", "994000.00"),
        ("customer-months", "customer_months", 9),
    ):
        behind = billing.client.get(row["explain"][report]).raise_for_status().json()
        (figure,) = (each for each in behind["figures"] if each["measure"] == measure)
        assert figure["figure"] == total
        assert len(behind["items"]) == (10 if report == "revenue" else 9)
    behind = billing.client.get(row["explain_known"]["revenue"]).raise_for_status().json()
    assert behind["figures"][0]["figure"] == "1000000.00"
    (past,) = billing.ask("/statistics", measures="arpa", as_of_position=then, **MARCH)["rows"]
    assert past["arpa"] == "111111.11"


def test_a_month_is_told_as_it_was_first_and_as_it_is_by_the_line(billing: Billing) -> None:
    april = billing.bill(billing.customer(), "2026-04", "38000.00", in_service=16)
    then, asked = billing.position, {"month": "2026-04", "measures": "billed,arpu"}
    billing.correct(april, "48000.00", in_service=16)
    for more, told in (
        ({"as_of_position": then}, ("38000.00", "2375.00")),
        ({}, ("48000.00", "3000.00")),
    ):
        (row,) = billing.ask("/reports/revenue", **asked, **more)["rows"]
        assert (row["billed"], row["arpu"]) == told
    found = billing.ask("/reports/revenue", **asked, compare=f"known:{then}")
    assert found["rows"][0]["billed_known_change"] == "10000.00"
    assert billing.late(found) == [april]


def test_what_a_ratio_is_taken_over_is_no_filter_of_the_whole(billing: Billing) -> None:
    customers = [billing.customer() for _ in range(5)]
    for each in customers[:2]:
        use = {"customer_id": each, "unit": billing.unit, "product_name": "专线", "attributes": {}}
        billing.post("/products-in-use", **use, quantity=1, activated_on="2026-02-01")
    for asked in ({"by": "old_product"}, {"old_product": "专线"}):
        (row,) = billing.ask("/statistics", measures="penetration", **asked, **MARCH)["rows"]
        assert row["penetration"] == 0.4
        for report, number in (("product-holdings", 2), ("customer-base", 5)):
            behind = billing.client.get(row["explain"][report]).raise_for_status().json()
            assert len(behind["items"]) == number, row["explain"]
    totals = billing.ask("/statistics", measures="penetration", by="old_product", totals=1)
    assert [row["penetration"] for row in totals["rows"]] == [0.4, 0.4]
    file = billing.client.get(
        "/statistics/export",
        params={"measures": "penetration,arpa", "unit": billing.unit, **MARCH},
    )
    assert Decimal(file.text.splitlines()[1].split(",")[1]) == Decimal("0.4")


@pytest.mark.parametrize(
    ("parameter", "asked"),
    [
        ("by", {"measures": "arpa", "by": "product"}),
        ("product", {"measures": "arpa", "product": "x"}),
        ("by", {"measures": "penetration,active_customers", "by": "product"}),
        ("compare", {"measures": "arpa", "compare": "target"}),
    ],
)
def test_what_a_ratio_cannot_be_asked_is_named(
    client: httpx.Client, parameter: str, asked: dict[str, str]
) -> None:
    found = problem(client.get("/statistics", params=asked), 422, "invalid-parameter")
    assert {each["parameter"] for each in found["errors"]} == {parameter}
    for path in ("/reports/revenue", "/analyses/trend"):
        found = problem(client.get(path, params={"measures": "arpa"}), 422, "invalid-parameter")
        assert found["errors"][0]["parameter"] == "measures"


def test_revenue_is_of_what_a_customer_was_like_then_or_is_now(billing: Billing) -> None:
    customer = billing.customer()
    billing.post(f"/customers/{customer}/regrade", grade="B", reason="x", effective="2026-01-02")
    for month, amount in (("2026-02", "100.00"), ("2026-03", "200.00")):
        billing.bill(customer, month, amount)
    then = billing.position
    billing.post(f"/customers/{customer}/regrade", grade="A", reason="x", effective="2026-03-10")
    asked = {"measures": "billed", "by": "grade", "from": "2026-01-01", "to": "2026-03-31"}

    def told(**more: Any) -> dict[str, str]:
        rows = billing.ask("/reports/revenue", **asked, **more)["rows"]
        for row in rows:
            behind = billing.client.get(row["explain"]).raise_for_status().json()
            assert behind["figures"][0]["figure"] == row["billed"]
        return {row["grade"]: row["billed"] for row in rows}

    assert told() == told(attributes="then") == {"A": "200.00", "B": "100.00"}
    assert told(attributes="now") == {"A": "300.00"}
    assert told(as_of_position=then) == {"B": "300.00"}
    across = {**asked, "measures": "billed_revenue,customer_months"}
    rows = billing.ask("/statistics", **across)["rows"]
    assert {row["grade"]: row["customer_months"] for row in rows} == {"A": 1, "B": 2}
    rows = billing.ask("/statistics", **across, attributes="now")["rows"]
    assert [row["billed_revenue"] for row in rows if row["grade"] == "A"] == ["300.00"]
    for path, value in (("revenue", "soon"), ("revenue", ""), ("tickets", "now")):
        answer = billing.client.get(f"/reports/{path}", params={"attributes": value})
        found = problem(answer, 422, "invalid-parameter")
        assert [each["parameter"] for each in found["errors"]] == ["attributes"]
    for path in ("/statistics", "/analyses/deciles"):
        params = {"measures": "sales.won", "attributes": "now"}
        found = problem(billing.client.get(path, params=params), 422, "invalid-parameter")
        assert [each["parameter"] for each in found["errors"]] == ["attributes"]
