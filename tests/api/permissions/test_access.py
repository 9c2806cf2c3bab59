"""Everybody may only what their grants say, and is told why."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from domain.kernel.time.business_day import today
from tests.api.asking import problem, register

_numbers = itertools.count(1)


def made(client: httpx.Client, path: str, **body: Any) -> str:
    """Create a record; returns its id."""
    answer = client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


@pytest.fixture
def system(client: httpx.Client, address: str) -> Iterator[httpx.Client]:
    """A client with the key of a system that reads and regrades customers of one province."""
    number = next(_numbers)
    unit, role = f"p-{number}", f"regrader-{number}"
    made(client, "/units", code=unit, name="Province", level="province", parent="group")
    may = ["customer.read", "customer.regrade", "customer.register"]
    made(client, "/roles", code=role, name="Regrader", permissions=may, unit="group")
    issued = client.post(
        "/api-keys", json={"name": f"CRM {number}", "role": role, "unit": unit}
    ).json()
    headers = {"Authorization": f"Bearer {issued['key']}", "Unit": unit}
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30) as found:
        yield found


def test_a_key_commands_what_it_may_where_it_may(
    client: httpx.Client, system: httpx.Client
) -> None:
    unit = system.headers["Unit"]
    inside, outside = register(client, unit=unit)["id"], register(client)["id"]
    body = {"grade": "A", "reason": "grew"}
    assert system.post(f"/customers/{inside}/regrade", json=body).status_code == 200
    problem(system.post(f"/customers/{outside}/regrade", json=body), 404, "unknown-id")
    found = problem(system.post(f"/customers/{inside}/engage", json={}), 403, "not-permitted")
    assert "customer.engage" in found["detail"]
    assert system.post("/customers", json={"name": "New", "unit": unit}).status_code == 201
    refused = system.post("/customers", json={"name": "New", "unit": "group"})
    problem(refused, 403, "not-permitted")
    under = {"name": "Subsidiary", "unit": unit, "parent_id": outside}
    problem(system.post("/customers", json=under), 422, "unknown-reference")


def test_lines_of_many_commands_are_each_permitted_or_refused(
    client: httpx.Client, system: httpx.Client
) -> None:
    unit = system.headers["Unit"]
    lines = [
        {"command": "customer.register", "body": {"name": "In", "unit": unit}},
        {"command": "customer.register", "body": {"name": "Out", "unit": "group"}},
    ]
    answer = system.post(
        "/commands",
        content=b"\n".join(map(orjson.dumps, lines)),
        headers={"Content-Type": "application/x-ndjson"},
    )
    results = [orjson.loads(line) for line in answer.text.splitlines()]
    assert [each["status"] for each in results] == [201, 403]


def test_why_names_the_grant_or_what_is_missing(client: httpx.Client) -> None:
    number = next(_numbers)
    unit, code, role = f"w-{number}", f"why.{number}", f"clerk-{number}"
    made(client, "/units", code=unit, name="Province", level="province", parent="group")
    made(client, "/employees", code=code, name="Wang", unit=unit)
    made(client, "/roles", code=role, name="Clerk", permissions=["customer.read"], unit="group")
    grant = made(client, "/grants", employee=code, role=role, unit=unit)
    inside, outside = register(client, unit=unit)["id"], register(client)["id"]

    def why(**asked: Any) -> dict[str, Any]:
        answer = client.get("/access/why", params={"employee": code, **asked})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    found = why(permission="customer.read", record=inside)
    assert found["allowed"]
    assert (found["grant"]["id"], found["grant"]["given_by"]) == (grant, "admin")
    found = why(permission="customer.read", record=outside)
    assert not found["allowed"]
    assert found["grant"] is None
    assert f"at {unit} and below" in found["missing"][0]
    found = why(permission="customer.close", unit=unit)
    assert not found["allowed"]
    assert "No role held has customer.close" in found["missing"][-1]
    assert why(permission="customer.read")["allowed"]
    problem(client.get("/access/why?permission=customer.fly"), 422, "invalid-parameter")
    problem(client.get("/access/why?permission=*&employee=nobody"), 404, "unknown-id")


def test_who_could_see_a_record_is_told_as_of_then(client: httpx.Client) -> None:
    number = next(_numbers)
    unit, code, role = f"v-{number}", f"who.{number}", f"viewer-{number}"
    made(client, "/units", code=unit, name="Province", level="province", parent="group")
    made(client, "/employees", code=code, name="Wang", unit=unit)
    made(client, "/roles", code=role, name="Clerk", permissions=["customer.read"], unit="group")
    customer = register(client, unit=unit)["id"]

    def who(**asked: Any) -> list[str]:
        answer = client.get("/access/who", params={"record": customer, **asked})
        assert answer.status_code == 200, answer.text
        return [each["employee"] for each in answer.json()["items"]]

    assert code not in who()
    before = datetime.now(UTC).isoformat()
    grant = made(client, "/grants", employee=code, role=role, unit=unit)
    during = datetime.now(UTC).isoformat()
    assert code in who()
    answer = client.post(f"/grants/{grant}/revoke", json={"reason": "moved on"})
    assert answer.status_code == 200
    assert code not in who()
    assert code in who(on=during)
    assert code not in who(on=before)
    assert "admin" in who()
    yesterday = (today() - timedelta(days=1)).isoformat()
    answer = client.get("/access/who", params={"record": customer, "on": yesterday})
    problem(answer, 404, "unknown-id")


def test_everybody_is_told_what_they_hold_and_may(client: httpx.Client) -> None:
    found = client.get("/me/permissions").json()
    assert found["employee"] == "admin"
    assert [each["role"] for each in found["grants"]] == ["administrator"]
    assert "customer.regrade" in found["permissions"]


def test_explaining_others_needs_a_permission(system: httpx.Client) -> None:
    assert system.get("/access/why?permission=customer.read").json()["allowed"]
    asked = "/access/why?permission=customer.read&employee=admin"
    problem(system.get(asked), 403, "not-permitted")
    record = system.post("/customers", json={"name": "N", "unit": system.headers["Unit"]}).json()
    problem(system.get(f"/access/who?record={record['id']}"), 403, "not-permitted")


def test_the_administrator_does_not_lose_the_last_unlimited_grant(client: httpx.Client) -> None:
    grants = client.get("/me/permissions").json()["grants"]
    refused = client.post(f"/grants/{grants[0]['id']}/revoke", json={"reason": "tired"})
    problem(refused, 409, "own-permissions")
    own = {"employee": "admin", "role": "auditor", "unit": "group"}
    problem(client.post("/grants", json=own), 409, "own-permissions")
