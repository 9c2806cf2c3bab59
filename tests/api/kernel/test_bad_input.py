"""Bad input: each kind is answered by its own problem, and nothing is recorded."""

import json
from typing import Any

import httpx
import pytest

from tests.api.asking import head, problem, register, settled

GOOD: dict[str, Any] = {"name": "Good", "unit": "group"}


@pytest.fixture(autouse=True)
def nothing_is_to_come(client: httpx.Client) -> None:
    """Let policies end what tests before have brought about: these count what is recorded."""
    settled(client)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({**GOOD, "colour": "red"}, "/colour"),
        ({"unit": "group"}, "/name"),
        ({**GOOD, "name": 7}, "/name"),
        ({**GOOD, "name": None}, "/name"),
        ({**GOOD, "name": "x" * 201}, "/name"),
        ({**GOOD, "name": "  "}, "/name"),
        ({**GOOD, "name": "a\x00b"}, "/name"),
        ({**GOOD, "name": "a\x1bb"}, "/name"),
        ({**GOOD, "unit": "GD"}, "/unit"),
        ({**GOOD, "grade": "Z"}, "/grade"),
        ({**GOOD, "employees": -1}, "/employees"),
        ({**GOOD, "employees": "12"}, "/employees"),
        ({**GOOD, "employees": 1.5}, "/employees"),
        ({**GOOD, "annual_revenue": "NaN"}, "/annual_revenue"),
        ({**GOOD, "annual_revenue": "Infinity"}, "/annual_revenue"),
        ({**GOOD, "annual_revenue": "-1"}, "/annual_revenue"),
        ({**GOOD, "annual_revenue": "0.001"}, "/annual_revenue"),
        ({**GOOD, "registered_on": "2026-02-30"}, "/registered_on"),
        ({**GOOD, "registered_on": "2026-02-01T10:00:00"}, "/registered_on"),
        ({**GOOD, "website": "javascript:alert(1)"}, "/website"),
        ({**GOOD, "parent_id": "nobody"}, "/parent_id"),
    ],
)
def test_a_field_of_the_wrong_shape_is_named(
    client: httpx.Client, body: dict[str, Any], pointer: str
) -> None:
    before = head(client)
    found = problem(client.post("/customers", json=body), 422, "invalid-body")
    assert pointer in {error["pointer"] for error in found["errors"]}
    assert head(client) == before


def test_a_moment_without_a_zone_is_refused(client: httpx.Client) -> None:
    customer = register(client)["id"]
    ticket = {
        "customer_id": customer,
        "kind": "fault",
        "severity": "major",
        "channel": "hotline",
        "title": "No line",
        "unit": "group",
    }
    answer = client.post("/service-tickets", json={**ticket, "at": "2026-03-01T10:00:00"})
    found = problem(answer, 422, "invalid-body")
    assert [error["pointer"] for error in found["errors"]] == ["/at"]
    assert client.post("/service-tickets", json=ticket).status_code == 201


def test_a_record_named_in_the_body_must_be_there_and_of_its_kind(client: httpx.Client) -> None:
    before = head(client)
    missing = "01997e2b-0000-7000-8000-000000000001"
    found = problem(
        client.post("/customers", json={**GOOD, "parent_id": missing}), 422, "unknown-reference"
    )
    assert [error["pointer"] for error in found["errors"]] == ["/parent_id"]
    assert head(client) == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b'{"name": NaN}',
        b'{"name": "\xff\xfe", "unit": "group"}',
        b'{"name": "\\ud800", "unit": "group"}',
        b"\x00",
        b'{"name": "a", "unit": "group"} trailing',
        b'{"a":' * 10_000,
    ],
)
def test_a_body_that_is_no_json_object_is_refused(client: httpx.Client, content: bytes) -> None:
    before = head(client)
    answer = client.post(
        "/customers", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    problem(
        answer, *((400, "malformed-body") if answer.status_code == 400 else (422, "invalid-body"))
    )
    assert head(client) == before


def test_a_body_of_another_media_type_is_refused(client: httpx.Client) -> None:
    answer = client.post("/customers", data={"name": "Form", "unit": "group"})
    problem(answer, 415, "unsupported-media-type")


def test_a_body_over_the_limit_is_refused_announced_or_not(client: httpx.Client) -> None:
    before = head(client)
    large = json.dumps({**GOOD, "region": "x" * 2_000_000}).encode()
    headers = {"Content-Type": "application/json"}
    problem(client.post("/customers", content=large, headers=headers), 413, "body-too-large")
    pieces = (large[i : i + 65_536] for i in range(0, len(large), 65_536))
    problem(client.post("/customers", content=pieces, headers=headers), 413, "body-too-large")
    assert head(client) == before


@pytest.mark.parametrize(
    ("query", "status", "name"),
    [
        ("colour=red", 422, "invalid-parameter"),
        ("grade=%00", 422, "invalid-parameter"),
        ("grade=%ff", 400, "malformed-request"),
        ("q=%1b", 422, "invalid-parameter"),
        ("limit=0", 422, "invalid-parameter"),
        ("limit=1001", 422, "invalid-parameter"),
        ("limit=ten", 422, "invalid-parameter"),
        ("limit=99999999999999999999", 422, "invalid-parameter"),
        ("sort=colour", 422, "invalid-parameter"),
        ("sort=name,name", 422, "invalid-parameter"),
        ("fields=colour", 422, "invalid-parameter"),
        ("count=all", 422, "invalid-parameter"),
        ("employees_from=many", 422, "invalid-parameter"),
        ("annual_revenue_from=NaN", 422, "invalid-parameter"),
        ("registered_on_from=2026-02-30", 422, "invalid-parameter"),
        ("registered_on_from=20260228", 422, "invalid-parameter"),
        ("min_position=-1", 422, "invalid-parameter"),
        ("as_of=yesterday", 422, "invalid-parameter"),
        ("as_of=2026-01-01T00:00:00", 422, "invalid-parameter"),
        ("as_of=9999-12-31", 422, "invalid-parameter"),
        ("as_of=2001-01-01", 422, "invalid-parameter"),
        ("as_of_position=0", 422, "invalid-parameter"),
        ("as_of_position=last", 422, "invalid-parameter"),
        ("as_of_position=9007199254740992", 422, "invalid-parameter"),
        ("as_of_position=1&as_of=2026-01-01", 422, "invalid-parameter"),
        ("as_of_position=1&as_of_position=2", 422, "invalid-parameter"),
        ("sort=name&sort=grade", 422, "invalid-parameter"),
        ("valid_at=9999-12-31", 422, "invalid-parameter"),
        ("valid_at=2026-W01-1", 422, "invalid-parameter"),
        ("valid_at=20260101", 422, "invalid-parameter"),
        ("format=pdf", 422, "invalid-parameter"),
        ("cursor=rubbish", 422, "invalid-cursor"),
        ("cursor=" + "A" * 200, 422, "invalid-cursor"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(
    client: httpx.Client, query: str, status: int, name: str
) -> None:
    found = problem(client.get(f"/customers?{query}"), status, name)
    if "%" not in query:
        assert query.partition("=")[0] in {error["parameter"] for error in found["errors"]}


def test_an_address_that_cannot_be_read_is_refused(client: httpx.Client) -> None:
    problem(client.get("/customers/%00"), 400, "malformed-request")
    problem(client.get("/customers/%ff"), 400, "malformed-request")
    problem(client.get("/nowhere"), 404, "not-found")
    problem(client.get("/customers/"), 404, "not-found")
    problem(client.put("/events"), 405, "method-not-allowed")
