"""Every read and every refused attempt is in the operation log: who, what, whence, how it ended."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from api.reads.logs.log_export import AT_ONCE
from tests.api.asking import register

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def entries(client: httpx.Client, **wanted: Any) -> list[dict[str, Any]]:
    answer = client.get("/operations", params={"limit": 1000, **wanted})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_a_read_of_a_record_is_in_the_log_whole(client: httpx.Client) -> None:
    made = register(client)
    path = f"/customers/{made['id']}?min_position={made['position']}"
    client.get(path, headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"})
    (entry,) = entries(client, target=made["id"], kind="read")
    assert entry["duration_us"] > 0
    assert {name: entry[name] for name in ("actor", "unit", "address", "command", "query")} == {
        "actor": "admin",
        "unit": "group",
        "address": "127.0.0.1",
        "command": "customer.read",
        "query": path,
    }
    assert (entry["status"], entry["accepted"], entry["times"]) == (200, True, 1)
    assert (entry["credential"], entry["trace"]) == ("administrator-key", TRACE)
    assert [each["command"] for each in entries(client, trace=TRACE)] == ["customer.read"]


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/customers/{id}", "customer.read"),
        ("/customers/{id}/page", "customer.page"),
        ("/customers/{id}/history", "customer.history"),
        ("/events?stream={id}&limit=1", "events"),
        ("/customers/{id}?as_of=2001-01-01", "customer.read"),
    ],
)
def test_each_way_to_read_a_record_is_found_by_it(
    client: httpx.Client, path: str, command: str
) -> None:
    id = register(client)["id"]
    answer = client.get(path.format(id=id))
    (entry,) = entries(client, target=id, kind="read")
    assert (entry["command"], entry["status"]) == (command, answer.status_code)


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/customers?grade=A&limit=3", "customer.list"),
        ("/employees", "employee.list"),
        ("/events?limit=1", "events"),
        ("/reports/customers?by=grade", "reports.customers"),
        ("/reports/customers?by=grade&format=parquet", "reports.customers"),
        ("/operations?person=admin", "operation.list"),
        ("/operations?command=parked&format=csv", "operation.list"),  # few, on any server
        ("/parked", "parked"),
    ],
)
def test_lists_exports_and_reports_have_one_entry_a_request_with_its_query(
    client: httpx.Client, path: str, command: str
) -> None:
    before = len(entries(client, command=command))
    trace = client.get(path).headers["trace-id"]
    (entry,) = entries(client, trace=trace)
    assert (entry["command"], entry["query"], entry["kind"]) == (command, path, "read")
    assert len(entries(client, command=command)) >= before + 1


@pytest.mark.parametrize(
    ("path", "formats"),
    [
        ("/customers", ("json", "csv", "xlsx", "ndjson", "parquet")),
        ("/reports/customers?by=grade", ("json", "csv", "xlsx", "parquet")),
        ("/operations?command=customer.register", ("json", "csv", "xlsx", "ndjson")),
        ("/system-log?event=server.*", ("json", "ndjson")),
        ("/events?limit=3", ("",)),
    ],
)
def test_how_many_rows_were_told_is_in_the_log_and_in_the_answer(
    client: httpx.Client, path: str, formats: tuple[str, ...]
) -> None:
    position = register(client)["position"]
    client.get("/customers", params={"limit": 1, "min_position": position})
    for each in formats:
        answer = client.get(
            path, params=httpx.URL(path).params.merge({"format": each} if each else {})
        )
        (entry,) = entries(client, trace=answer.headers["trace-id"])
        assert entry["rows"] == int(answer.headers["rows"]) > 0, each
        if each in ("ndjson", ""):
            assert len(answer.text.splitlines()) == entry["rows"]


def test_an_export_of_many_entries_is_noted_again_with_how_many_it_told(
    client: httpx.Client,
) -> None:
    id = register(client)["id"]
    line = b'{"command": "customer.resume", "id": "%b", "body": {"reason": "%d"}}\n'
    for part in range(0, AT_ONCE, 500):
        body = b"".join(line % (id.encode(), number) for number in range(part, part + 500))
        headers = {"Content-Type": "application/x-ndjson"}
        assert client.post("/commands", content=body, headers=headers).status_code == 200
    wanted = {"command": "customer.resume", "target": id}
    answer = client.get("/operations", params=wanted | {"format": "csv"})
    told = len(answer.text.splitlines()) - 1
    begun, ended = reversed(entries(client, trace=answer.headers["trace-id"]))
    assert (begun["rows"], ended["rows"]) == (None, told)
    assert told >= AT_ONCE


def test_the_beginning_of_a_stream_is_in_the_log_while_it_goes_on(client: httpx.Client) -> None:
    with client.stream("GET", "/events", headers={"Accept": "text/event-stream"}) as answer:
        (entry,) = entries(client, trace=answer.headers["trace-id"])
    assert (entry["command"], entry["accepted"]) == ("events", True)


def test_asking_for_the_head_alone_is_a_read_too(client: httpx.Client) -> None:
    id = register(client)["id"]
    client.head(f"/customers/{id}")
    assert [each["command"] for each in entries(client, target=id, kind="read")] == [
        "customer.read"
    ]


def test_reads_that_are_refused_are_in_the_log_with_the_reason(client: httpx.Client) -> None:
    missing = "01997e2b-0000-7000-8000-00000000dead"
    client.get(f"/customers/{missing}")
    client.get(f"/customers/{missing}?colour=red")
    found = entries(client, target=missing)
    assert [(each["status"], each["refusal"]) for each in found] == [
        (422, "invalid-parameter"),
        (404, "unknown-id"),
    ]
    assert all(not each["accepted"] for each in found)


def test_what_is_about_nobody_is_not_in_the_log(client: httpx.Client) -> None:
    for path in ("/livez", "/readyz", "/problems", "/openapi.json", "/reports"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert entries(client, trace=answer.headers["trace-id"]) == []


def test_commands_that_never_came_to_the_writer_are_in_the_log(client: httpx.Client) -> None:
    id = register(client)["id"]
    path = f"/customers/{id}/regrade"
    client.post(path, content=b"{}", headers={"Content-Type": "text/plain"})
    client.post(path, json={}, headers={"Idempotency-Key": "with space"})
    client.post(path, json={}, headers={"If-Match": "three"})
    client.put(path, json={})
    found = entries(client, command="customer.regrade", target=id)
    assert sorted(each["refusal"] for each in found) == [
        "malformed-header",
        "malformed-header",
        "unsupported-media-type",
    ]
    assert entries(client, refusal="method-not-allowed")[0]["query"] == path


def test_lines_that_cannot_be_read_are_in_the_log_and_counted_when_alike(
    client: httpx.Client,
) -> None:
    headers = {"Content-Type": "application/x-ndjson"}
    lines = b"nonsense\nnonsense\n" + b'{"command": "customer.register", "id": "x"}\n'
    answer = client.post("/commands", content=lines, headers=headers)
    found = entries(client, trace=answer.headers["trace-id"])
    assert {(each["refusal"], each["times"], each["kind"]) for each in found} == {
        ("malformed-body", 2, "command"),
        ("invalid-body", 1, "command"),
    }


@pytest.mark.parametrize(
    "query",
    ["customers?q=Zhang+Min", "customers?%71=Zhang%20Min", "service-tickets?contact=Zhang+Min"],
)
def test_words_that_may_name_a_person_are_in_the_log_as_a_digest(
    client: httpx.Client, query: str
) -> None:
    answer = client.get(f"/{query}&limit=7")
    (entry,) = entries(client, trace=answer.headers["trace-id"])
    assert entry["query"].startswith(f"/{query.partition('=')[0]}=~")
    assert entry["query"].endswith("&limit=7")
    assert "Zhang" not in str(entry)


def test_a_command_is_in_the_log_once_with_the_credential(client: httpx.Client) -> None:
    id = register(client)["id"]
    refused = client.post(f"/customers/{id}/resume", json={})
    (entry,) = entries(client, trace=refused.headers["trace-id"])
    assert (entry["kind"], entry["refusal"]) == ("command", "suspension-required")
    assert (entry["credential"], entry["query"]) == ("administrator-key", None)


def test_attempts_by_nobody_known_are_in_the_log_with_the_address(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    def attempts() -> int:
        found = entries(client, actor_kind="stranger", refusal="unauthenticated")
        return sum(each["times"] for each in found)

    for _ in range(3):
        stranger.post("/customers", json={})
        stranger.get("/customers")
    (first, *_) = entries(client, actor_kind="stranger", refusal="unauthenticated")
    assert (first["address"], first["status"], first["unit"]) == ("127.0.0.1", 401, "none")
    assert attempts() >= 1
