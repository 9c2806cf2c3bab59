"""An account manager at work: what they register is theirs, whatever another role masks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.settings import Settings
from tests.api.asking import problem
from tests.api.conftest import KEY, serving


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("own")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as found:
        yield found


def client(address: str, token: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60)


def done(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code < 300, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_account_manager_registers_sorts_and_totals_their_own(address: str) -> None:
    with client(address, KEY) as admin:
        for code in ("gd", "js"):
            unit = {"code": code, "name": code, "level": "province", "parent": "group"}
            done(admin.post("/units", json=unit))
        done(admin.post("/employees", json={"code": "li", "name": "Li", "unit": "gd"}))
        for role, more in (
            ("account-manager", {"reach": "own"}),
            ("analyst", {"masked": ["revenue", "amount"]}),
        ):
            grant = {"employee": "li", "role": role, "unit": "gd", **more}
            done(admin.post("/grants", json=grant))
        others = {"name": "Others", "unit": "gd", "annual_revenue": "999.00"}
        done(admin.post("/customers", json=others))
        secret = {"password": "first-words-of-mine-7"}
        assert admin.post("/employees/li/password", json=secret).status_code < 300
        with client(address, "none") as stranger:
            first = done(stranger.post("/sign-in", json={"employee": "li", **secret}))
        with client(address, first["access_token"]) as new:
            change = {"old": secret["password"], "new": "a road of my own 9"}
            token = done(new.post("/me/password", json=change))["access_token"]
    with client(address, token) as li:
        ids = []
        for name, revenue in (("Small", "10.00"), ("Large", "20.00")):
            body = {"name": name, "unit": "gd", "annual_revenue": revenue}
            ids.append(done(li.post("/customers", json=body)))
        assert [each["version"] for each in ids] == [2, 2]
        small, large = (each["id"] for each in ids)
        wait = {"min_position": ids[-1]["position"]}
        history = done(li.get(f"/customers/{small}/history", params=wait))["items"]
        assert [each["type"] for each in history] == [
            "customer.registered",
            "customer.manager-assigned",
        ]
        problem(li.post("/customers", json={"name": "Far", "unit": "js"}), 403, "not-permitted")
        moved = li.post(f"/customers/{small}/transfer", json={"unit": "js", "reason": "x"})
        problem(moved, 403, "not-permitted")
        every = done(li.get("/customers", params={"count": "exact", **wait}))
        assert every["count"] == 3
        assert "narrowed" not in every
        query = {"sort": "-annual_revenue", "count": "exact", **wait}
        mine = done(li.get("/customers", params=query))
        assert [row["id"] for row in mine["items"]] == [large, small]
        assert (mine["count"], mine["narrowed"]) == (2, ["revenue"])
        found = done(li.get("/customers", params={"annual_revenue_from": "500", **wait}))
        assert (found["items"], found["narrowed"]) == ([], ["revenue"])
        figures = done(li.get("/reports/customers", params={"measures": "annual_revenue", **wait}))
        assert [row["annual_revenue"] for row in figures["rows"]] == ["30.00"]
        assert figures["narrowed"] == ["revenue"]
        behind = done(li.get(figures["rows"][0]["explain"]))
        assert {each["id"] for each in behind["items"]} == {small, large}
        assert behind["narrowed"] == ["revenue"]
        plain = done(li.get("/reports/customers", params=wait))
        assert plain["rows"][0]["customers"] == 3
        assert (plain["masked"], "narrowed" in plain) == (["revenue"], False)
        exported = li.get("/customers", params={**query, "format": "ndjson"})
        assert exported.headers["Narrowed"] == "revenue"
        assert exported.text.count("\n") == 2
