"""Many commands in one request: in order, each for itself, none lost for another's fault."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from adapters.commands import executor
from adapters.commands.body_validation import arguments_in
from domain.kernel.commands import Command
from tests.api.asking import head, problem, register

NDJSON = {"Content-Type": "application/x-ndjson"}


def lines(*commands: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in commands)


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def new(name: str) -> dict[str, Any]:
    return {"command": "customer.register", "body": {"name": name, "unit": "group"}}


def test_each_line_is_answered_in_order(client: httpx.Client) -> None:
    count = 1500
    content = lines(*(new(f"Batch {number}") for number in range(count)))
    found = results(client.post("/commands", content=content, headers=NDJSON))
    assert [each["line"] for each in found] == list(range(1, count + 1))
    assert {each["status"] for each in found} == {201}
    positions = [each["position"] for each in found]
    assert positions == sorted(set(positions))


def test_commands_on_one_record_keep_their_order(client: httpx.Client) -> None:
    id = register(client)["id"]
    grades = [
        {"command": "customer.regrade", "id": id, "body": {"grade": grade, "reason": "x"}}
        for grade in "ABCABC"
    ]
    found = results(client.post("/commands", content=lines(*grades), headers=NDJSON))
    assert [each["version"] for each in found] == [2, 3, 4, 5, 6, 7]


def test_a_line_that_is_wrong_is_answered_by_its_problem_and_the_rest_goes_on(
    client: httpx.Client,
) -> None:
    id = register(client)["id"]
    before = head(client)
    content = b"\n".join(
        [
            b"rubbish",
            b"",
            b'{"command": "customer.engage"}',
            b'{"command": "customer.nothing", "id": "x"}',
            b'{"command": "customer.register", "body": {"name": "N", "unit": "group"}, "id": "x"}',
            b'{"command": "customer.register", "body": {"name": "N"}}',
            b'{"command": "customer.register", "colour": 1}',
            b'{"command": "customer.register", "key": "no key"}',
            b'{"command": "customer.register", "body": {"name": "\xff"}}',
            b'{"command": "customer.register", "body": {"name": "' + b"x" * 2_000_000 + b'"}}',
            json.dumps({"command": "customer.resume", "id": id}).encode(),
            json.dumps({"command": "customer.engage", "id": id, "if_match": 9}).encode(),
            json.dumps({"command": "customer.engage", "id": id, "if_match": 1}).encode(),
        ]
    )
    found = results(client.post("/commands", content=content, headers=NDJSON))
    assert [(each["line"], each["status"]) for each in found] == [
        (1, 400),
        (3, 422),
        (4, 404),
        (5, 422),
        (6, 422),
        (7, 422),
        (8, 422),
        (9, 400),
        (10, 413),
        (11, 409),
        (12, 412),
        (13, 200),
    ]
    names = [each["problem"]["type"].rpartition("/")[2] for each in found[:-1]]
    assert names[0] == "malformed-body"
    assert names[2] == "unknown-command"
    assert names[-2:] == ["suspension-required", "stale-version"]
    assert head(client) == before + 1


def test_a_line_sent_again_with_its_key_is_not_done_again(client: httpx.Client) -> None:
    content = lines({**new("Once"), "key": str(uuid4())})
    first, again = (
        results(client.post("/commands", content=content, headers=NDJSON))[0] for _ in range(2)
    )
    assert again == {**first, "repeated": True}


def test_the_request_may_stream_and_everything_may_be_sent_before_anything_is_read(
    client: httpx.Client,
) -> None:
    def pieces() -> Iterator[bytes]:
        content = lines(*(new(f"Streamed {number}") for number in range(200)))
        for start in range(0, len(content), 777):
            yield content[start : start + 777]

    found = results(client.post("/commands", content=pieces(), headers=NDJSON))
    assert [each["status"] for each in found] == [201] * 200


def test_a_request_of_another_media_type_is_refused_whole(client: httpx.Client) -> None:
    answer = client.post("/commands", content=b"a,b", headers={"Content-Type": "text/csv"})
    problem(answer, 415, "unsupported-media-type")
    problem(client.get("/commands"), 405, "method-not-allowed")


def test_nothing_in_is_nothing_out(client: httpx.Client) -> None:
    assert results(client.post("/commands", content=b"", headers=NDJSON)) == []
    assert results(client.post("/commands", content=b"\n\n", headers=NDJSON)) == []


@pytest.mark.parametrize(
    ("fields", "status", "name"),
    [
        (b'"employees": 123456789012345678901234567890', 422, "invalid-body"),
        (b'"employees": 1e400', 422, "invalid-body"),
        (b'"annual_revenue": 1e400', 422, "invalid-body"),
        (b'"annual_revenue": NaN', 400, "malformed-body"),
        (b'"annual_revenue": -Infinity', 400, "malformed-body"),
        (b'"grade": "A", "grade": "B"', 400, "malformed-body"),
        (b'"region": "\\ud800"', 400, "malformed-body"),
        (b'"region": "\\u0000"', 422, "invalid-body"),
        (b'"region": ' + b"[" * 300 + b"]" * 300, 400, "malformed-body"),
    ],
)
def test_an_odd_value_is_the_fault_of_its_line_alone_and_as_of_a_single_command(
    client: httpx.Client, fields: bytes, status: int, name: str
) -> None:
    before = head(client)
    body = b'{"name": "Odd", "unit": "group", %b}' % fields
    alone = problem(
        client.post("/customers", content=body, headers={"Content-Type": "application/json"}),
        status,
        name,
    )
    odd = b'{"command": "customer.register", "body": %b}' % body
    content = b"\n".join([lines(new("Before")).strip(), odd, lines(new("Behind")).strip()])
    found = results(client.post("/commands", content=content, headers=NDJSON))
    assert [each["status"] for each in found] == [201, status, 201]
    told = found[1]["problem"]
    assert told["type"] == alone["type"]
    assert told.get("errors") == alone.get("errors")
    assert head(client) == before + 2


def test_what_nobody_could_know_to_fail_is_answered_for_its_line_and_the_rest_goes_on(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(command: Command, values: Any) -> dict[str, Any]:
        if values["name"] == "Trap":
            raise ZeroDivisionError
        return arguments_in(command, values)

    monkeypatch.setattr(executor, "arguments_in", failing)
    content = lines(new("Before the trap"), new("Trap"), new("Behind the trap"))
    found = results(client.post("/commands", content=content, headers=NDJSON))
    assert [each["status"] for each in found] == [201, 500, 201]
    assert found[1]["problem"]["type"] == "/problems/internal-error"
