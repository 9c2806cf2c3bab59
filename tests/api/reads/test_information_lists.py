"""The lists of sites, products in use, bills and customers are asked for what clerks look for."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.kernel.time.business_day import today
from tests.api.asking import head, new_unit, problem, register, settled


class Place:
    """A unit of its own, with customers and what they have."""

    def __init__(self, client: httpx.Client) -> None:
        self.client, self.unit, self.tag = client, new_unit(client), uuid4().hex[:8]

    def do(self, path: str, **body: Any) -> str:
        """Give a command; returns the id of its record."""
        answer = self.client.post(path, json=body)
        assert answer.is_success, answer.text
        return str(answer.json()["id"])

    def customer(self, **more: Any) -> str:
        return str(register(self.client, unit=self.unit, **more)["id"])

    def account(self, customer: str | None, name: str) -> str:
        number = f"{name}-{self.tag}"
        told = {"account_number": number, "unit": self.unit, "customer_id": customer}
        self.do("/billing-accounts", **told, effective=None if customer else "2026-01-01")
        return number

    def bill(self, number: str, month: str, due: str, amount: str = "10.00") -> str:
        """Receive a bill that was issued on the first day of 2026."""
        lines = [{"kind": "recurring", "product": "专线", "amount": amount}]
        told = {"account_number": number, "month": month, "due_on": due, "amount": amount}
        return self.do("/bills", **told, issued_on="2026-01-01", lines=lines)

    def ids(self, path: str, **asked: Any) -> set[str]:
        """Return the ids of a list, which has all its rows on one page."""
        told = {"min_position": head(self.client), "limit": 1000, **asked}
        answer = self.client.get(path, params=told)
        assert answer.status_code == 200, answer.text
        return {each["id"] for each in answer.json()["items"]}


@pytest.fixture
def place(client: httpx.Client) -> Place:
    return Place(client)


def test_a_bill_of_an_account_that_nobody_holds_is_listed_until_somebody_does(place: Place) -> None:
    held = place.bill(place.account(place.customer(), "A"), "2026-01", "2026-02-01")
    number = place.account(None, "B")
    (account,) = place.ids("/billing-accounts", account_number=number)
    loose = [place.bill(number, month, "2026-02-01") for month in ("2026-01", "2026-02")]
    unknown = place.bill(f"X-{place.tag}", "2026-01", "2026-02-01")
    mine = {"account_number": f"{number},X-{place.tag},A-{place.tag}"}
    assert place.ids("/bills/unmatched", **mine) == {*loose, unknown}
    assert place.ids("/bills/unmatched", **mine, month="2026-02") == {loose[1]}
    first = place.client.get("/bills/unmatched", params={**mine, "limit": 1, "count": "exact"})
    found = first.json()
    assert (len(found["items"]), found["count"]) == (1, 3)
    more = place.client.get("/bills/unmatched", params={**mine, "cursor": found["next"]}).json()
    assert {each["id"] for each in found["items"] + more["items"]} == {*loose, unknown}
    file = place.client.get(
        "/bills/unmatched/export", params={**mine, "format": "csv", "fields": "id"}
    )
    assert {each.rstrip(",") for each in file.text.split()[1:]} == {*loose, unknown}
    before = head(place.client)
    holder = place.customer(registered_on="2025-12-01")
    place.do(f"/billing-accounts/{account}/assign", customer_id=holder, effective="2026-01-01")
    settled(place.client)
    assert place.ids("/bills/unmatched", **mine) == {unknown}
    then = place.ids("/bills/unmatched", **mine, as_of_position=before, min_position=before)
    assert then == {*loose, unknown}
    assert held not in then


def test_the_list_of_unmatched_bills_is_asked_for_no_customer(client: httpx.Client) -> None:
    found = problem(
        client.get("/bills/unmatched", params={"customer_id": str(uuid4())}),
        422,
        "invalid-parameter",
    )
    assert found["errors"][0]["parameter"] == "customer_id"


def test_bills_are_asked_for_by_customer_account_month_and_whether_they_are_overdue(
    place: Place,
) -> None:
    customer, yesterday = place.customer(), f"{today() - timedelta(1)}"
    number = place.account(customer, "A")
    late = place.bill(number, "2026-01", yesterday)
    due = place.bill(number, "2026-02", f"{today()}")
    paid = place.bill(number, "2026-03", yesterday)
    place.do(f"/bills/{paid}/record-payment", amount="10.00", on="2026-02-01", reference="z1")
    mine = {"customer_id": customer}
    assert place.ids("/bills", **mine) == {late, due, paid}
    assert place.ids("/bills", account_number=number, month="2026-02") == {due}
    assert place.ids("/bills", **mine, overdue="true") == {late}
    assert place.ids("/bills", **mine, overdue="false") == {due, paid}
    assert place.ids("/bills", **mine, overdue="true", valid_at=yesterday) == set()


def test_customers_are_found_by_bills_that_are_overdue_on_the_day_asked_about(
    place: Place,
) -> None:
    late, paid, none, bare = (place.customer() for _ in range(4))
    one = place.bill(place.account(late, "L"), "2026-01", "2026-01-31")
    two = place.bill(place.account(paid, "P"), "2026-01", "2026-01-31")
    place.bill(place.account(none, "N"), "2026-01", "2060-01-31")
    mine = {"unit": place.unit, "fields": "id"}
    assert place.ids("/customers", **mine, overdue="true") == {late, paid}
    assert place.ids("/customers", **mine, overdue="false") == {none, bare}
    before = head(place.client)
    place.do(f"/bills/{two}/record-payment", amount="10.00", on="2026-02-10", reference="z1")
    assert place.ids("/customers", **mine, overdue="true") == {late}
    assert place.ids("/customers", **mine, overdue="false") == {paid, none, bare}
    known = {"as_of_position": before, "min_position": before}
    assert place.ids("/customers", **mine, **known, overdue="true") == {late, paid}
    for day, found in (
        ("2026-01-31", set()),
        ("2026-02-01", {late, paid}),
        ("2026-02-09", {late, paid}),
        ("2026-02-10", {late}),
    ):  # what was true on each day, of bills that were issued on the first of January
        bills = place.ids("/bills", unit=place.unit, overdue="true", valid_at=day)
        assert bills == {bill for bill, of in ((one, late), (two, paid)) if of in found}, day
    narrowed = place.ids("/customers", **mine, overdue="true", completeness_below=60)
    assert narrowed == {late}
    assert place.ids("/customers", **mine, overdue="true", completeness_below=0) == set()


def test_customers_are_found_by_completeness_and_credit(place: Place) -> None:
    rated, other = place.customer(), place.customer()
    place.do(f"/customers/{rated}/rate-credit", rating="AA", until=f"{today() + timedelta(90)}")
    mine = {"unit": place.unit, "fields": "id"}
    assert place.ids("/customers", **mine, completeness_below=60) == {rated, other}
    assert place.ids("/customers", **mine, completeness_below=60, credit="AA,A") == {rated}
    assert place.ids("/customers", **mine, completeness_below=60, credit="C") == set()


def test_sites_are_found_by_their_access_and_products_in_use_by_when_they_ceased(
    place: Place,
) -> None:
    customer, at = place.customer(), {"area": "town", "address": "东风中路 300 号"}
    told = {"customer_id": customer, "unit": place.unit, **at}
    head_, shop = (
        place.do("/sites", **told, name=kind, kind=kind) for kind in ("head-office", "outlet")
    )
    for site, medium, carrier in ((head_, "fibre", "华联通信"), (shop, "copper", "ours")):
        place.do(f"/sites/{site}/add-access-point", code="A", medium=medium, carrier=carrier)
    mine = {"customer_id": customer, "unit": place.unit}
    assert place.ids("/sites", **mine) == {head_, shop}
    assert place.ids("/sites", **mine, kind="outlet", medium="copper", carrier="ours") == {shop}
    assert place.ids("/sites", **mine, medium="fibre", carrier="华联通信") == {head_}
    assert place.ids("/sites", **mine, medium="fibre", carrier="ours") == set()
    used = {"customer_id": customer, "unit": place.unit, "product_name": "专线", "attributes": {}}
    kept, gone = (
        place.do("/products-in-use", **used, site_id=site, activated_on="2026-01-01")
        for site in (head_, shop)
    )
    place.do(f"/products-in-use/{gone}/cease", reason="搬迁", effective="2026-03-31")
    its = {"customer_id": customer}
    assert place.ids("/products-in-use", **its, state="active", site_id=head_) == {kept}
    for period, found in (
        ("2026-03", {gone}),
        ("2026-Q1", {gone}),
        ("2026", {gone}),
        ("2026-02", set()),
        ("2026-04", set()),
    ):
        assert place.ids("/products-in-use", **its, ceased_in=period) == found, period
    wrong = place.client.get("/products-in-use", params={"ceased_in": "2026-13"})
    assert "2026-Q1" in problem(wrong, 422, "invalid-parameter")["errors"][0]["detail"]
