"""The revenue of a customer: by product and month, of nobody who is not there."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx

from tests.api.asking import head, new_unit, register


def test_a_customer_is_told_what_it_was_billed_by_product_and_month(client: httpx.Client) -> None:
    unit, number = new_unit(client), f"ZH-{uuid4().hex[:8]}"
    customer = register(client, unit=unit)["id"]
    told = {"account_number": number, "customer_id": customer, "unit": unit}
    assert client.post("/billing-accounts", json=told).is_success
    for month, amount in (("2026-01", "7.00"), ("2026-02", "9.50")):
        bill: dict[str, Any] = {"account_number": number, "month": month, "amount": amount}
        bill |= {"issued_on": f"{month}-28", "due_on": "2026-04-01"}
        bill |= {"lines": [{"kind": "recurring", "product": "专线", "amount": amount}]}
        assert client.post("/bills", json=bill).is_success
    here, asked = f"/customers/{customer}/revenue", {"min_position": head(client)}
    rows = client.get(here, params={**asked, "by": "unknown_product,month"}).json()["rows"]
    assert [(row["unknown_product"], row["month"], row["billed"]) for row in rows] == [
        ("专线", "2026-01", "7.00"),
        ("专线", "2026-02", "9.50"),
    ]
    assert all(Decimal(row["billed"]) and customer in row["explain"] for row in rows)
    (one,) = client.get(here, params={**asked, "by": "month", "from": "2026-02-01"}).json()["rows"]
    assert one["billed"] == "9.50"
    other = client.get(f"/customers/{unit}/revenue")
    assert (other.status_code, other.json()["type"]) == (404, "/problems/unknown-id")
    wrong = client.get(here, params={"by": "colour"})
    assert (wrong.status_code, wrong.json()["errors"][0]["parameter"]) == (422, "by")
