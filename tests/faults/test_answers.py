"""Answers: grouped by record, exact to the hundredth, never silently empty, as people open them."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest

from tests.api.asking import problem
from tests.faults.fresh import Fresh, id_of

LARGEST = "9999999999999999.99"


def test_two_customers_of_one_name_are_two_rows(keyline: Fresh) -> None:
    both = [id_of(keyline.customer("First Steel")) for _ in range(2)]
    for customer, amount in zip(both, ("5.00", "7.00"), strict=True):
        keyline.sale(customer_id=customer, unit="js", amount=amount)
    found = keyline.ask("/reports/pipeline", by="customer", unit="js", measures="amount")["rows"]
    assert {row["customer"]: row["amount"] for row in found} == dict(
        zip(both, ("5.00", "7.00"), strict=True)
    )
    assert [row["customer_name"] for row in found] == ["First Steel"] * 2
    asked = {"customer": both[1], "measures": "amount"}
    assert [row["amount"] for row in keyline.ask("/reports/pipeline", **asked)["rows"]] == ["7.00"]


@pytest.mark.parametrize(
    ("unit", "amount", "parts"),
    [
        ("gd", "100.00", ["33.34", "33.33", "33.33"]),
        ("gd-gz", LARGEST, ["3333333333333333.33"] * 3),
    ],
)
def test_an_amount_over_three_equal_lines_adds_up_to_it(
    keyline: Fresh, unit: str, amount: str, parts: list[str]
) -> None:
    lines = [{"product": product, "one_off": "50.00"} for product in "abc"]
    keyline.sale(unit=unit, amount=amount, lines=lines)
    asked = {"by": "product", "unit": unit, "measures": "amount"}
    rows = keyline.ask("/reports/pipeline", **asked)["rows"]
    assert [row["amount"] for row in rows] == parts


def test_the_page_of_a_customer_with_twelve_of_the_largest_sales_adds_them_up(
    keyline: Fresh,
) -> None:
    customer = keyline.customer("Large", unit="gd-gz")
    for _ in range(12):
        keyline.sale(customer_id=id_of(customer), unit="gd-gz", amount=LARGEST, probability=100)
    page = keyline.ask(f"{customer}/page")
    assert len(page["opportunities"]) == 12
    assert "119999999999999999.88" in str(page)


def test_what_is_accepted_as_an_amount_is_loaded_and_what_is_larger_is_refused(
    keyline: Fresh,
) -> None:
    for number, amount in enumerate(("100000000000000.00", LARGEST)):
        keyline.customer(f"Rich {number}", industry="J", annual_revenue=amount)
    (row,) = keyline.ask("/reports/customers", industry="J", measures="annual_revenue")["rows"]
    assert row["annual_revenue"] == "10099999999999999.99"
    body = {"name": "Richer", "unit": "group", "annual_revenue": "10000000000000000.00"}
    found = keyline.refuse(422, "invalid-body", "/customers", **body)
    assert [each["pointer"] for each in found["errors"]] == ["/annual_revenue"]
    assert keyline.get("/readyz").json()["faults"] == []


@pytest.mark.parametrize(
    ("path", "asked", "parameter"),
    [
        ("/customers", {"industry": "medical"}, "industry"),
        ("/reports/customers", {"industry": "medical"}, "industry"),
        ("/reports/sales", {"quarter": "2017Q2"}, "quarter"),
        ("/reports/sales", {"from": "2025-02-01", "to": "2025-01-31"}, "to"),
        ("/customers", {"grade": "XYZ"}, "grade"),
        ("/customers", {"unit": "nope"}, "unit"),
        ("/events", {"type": "nope"}, "type"),
    ],
)
def test_what_there_cannot_be_is_refused_instead_of_answered_by_nothing(
    keyline: Fresh, path: str, asked: dict[str, str], parameter: str
) -> None:
    found = problem(keyline.get(path, **asked), 422, "invalid-parameter")
    assert [each["parameter"] for each in found["errors"]] == [parameter]


def test_what_is_not_in_sight_is_said_to_be(keyline: Fresh) -> None:
    group = id_of(keyline.customer("Kept at the group", industry="C"))
    keyline.sale(customer_id=group, unit="js")
    keyline.do("/roles", code="figures", name="F", unit="group", permissions=["*.read"])
    issued = keyline.do("/api-keys", name="regional", role="figures", unit="js")
    asked: dict[str, Any] = {"by": "industry", "measures": "opportunities"}
    asked |= {"min_position": keyline.position}
    with keyline.client(issued["key"]) as regional:
        rows = regional.get("/reports/pipeline", params=asked).json()["rows"]
    assert "(not in sight)" in [row["industry"] for row in rows]
    assert None not in [row["industry"] for row in rows]


def test_a_digest_of_days_before_the_recording_is_answered_in_words(keyline: Fresh) -> None:
    customer = keyline.customer("Digested", registered_on="2020-01-01")
    days = {"from": "2020-01-01", "to": "2020-12-31", "min_position": keyline.position}
    found = problem(keyline.get(f"{customer}/digest", **days), 422, "invalid-parameter")
    assert [each["parameter"] for each in found["errors"]] == ["to"]
    assert "nothing had been recorded of this customer by then" in found["detail"]


def test_a_list_opens_in_excel_as_it_was_meant(keyline: Fresh) -> None:
    name = "=1+1 集团"
    keyline.customer(name)
    asked = {"name": name, "fields": "name", "min_position": keyline.position}
    raw = keyline.get("/customers", format="csv", **asked)
    assert list(csv.reader(io.StringIO(raw.text)))[1][0] == name
    safe = keyline.get("/customers", format="csv", **asked, **{"for": "excel"}).content
    assert safe.startswith("\ufeffname".encode())
    assert list(csv.reader(io.StringIO(safe.decode("utf-8-sig"))))[1][0] == f"'{name}"
    book = keyline.get("/customers", format="xlsx", **asked).content
    sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
    assert (sheet["A2"].value, sheet["A2"].data_type) == (name, "s")


def test_what_explains_a_figure_has_names_and_days_beside_the_ids(keyline: Fresh) -> None:
    customer = keyline.customer("Explained", grade="A")
    sale = {"customer_id": id_of(customer), "expected_close": "2026-03-31", "title": "Renewal"}
    offered = keyline.sale(**sale)
    asked = {"by": "grade", "grade": "A", "measures": "opportunities"}
    (row,) = keyline.ask("/reports/pipeline", **asked)["rows"]
    (item,) = keyline.get(row["explain"]).json()["items"]
    assert (item["id"], item["title"], item["on"]) == (id_of(offered), "Renewal", "2026-03-31")
    assert [each["title"] for each in item["behind"]] == ["Explained"]


def test_a_list_at_once_has_what_was_written_where_it_waits_for_its_position(
    keyline: Fresh,
) -> None:
    for number in range(20):
        made = keyline.do("/customers", name=f"At once {number}", unit="group")
        asked = {"name": f"At once {number}", "min_position": made["position"]}
        found = keyline.get("/customers", **asked).json()
        assert [row["id"] for row in found["items"]] == [made["id"]]
        assert found["position"] >= made["position"]
