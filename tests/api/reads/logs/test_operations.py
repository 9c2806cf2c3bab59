"""The operation log over HTTP: accepted and refused attempts, found by who, what, when."""

import csv
import io
import json
from typing import Any

import httpx

from domain.kernel.time.business_day import today
from tests.api.asking import new_unit, problem, register


def items(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_attempts_are_listed_newest_first_refused_ones_among_them(client: httpx.Client) -> None:
    id = register(client)["id"]
    client.post(f"/customers/{id}/resume", json={})
    client.post(f"/customers/{id}/engage", json={})
    engaged, resumed, registered = items(client.get("/operations", params={"target": id}))
    assert [engaged["command"], resumed["command"]] == ["customer.engage", "customer.resume"]
    assert (engaged["accepted"], engaged["version"], engaged["status"]) == (True, 2, 200)
    assert (resumed["accepted"], resumed["refusal"], resumed["status"]) == (
        False,
        "suspension-required",
        409,
    )
    assert registered["actor"] == "admin"
    assert registered["address"] == "127.0.0.1"
    assert registered["duration_us"] > 0


def test_the_log_is_searched_and_paged(client: httpx.Client) -> None:
    id = register(client)["id"]
    for _ in range(3):
        client.post(f"/customers/{id}/resume", json={})
    ask: dict[str, Any] = {"target": id, "limit": 2}
    first = client.get("/operations", params=ask)
    second = client.get(first.links["next"]["url"])
    numbers = [each["number"] for each in items(first) + items(second)]
    assert len(numbers) == 4
    assert numbers == sorted(numbers, reverse=True)
    refused = {"target": id, "refusal": "suspension-required", "accepted": "false"}
    assert len(items(client.get("/operations", params=refused))) == 3
    assert len(items(client.get("/operations", params={"target": id, "accepted": "true"}))) == 1
    wanted = {"target": id, "command": "customer.register", "person": "admin"}
    assert len(items(client.get("/operations", params=wanted))) == 1
    problem(client.get("/operations", params={"person": "no.such"}), 422, "invalid-parameter")
    day = f"{today()}"
    assert len(items(client.get("/operations", params={**ask, "from": day, "to": day}))) == 2
    assert items(client.get("/operations", params={"target": id, "to": "2001-01-01"})) == []
    problem(client.get("/operations?from=noon"), 422, "invalid-parameter")


def test_it_is_found_by_person_unit_kind_and_trace(client: httpx.Client) -> None:
    id = register(client)["id"]
    trace = client.get(f"/customers/{id}").headers["trace-id"]
    ask: dict[str, Any] = {"target": id}
    for wanted, count in (
        ({"kind": "read"}, 1),
        ({"kind": "command"}, 1),
        ({"trace": trace}, 1),
        ({"unit": "group"}, 2),
        ({"unit": new_unit(client)}, 0),
        ({"unit_under": "group"}, 2),
        (
            {"unit_under": "group", "unit": "group", "person": "admin", "command": "customer.read"},
            1,
        ),
    ):
        found = items(client.get("/operations", params=ask | wanted))
        assert len(found) == count, wanted
    problem(client.get("/operations?kind=event"), 422, "invalid-parameter")


def test_all_that_is_wanted_is_exported_as_lines_or_as_a_table(client: httpx.Client) -> None:
    id = register(client)["id"]
    for _ in range(3):
        client.post(f"/customers/{id}/resume", json={"reason": 'a "quoted", text'})
    ask: dict[str, Any] = {"target": id, "limit": 1}
    lines = client.get("/operations", params=ask | {"format": "ndjson"})
    assert lines.headers["content-type"] == "application/x-ndjson"
    entries = [json.loads(line) for line in lines.text.splitlines()]
    assert [each["command"] for each in entries] == ["customer.resume"] * 3 + ["customer.register"]
    table = client.get("/operations", params=ask | {"format": "csv"})
    assert table.headers["content-disposition"].endswith('.csv"')
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["number"] for row in rows] == [str(each["number"]) for each in entries]
    assert [(row["time"], row["accepted"]) for row in rows] == [
        (each["time"], str(each["accepted"]).lower()) for each in entries
    ]
