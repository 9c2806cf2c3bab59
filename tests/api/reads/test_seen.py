"""Who could have seen a record has an answer, whatever way out it was."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.settings import Settings
from api.kernel.reading.told import FEW
from domain.kernel.aggregate import discover
from projections.kernel.reports.report import reports
from tests.api.asking import problem
from tests.api.command_line import keyline
from tests.api.conftest import KEY, serving
from tests.api.kernel.access.test_visibility import World

Seen = list[dict[str, Any]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("seen")
    with serving(Settings(data=folder, port=0, admin_key=KEY)) as address:
        world = World(address)
        world.folder = folder  # type: ignore[attr-defined]
        for number in range(FEW):
            for unit in ("gd", "js"):
                world.make("/customers", name=f"Of {unit} {number}", unit=unit)
        world.position = world.admin.get("/readyz").json()["position"]
        yield world
        for client in (world.admin, *world.readers.values()):
            client.close()


def seen(world: World, record: str, **more: Any) -> Seen:
    """Return all reads by which a record may have been seen, page by page."""
    found: Seen = []
    params = {"record": record, **more}
    while True:
        answer = world.admin.get("/access/seen", params=params)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        if (following := answer.json()["next"]) is None:
            return found
        params["cursor"] = following


def by_trace(found: Seen) -> dict[str, str]:
    return {each["trace"]: each["how"] for each in found}


def ask(world: World, who: str, path: str, **params: Any) -> str:
    """Read as somebody; returns the trace of the request."""
    client = world.admin if who == "admin" else world.readers[who]
    answer = client.get(path, params={"min_position": world.position} | params)
    assert answer.status_code == 200, answer.text
    return answer.headers["trace-id"]


def test_a_read_of_it_is_direct_and_a_small_list_names_what_it_had(world: World) -> None:
    one = ask(world, "gd", f"/customers/{world.south}")
    page = ask(world, "gd", f"/customers/{world.south}/page")
    history = ask(world, "group", f"/customers/{world.south}/history")
    named = ask(world, "gd", "/customers", grade="A", fields="name")
    other = ask(world, "gd", "/customers", grade="A", q="Of", fields="name")
    hows = by_trace(seen(world, world.south))
    assert [hows.get(each) for each in (one, page, history, named, other)] == [
        *("direct", "direct", "direct"),
        *("listed", None),
    ]
    (entry,) = (each for each in seen(world, world.south) if each["trace"] == named)
    assert (entry["rows"], entry["targets"].split()) == (1, [world.south])
    assert entry["position"] >= world.position


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/customers", {"limit": 1000}),
        ("/customers", {"limit": 1000, "as_of": "now"}),
        ("/customers", {"format": "csv"}),
        ("/customers", {"format": "parquet"}),
        ("/reports/customers", {"by": "grade"}),
        ("/reports/customers", {"by": "grade", "format": "csv"}),
        ("/reports/pipeline", {"by": "industry"}),
        ("/reports/customers/records", {"measures": "customers"}),
    ],
)
def test_a_larger_answer_is_covered_where_whoever_asked_saw_the_record(
    world: World, path: str, params: dict[str, Any]
) -> None:
    if "as_of" in params:
        params = {"limit": 1000, "as_of_position": world.position}
    mine, theirs = ask(world, "group", path, **params), ask(world, "js", path, **params)
    hows = by_trace(seen(world, world.south))
    assert (hows.get(mine), hows.get(theirs)) == ("covered", None)


def test_a_list_of_other_records_or_of_before_it_does_not_count(world: World) -> None:
    late = world.make("/customers", name="Lately", unit="gd-gz")
    before = ask(world, "group", "/customers", limit=1000, as_of_position=world.position)
    others = ask(world, "group", "/opportunities", limit=1000)
    none = ask(world, "group", "/customers", q="nowhere at all")
    hows = by_trace(seen(world, late))
    assert [hows.get(each) for each in (before, others, none)] == [None, None, None]


def test_the_feed_counts_by_what_it_had_as_pages_and_as_a_stream(world: World) -> None:
    reader = world.readers["group"]
    few = reader.get("/events", params={"stream": world.south})
    many = reader.get("/events", params={"limit": 1000, "type": "customer.registered"})
    both: dict[str, str | int] = {"limit": 1000, "type": "unit.opened,customer.registered"}
    several, paged = reader.get("/events", params=both), reader.get("/events/page", params=both)
    others = reader.get("/events", params={"limit": 1000, "aggregate": "unit"})
    late = world.make("/customers", name="Streamed", unit="gd-gz")
    after = {"after": world.position}
    with reader.stream(
        "GET", "/events", params=after, headers={"Accept": "text/event-stream"}
    ) as s:
        next(line for line in s.iter_lines() if line.startswith("data: ") and late in line)
    traces = [each.headers["trace-id"] for each in (few, many, several, paged, others)]
    hows = by_trace(seen(world, world.south))
    assert [hows.get(each) for each in traces] == ["direct", *["covered"] * 3, None]
    for _ in range(100):  # the server notices a moment later that the client has gone
        hows = by_trace(seen(world, late))
        if s.headers["trace-id"] in hows:
            break
        time.sleep(0.05)
    assert hows[s.headers["trace-id"]] == "listed"


def test_what_the_command_line_told_is_known_with_the_user_of_the_machine(world: World) -> None:
    folder: Path = world.folder  # type: ignore[attr-defined]
    done = keyline(folder, "history", "customer", world.south)
    assert done.returncode == 0, done.stderr
    done = keyline(folder, "export", str(folder / "parquet"))
    assert done.returncode == 0, done.stderr
    found = [each for each in seen(world, world.south) if each["actor_kind"] == "operator"]
    assert [(each["command"], each["how"], each["actor"]) for each in found] == [
        ("export", "covered", getpass.getuser()),
        ("customer.history", "direct", getpass.getuser()),
    ]
    assert all(each["rows"] > 0 and each["position"] >= world.position for each in found)


def test_every_list_and_report_says_how_far_it_came_and_how_much_it_had(world: World) -> None:
    paths = [f"/{each.plural}" for each in discover().aggregates.values()]
    paths += [f"/reports/{name}" for name in reports()]
    traces = {path: ask(world, "admin", path) for path in paths if path != "/late-entries"}
    log = world.admin.get("/operations", params={"limit": 1000, "kind": "read"}).json()["items"]
    told = {each["trace"]: each for each in log}
    for path, trace in traces.items():
        entry = told[trace]
        assert entry["rows"] is not None, path
        assert entry["position"] >= world.position, path
        if entry["rows"] <= FEW and not path.startswith("/reports"):
            assert len(entry["targets"].split()) == entry["rows"], path


def test_it_goes_by_the_permissions_to_explain_and_to_read_the_log(world: World) -> None:
    ask(world, "gd", f"/customers/{world.south}")
    problem(
        world.readers["sales of gd"].get("/access/seen", params={"record": world.south}),
        403,
        "not-permitted",
    )
    world.make(
        "/roles",
        code="auditor-of-gd",
        name="Auditor",
        unit="group",
        permissions=["access.explain", "operation.read"],
    )
    with world.key("auditor-of-gd", "gd") as auditor:
        found = auditor.get("/access/seen", params={"record": world.south}).json()["items"]
        assert {each["unit"] for each in found} <= {"gd", "gd-gz"}
        assert found
        problem(auditor.get("/access/seen", params={"record": world.east}), 404, "unknown-id")
    problem(world.admin.get("/access/seen", params={"record": "nothing"}), 404, "unknown-id")


def test_pages_together_are_all_there_is(world: World) -> None:
    for _ in range(5):
        ask(world, "gd", f"/customers/{world.south}")
    whole = [each["number"] for each in seen(world, world.south, limit=1000)]
    paged = [each["number"] for each in seen(world, world.south, limit=2)]
    assert [each for each in paged if each <= whole[0]] == whole
    assert json.dumps(paged) == json.dumps(sorted(set(paged), reverse=True))
