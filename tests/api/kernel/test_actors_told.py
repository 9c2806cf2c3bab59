"""Whoever is told to have done something is told with what they are, wherever that is said.

A system and a policy do things; then everything that can be read is searched for the two.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import httpx
import pytest

from adapters.kafka.cluster import Kafka
from adapters.settings import Settings
from domain.kernel.time.business_day import today
from projections.kernel.summary import listed
from tests.api.asking import patient, register
from tests.api.command_line import keyline
from tests.api.customers.test_customer_merges import until
from tests.api.customers.test_merges_in_modes import read
from tests.api.documented import committed
from tests.api.kernel.test_actors_in_modes import by_key
from tests.api.modes import running as running
from tests.api.modes import system as system
from tests.streams.flow import records
from tests.streams.flow import until as happen

POLICY = "abandon-opportunities"
ITSELF = {"id", "stream", "target", "targets", "subject", "ce_subject"}
"""Fields that tell of a record, which the key of a system is as well.

The subject of an entry on Kafka is its key, which is whoever acted where it is about no record;
its value tells who that was.
"""
DOCUMENT: dict[str, Any] = committed()["paths"]
PATHS: dict[str, Any] = {
    path: operations["get"]
    for path, operations in DOCUMENT.items()
    if "get" in operations
    and "application/json" in operations["get"]["responses"]["200"].get("content", ())
    and path != "/problems/{name}"
}
"""What can be read as JSON, as the document has it; of problems nobody is told."""


TABLES = ("/reports", "/statistics", "/analyses")
"""What comes as tables, of which there is no NDJSON."""


def asked(path: str) -> dict[str, Any]:
    """Return what a read has to be asked."""
    parameters: dict[str, dict[str, Any]] = {
        "/access/why": {"permission": "customer.read", "employee": "told.of"},
        "/late-entries": {"valid_at": today().isoformat(), "since": 0},
        "/statistics": {"measures": "tickets"},
        "/proofs/consistency": {"from": 1},
        "/customers/{id}/digest": {"from_position": 0},
        "/contacts": {"phone": "10086"},
    }
    if path.startswith("/analyses/"):
        moves = {"compare": "previous", "month": "2026-03"} if "moves" in path else {}
        return {"measures": "sales.won", **moves}
    return parameters.get(path, {})


class Doer(NamedTuple):
    """Who did things: the id of a key, and what reading its own answers takes."""

    id: str
    headers: dict[str, str]
    customer: str


class Telling(NamedTuple):
    """A place where somebody is told of: a field of something, and what else stands there."""

    field: str
    who: str
    beside: Any

    def complete(self, key: str) -> bool:
        """Whether what they are is told beside it."""
        kind = "key" if self.who == key else "policy"
        if isinstance(self.beside, Mapping):
            return bool(self.beside.get(companion(self.field)) == kind)
        return kind in self.beside


def companion(field: str) -> str:
    """Return the field that tells what somebody is, of one that tells who."""
    if field.startswith("ce_"):
        return f"{field.removesuffix('of')}kind"
    return f"{field.removesuffix('_of')}_kind"


def tellings(told: Any, key: str) -> Iterator[Telling]:
    """Yield the places in what was read where the key or the policy is told of."""
    if isinstance(told, Mapping):
        for field, value in told.items():
            if value in (key, POLICY) and field not in ITSELF:
                yield Telling(field, value, told)
            elif field == "leaf":
                yield from tellings(json.loads(value), key)
            else:
                yield from tellings(value, key)
    elif isinstance(told, list):
        if told and all(isinstance(each, dict) and "after" in each for each in told):
            for side in ("before", "after"):  # changes, field by field
                yield from tellings({each["field"]: each[side] for each in told}, key)
            return
        for each in told:
            if each in (key, POLICY):
                yield Telling("", each, told)
            else:
                yield from tellings(each, key)


@pytest.fixture(scope="module")
def doer(running: httpx.Client) -> Doer:
    """Have a system do something of every sort, and a policy what follows from it."""
    key, headers = by_key(running, "Teller")

    def do(path: str, **body: Any) -> Any:
        answer = running.post(path, json=body, headers=headers).raise_for_status()
        return answer.json() if answer.content else None

    employee = "told.of"
    do("/employees", code=employee, name="Told Of", unit="group")
    do("/grants", employee=employee, role="administrator", unit="group", reason="to work")
    do(f"/employees/{employee}/password", password="only for the first time")
    survivor, duplicate = (register(running)["id"] for _ in range(2))
    reason = {"reason": "the same"}
    merge = do("/customer-merges", survivor_id=survivor, duplicate_id=duplicate, **reason)["id"]
    until(running, merge, "done")
    do("/opportunities", title="x", unit="group", customer_id=survivor)
    do(f"/customers/{survivor}/close", reason="bankrupt")
    refused = running.post(f"/customers/{survivor}/close", json=reason, headers=headers)
    assert refused.status_code == 409
    happen(lambda: POLICY in running.get("/events?type=opportunity.abandoned").text)
    return Doer(key, headers, survivor)


def whole(client: httpx.Client, path: str, form: str) -> list[dict[str, Any]]:
    """Return what a list has as NDJSON or CSV, a dictionary a row."""
    answer = patient(client, path, format=form).raise_for_status()
    if form == "csv":
        return list(csv.DictReader(answer.text.splitlines()))
    return [json.loads(line) for line in answer.text.splitlines()]


def everything(client: httpx.Client, doer: Doer) -> Iterator[tuple[str, Any]]:
    """Yield what every route of the document says, by its path there; forms of lists too."""
    events = [json.loads(line) for line in client.get("/events?limit=10000").text.splitlines()]
    read(client, "/reports/sales", min_position=events[-1]["position"])  # waits for all of it
    yield "/events", events
    yield "/events as a stream", streamed(client, len(events))
    yield "/me", client.get("/me", headers=doer.headers).json()
    done = [each for each in events if any(tellings(each, doer.id))]
    plurals = {each.plural: each.aggregate for each in listed().values()}
    attempts = client.get("/operations", params={"actor": doer.id}).json()["items"]
    values = {
        "{command_id}": list(dict.fromkeys(each["command_id"] for each in done)),
        "{position}": [each["position"] for each in done],
        "{number}": [each["number"] for each in attempts],
    }
    for path, said in PATHS.items():
        names = {each["name"] for each in said.get("parameters", ())}
        ask: dict[str, Any] = {"limit": 200} if "limit" in names else {}
        ask |= asked(path)
        ask |= {"record": doer.customer} if path in ("/access/who", "/access/seen") else {}
        if "currency" in names and path.endswith("/records"):
            ask["currency"] = "CNY"
        mark = path[path.find("{") : path.find("}") + 1]
        if mark == "{id}":
            kind = plurals.get(path.split("/")[1])  # files to import are no records
            values[mark] = sorted({e["stream"] for e in done if e["aggregate"] == kind})
        for value in values[mark][:10] if mark else [""]:
            answer = patient(client, path.replace(mark, str(value)) if mark else path, **ask)
            assert answer.status_code < 400, (path, answer.text)
            yield path, answer.json()
        if f"{path}/export" in DOCUMENT and not path.startswith(TABLES):
            for form in ("ndjson", "csv"):
                yield f"{path} as {form}", whole(client, path, form)


def streamed(client: httpx.Client, count: int) -> list[Any]:
    """Return so many events of the stream."""
    found: list[Any] = []
    with client.stream("GET", "/events", headers={"Accept": "text/event-stream"}) as answer:
        for line in answer.iter_lines():
            if line.startswith("data: "):
                found.append(json.loads(line[6:]))
            if len(found) == count:
                return found
    raise AssertionError("the stream ended")


TELLING = {
    *("/events", "/events as a stream", "/operations", "/operations as csv", "/system-log"),
    *("/operations as ndjson", "/system-log as ndjson", "/late-entries", "/chains/{command_id}"),
    *("/proofs/events/{position}", "/proofs/operations/{number}", "/me", "/access/why"),
    *("/grants", "/grants as csv", "/grants as ndjson", "/grants/{id}", "/grants/{id}/history"),
    *("/customer-merges", "/customer-merges/{id}", "/customer-merges/{id}/history"),
    *("/customers/{id}", "/customers/{id}/digest", "/customers/{id}/history"),
    *("/opportunities/{id}/history", "/employees/{id}/history"),
}
"""Where somebody is told of, at least."""


def test_whatever_is_read_tells_what_everybody_is_of_whom_it_tells(
    running: httpx.Client, doer: Doer
) -> None:
    telling = set()
    for path, told in everything(running, doer):
        for found in tellings(told, doer.id):
            telling.add(path)
            assert found.complete(doer.id), (path, found)
    assert telling >= TELLING, TELLING - telling


def test_kafka_tells_what_everybody_is_of_whom_it_tells(
    system: Settings, running: httpx.Client, doer: Doer
) -> None:
    if not system.kafka:
        pytest.skip("there is no Kafka in one process")
    kafka = Kafka(system.kafka, system.topics, system.partitions)
    for topic in ("customer", "grant", "opportunity", "customer-merge", "operations"):

        def told(found: Iterable[Any]) -> list[Telling]:
            parts: list[Any] = []
            for record in found:
                parts.append({name: value.decode() for name, value in record.headers.items()})
                parts.append(json.loads(record.value or b"null"))
            return list(tellings(parts, doer.id))

        for places in records(kafka, [topic], told).values():
            for found in told(places):
                assert found.complete(doer.id), (topic, found)


def test_the_command_line_says_what_everybody_is(
    system: Settings, running: httpx.Client, doer: Doer
) -> None:
    if system.kafka:
        pytest.skip("it reads the same journal there")
    history = keyline(system.data, "history", "customer", doer.customer)
    assert "The system Teller closed" in history.stdout, history.stdout
    assert doer.id not in history.stdout
    log = keyline(system.data, "log", "--event", "password-set")
    assert f"by={doer.id} by_kind=key" in log.stdout, log.stdout
