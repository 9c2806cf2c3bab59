"""Events over HTTP: the history of a record, pages of all events, and the stream that follows."""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

import httpx

from domain.kernel.aggregate import new_id
from tests.api.asking import head, problem, register


def page(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def messages(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Yield the messages of a stream that have an id."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "id" in fields:
                yield fields
            fields = {}


def test_the_history_of_a_record_says_who_when_and_why(client: httpx.Client) -> None:
    id = register(client)["id"]
    client.post(f"/customers/{id}/regrade", json={"grade": "B", "reason": "more sites"})
    found = client.get(f"/customers/{id}/history").json()
    first, second = found["items"]
    assert [first["type"], second["type"]] == ["customer.registered", "customer.regraded"]
    assert second["data"] == {"grade": "B", "reason": "more sites"} | second["data"]
    assert (second["version"], second["actor"], second["unit"]) == (2, "admin", "group")
    assert second["command_id"] != first["command_id"]
    assert second["time"].endswith("Z")
    assert found["position"] == second["position"]


def test_the_history_of_a_record_of_another_kind_or_none_is_not_there(
    client: httpx.Client,
) -> None:
    id = register(client)["id"]
    problem(client.get(f"/campaigns/{id}/history"), 404, "unknown-id")
    problem(client.get(f"/customers/{new_id()}/history"), 404, "unknown-id")
    problem(client.get(f"/customers/{id}/history?as_of_position=1"), 404, "unknown-id")


def test_pages_lead_on_through_all_events_and_to_those_to_come(client: httpx.Client) -> None:
    after = head(client)
    made = [register(client)["id"] for _ in range(5)]
    link, seen = f"/events?after={after}&limit=2", []
    for _ in range(4):
        answer = client.get(link)
        seen += [event["stream"] for event in page(answer)]
        link = answer.links["next"]["url"]
    assert seen == made
    more = register(client)["id"]
    assert [event["stream"] for event in page(client.get(link))] == [more]


def test_events_can_be_chosen_by_aggregate_record_and_type(client: httpx.Client) -> None:
    after = head(client)
    id = register(client)["id"]
    register(client)
    client.post(f"/customers/{id}/engage", json={})
    ask = {"after": str(after)}
    assert len(page(client.get("/events", params=ask | {"aggregate": "customer"}))) == 3
    assert page(client.get("/events", params=ask | {"aggregate": "campaign"})) == []
    assert len(page(client.get("/events", params=ask | {"stream": id}))) == 2
    answer = client.get("/events", params=ask | {"type": "customer.engaged"})
    assert [event["stream"] for event in page(answer)] == [id]
    assert answer.headers["position"] == str(head(client))
    problem(client.get("/events?aggregate=nothing"), 422, "invalid-parameter")


def test_a_stream_brings_what_was_and_what_comes_and_is_resumed(client: httpx.Client) -> None:
    after = head(client)
    before = [register(client)["id"] for _ in range(3)]
    accept = {"Accept": "text/event-stream"}
    with client.stream("GET", f"/events?after={after}", headers=accept) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        found = messages(answer.iter_lines())
        first = list(islice(found, 3))
        live = register(client)["id"]
        first.append(next(found))
    assert [json.loads(each["data"])["stream"] for each in first] == [*before, live]
    assert {each["event"] for each in first} == {"customer.registered"}
    resumed = accept | {"Last-Event-ID": first[1]["id"]}
    with client.stream("GET", f"/events?after={after}", headers=resumed) as answer:
        rest = list(islice(messages(answer.iter_lines()), 2))
    assert [json.loads(each["data"])["stream"] for each in rest] == [before[2], live]


def test_a_stream_is_not_resumed_from_what_is_no_position(client: httpx.Client) -> None:
    for last in ("x", "-1", "1" * 30):
        headers = {"Accept": "text/event-stream", "Last-Event-ID": last}
        problem(client.get("/events", headers=headers), 400, "malformed-header")


def test_asking_for_the_head_of_the_stream_does_not_begin_it(client: httpx.Client) -> None:
    answer = client.head("/events", headers={"Accept": "text/event-stream"})
    assert (answer.status_code, answer.content) == (200, b"")


def test_events_can_be_had_since_a_moment_and_of_several_types(client: httpx.Client) -> None:
    register(client)
    id = register(client)["id"]
    done = client.post(f"/customers/{id}/regrade", json={"grade": "B", "reason": "more sites"})
    assert done.is_success
    client.post(f"/customers/{id}/engage", json={})
    first, second, third = page(client.get("/events", params={"stream": id}))
    ask = {"since": second["time"], "stream": id}
    assert page(client.get("/events", params=ask)) == [second, third]
    ask = {"since": second["time"][:10], "stream": id}  # as UTC has it: a day begun in the zone
    assert page(client.get("/events", params=ask)) == [first, second, third]
    two = {"stream": id, "type": "customer.registered,customer.engaged"}
    assert page(client.get("/events", params=two)) == [first, third]
    for wrong in (
        *({"since": "2999-01-01"}, {"since": "x"}, {"since": ask["since"], "after": 1}),
        *({"type": "customer.registered,"}, {"type": "customer.engaged,campaign.x"}),
    ):
        problem(client.get("/events", params=wrong), 422, "invalid-parameter")


def test_a_stream_without_names_hands_every_event_to_one_listener(client: httpx.Client) -> None:
    after = head(client)
    id = register(client)["id"]
    accept = {"Accept": "text/event-stream"}
    url = f"/events?after={after}&named=false"
    with client.stream("GET", url, headers=accept) as answer:
        (found,) = islice(messages(answer.iter_lines()), 1)
    assert found.keys() == {"id", "data"}
    assert json.loads(found["data"])["stream"] == id
