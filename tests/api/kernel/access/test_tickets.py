"""Tickets: a page opens one stream by its address, as whoever asked, for as long as they may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.api.asking import head, problem, register
from tests.api.kernel.test_lasting import Ending, auditor, done, revoked_key, signed_out

EVENTS = {"Accept": "text/event-stream"}


def ticket(client: httpx.Client, headers: dict[str, str] | None = None, **ask: Any) -> str:
    """Return the address of a stream, with the ticket for it."""
    found = done(client.post("/events/tickets", params=ask, headers=headers))
    assert found["expires_in"] == 30
    assert found["url"].endswith(f"ticket={found['ticket']}")
    return str(found["url"])


def told(lines: Iterator[str]) -> dict[str, str]:
    """Return the fields of the next message that has data."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "data" in fields:
            return fields
        else:
            fields = {}
    raise AssertionError("the stream ended")


def test_a_page_opens_one_stream_once_by_its_address_alone(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    after = head(client)
    url = ticket(client, after=after, type="customer.registered,customer.engaged", named="false")
    id_ = register(client)["id"]
    done(client.post(f"/customers/{id_}/regrade", json={"grade": "B", "reason": "it grew"}))
    done(client.post(f"/customers/{id_}/engage", json={}))
    with stranger.stream("GET", url, headers=EVENTS) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        found = [told(lines), told(lines)]
    assert [json.loads(each["data"])["type"] for each in found] == [
        "customer.registered",
        "customer.engaged",
    ]
    assert all("event" not in each for each in found)
    problem(stranger.get(url, headers=EVENTS), 401, "unauthenticated")


@pytest.mark.parametrize(
    "altered",
    [
        lambda url: url.replace("type=customer.registered", "type=customer.engaged"),
        lambda url: url.replace("type=customer.registered&", ""),
        lambda url: url.replace("/events?", "/events?limit=5&"),
        lambda url: url.replace("/events?", "/customers?"),
        lambda url: url[:-1],
    ],
)
def test_a_ticket_for_another_stream_opens_none(
    client: httpx.Client, stranger: httpx.Client, altered: Any
) -> None:
    url = altered(ticket(client, type="customer.registered"))
    problem(stranger.get(url, headers=EVENTS), 401, "unauthenticated")


@pytest.mark.parametrize("ends", [revoked_key, signed_out])
def test_the_stream_ends_with_the_credentials_that_the_ticket_was_asked_by(
    client: httpx.Client, stranger: httpx.Client, ends: Any
) -> None:
    ending: Ending = ends(client)
    headers, end, name = ending
    url = ticket(client, headers, after=head(client))
    unused = ticket(client, headers, after=head(client))
    with stranger.stream("GET", url, headers=EVENTS) as answer:
        lines = answer.iter_lines()
        next(lines)
        end()
        last = told(lines)
        while last.get("event") != "end":
            last = told(lines)
    assert json.loads(last["data"])["type"] == f"/problems/{name}"
    problem(stranger.get(unused, headers=EVENTS), 401, "unauthenticated")


def test_the_operation_log_has_who_it_was_and_no_ticket(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    code, headers = auditor(client)
    url = ticket(client, headers, after=head(client), named="false")
    (given,) = parse_qs(urlsplit(url).query)["ticket"]
    with stranger.stream("GET", url, headers=EVENTS) as answer:
        assert answer.status_code == 200
    problem(stranger.get(url, headers=EVENTS), 401, "unauthenticated")
    log = client.get("/operations", params={"actor": code, "limit": 100})
    queries = [each["query"] for each in log.json()["items"]]
    assert any(each.startswith("/events?") and "named=false" in each for each in queries)
    everything = client.get("/operations", params={"limit": 1000}).text
    assert given not in everything


def test_what_no_stream_can_be_about_is_refused_with_the_ticket_in_words(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    for ask in ("type=customer.registered,nothing", "aggregate=nothing", "since=soon", "x=1"):
        problem(client.post(f"/events/tickets?{ask}"), 422, "invalid-parameter")
    problem(stranger.get("/events?ticket=a&ticket=b"), 422, "invalid-parameter")
    problem(stranger.post("/events/tickets"), 401, "unauthenticated")
