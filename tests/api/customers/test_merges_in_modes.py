"""Merges of customers, in both ways to run: one customer afterwards, and two when undone."""

from __future__ import annotations

from typing import Any

import httpx

from tests.api.asking import head, new_unit, patient, register
from tests.api.customers.test_customer_merges import until
from tests.api.modes import running as running
from tests.api.modes import system as system


def read(client: httpx.Client, path: str, **ask: Any) -> httpx.Response:
    """Read what has come by now to where it is read."""
    return patient(client, path, **{"min_position": head(client)} | ask)


def counted(client: httpx.Client, unit: str, **at: Any) -> int:
    """Return how many customers of a unit the report counts."""
    rows = read(client, "/reports/customers", by="unit", **at).json()["rows"]
    return sum(row["customers"] for row in rows if row["unit"] == unit)


def test_who_is_merged_is_one_customer_and_two_again_when_it_is_undone(
    running: httpx.Client,
) -> None:
    unit = new_unit(running)
    survivor, duplicate = (register(running, unit=unit)["id"] for _ in range(2))
    about = {"title": "x", "unit": unit, "customer_id": duplicate}
    deal = running.post("/opportunities", json=about).json()["id"]
    before = head(running)
    assert counted(running, unit) == 2
    body = {"survivor_id": survivor, "duplicate_id": duplicate, "reason": "The same"}
    merge = running.post("/customer-merges", json=body).json()["id"]
    until(running, merge, "done")

    answer = read(running, f"/customers/{duplicate}")
    assert answer.status_code == 307
    assert answer.headers["location"].partition("?")[0] == f"/customers/{survivor}"
    assert read(running, f"/opportunities/{deal}").json()["customer_id"] == survivor
    assert (counted(running, unit), counted(running, unit, as_of_position=before)) == (1, 2)
    merged = head(running)
    for id_, other, type_ in (
        (survivor, duplicate, "customer.absorbed"),
        (duplicate, survivor, "customer.merged-into"),
    ):
        last = read(running, f"/customers/{id_}/history").json()["items"][-1]
        assert last["type"] == type_
        assert other in last["data"].values()

    assert running.post(f"/customer-merges/{merge}/reverse", json={"reason": "Two"}).is_success
    row = until(running, merge, "reversed")
    assert (row["kept"], row["conflicts"]) == ([], [])
    assert read(running, f"/customers/{duplicate}").status_code == 200
    assert read(running, f"/opportunities/{deal}").json()["customer_id"] == duplicate
    assert (counted(running, unit), counted(running, unit, as_of_position=merged)) == (2, 1)
    assert read(running, f"/customers/{duplicate}", as_of_position=merged).status_code == 307
