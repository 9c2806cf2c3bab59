"""Running it: ready is caught up, what is wrong is an alarm, and who saw what is known."""

from __future__ import annotations

import getpass
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.commands.test_executor import call, register, started, stop
from tests.api.asking import not_ready, problem, until_ready
from tests.api.command_line import ROOT, environment
from tests.faults.fresh import Fresh, id_of, serving, until

LAYERS = ("domain", "projections", "adapters", "streams", "api")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """A server that was started with demo data, and has only just come to answer."""
    with serving(tmp_path_factory.mktemp("demo"), demo="1") as fresh:
        yield fresh


def test_a_server_that_is_ready_has_all_in_its_lists_and_reports(demo: Fresh) -> None:
    # Deadlines go on from there: contracts of the demo data take effect and end.
    head = until_ready(demo.http)["began_at"]
    listed = demo.get("/customers", count="exact", limit="1").json()
    counted = demo.get("/reports/customers", measures="customers").json()
    assert min(listed["position"], counted["position"]) >= head > 0
    registered = demo.ask("/customers", count="exact", limit="1", min_position=head)["count"]
    assert listed["count"] == registered > 300
    assert counted["rows"][0]["customers"] == registered


def test_a_position_that_was_never_told_is_refused_at_once(demo: Fresh) -> None:
    head = until_ready(demo.http)["position"]
    answer = demo.get("/customers", min_position=head + 1_000_000)
    found = problem(answer, 422, "invalid-parameter")
    assert [each["parameter"] for each in found["errors"]] == ["min_position"]
    assert answer.elapsed.total_seconds() < 5  # for as long it would have waited


def test_who_saw_a_record_is_known_whatever_way_it_was_read(demo: Fresh) -> None:
    seen = demo.customer("Seen", grade="A")
    record, position = id_of(seen), demo.position
    reads = [
        demo.get("/customers", name="Seen", min_position=position),
        demo.get("/reports/customers", by="grade", min_position=position),
        demo.get("/events", after=position - 1, limit="1"),  # deadlines go on behind it
    ]
    assert demo.run("history", "customer", record).returncode == 0
    assert demo.run("export", str(demo.data.parent / "export")).returncode == 0
    found = {each["trace"]: each for each in told(demo, record)}
    for read, how, rows in zip(reads, ("listed", "covered", "listed"), (1, 3, 1), strict=True):
        entry = found[read.headers["trace-id"]]
        assert (entry["how"], entry["rows"], entry["actor"]) == (how, rows, "admin")
        assert entry["position"] >= position
    by_command = [each for each in told(demo, record) if each["actor_kind"] == "operator"]
    assert [(each["command"], each["how"], each["actor"]) for each in by_command] == [
        ("export", "covered", getpass.getuser()),
        ("customer.history", "direct", getpass.getuser()),
    ]


def told(keyline: Fresh, record: str) -> list[dict[str, Any]]:
    """Return the reads by which a record may have been seen."""
    items: list[dict[str, Any]] = keyline.get("/access/seen", record=record).json()["items"]
    return items


def test_a_changed_constant_of_a_helpers_helper_asks_for_a_rebuild_and_a_comment_does_not(
    demo: Fresh, tmp_path: Path
) -> None:
    for layer in LAYERS:
        shutil.copytree(ROOT / layer, tmp_path / layer)
    names = tmp_path / "projections" / "customers" / "merges" / "name_key.py"
    before = names.read_text()
    assert stale(demo, tmp_path, names, before + "# a comment\n") == []
    changed = before.replace('"inc", ', "")
    assert changed != before
    assert "customers" in stale(demo, tmp_path, names, changed)


def stale(keyline: Fresh, folder: Path, file: Path, text: str) -> list[str]:
    """Return the read models that `keyline status` of a changed program calls stale."""
    file.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", "status", "--json"],
        cwd=folder,
        env=environment(keyline.data, port=keyline.port),
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[str] = json.loads(done.stdout)["stale"]
    return found


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with a journal in which the end of a unit lacks its day, and a customer there."""
    folder = tmp_path_factory.mktemp("old")
    (folder / "data").mkdir()
    executor = started(f"sqlite:///{folder / 'data' / 'journal.db'}")
    customer = register(executor, unit="gd-gz").id
    unit = next(each.stream for each in executor.journal.read(0) if each.data["code"] == "gd-gz")
    executor.execute(call("unit.close", unit, reason="x", successor="gd"))
    stop(executor)
    alter(folder, "UPDATE events SET data = json_remove(data, '$.on') WHERE type = 'unit.closed'")
    return folder, customer


def alter(folder: Path, statement: str) -> None:
    """Alter the journal in a folder behind the back of the system."""
    with sqlite3.connect(folder / "data" / "journal.db") as connection:
        kept = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'"
        for (name,) in connection.execute(kept).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount == 1
    connection.close()


def test_a_policy_finds_the_fields_that_are_younger_than_an_event(old: tuple[Path, str]) -> None:
    folder, customer = old
    with serving(folder) as server:
        until_ready(server.http)
        until(lambda: server.ask(f"/customers/{customer}")["unit"] == "gd")
        assert server.get("/parked").json()["items"] == []


def test_a_server_that_is_started_on_an_altered_journal_is_not_ready_and_says_why(
    old: tuple[Path, str],
) -> None:
    folder, _ = old
    alter(folder, "UPDATE events SET actor = 'nobody' WHERE position = 3")
    alter(folder, "DELETE FROM events WHERE position = (SELECT max(position) FROM events)")
    with serving(folder) as server:
        assert "the journal is not what was recorded: events: the journal says" in not_ready(
            server.http
        )
        verified = server.run("verify")
        assert verified.returncode == 1
        assert "events 3 to 3 are altered" in not_ready(server.http)
