"""Proofs over HTTP convince the stand-alone verifier; bad questions get clear answers."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from adapters.proofs.verifier import keys_of, verify_entry, verify_heads
from adapters.settings import Settings
from tests.api.asking import head as position
from tests.api.asking import problem, register
from tests.api.command_line import keyline
from tests.api.conftest import KEY, serving


def get(client: httpx.Client, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def signed_head(client: httpx.Client) -> dict[str, Any]:
    """Return the head of the events, once one was signed."""
    for _ in range(200):
        found: dict[str, Any] | None = get(client, "/proofs/head")["events"]["head"]
        if found is not None:
            return found
        time.sleep(0.05)
    raise AssertionError("no head was signed")


def as_admin(address: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {KEY}"}
    return httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=30)


def test_an_auditor_proves_an_event_and_that_nothing_before_was_rewritten(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, port=0, admin_key=KEY)
    with serving(settings) as address, as_admin(address) as client:
        keys = keys_of(get(client, "/proofs/keys"))
        old = signed_head(client)
        at = register(client, name="To be proved")["position"]
        early = get(client, f"/proofs/events/{at}")
        assert (early["head"], early["size"] >= at) == (None, True)
    with serving(settings) as address, as_admin(address) as client:
        # The head of all that there was was signed when the server ended.
        new = get(client, "/proofs/head")["events"]["head"]
        assert new["size"] >= at
        found = get(client, f"/proofs/events/{at}?size={new['size']}")
        assert verify_entry(found, keys).startswith(f"Number {at} of events")
        assert json.loads(json.loads(found["leaf"])[11])["name"] == "To be proved"
        between = get(client, f"/proofs/consistency?from={old['size']}&to={new['size']}")
        assert verify_heads(old, new, between, keys)
        number = get(client, "/proofs/head")["operations"]["head"]["size"]
        assert verify_entry(get(client, f"/proofs/operations/{number}?size={number}"), keys)
    lines = (tmp_path / "heads.jsonl").read_text().splitlines()
    assert new in [json.loads(line) for line in lines]
    assert (tmp_path / "head.key").stat().st_mode & 0o777 == 0o600


def test_the_program_from_the_api_checks_its_answers_as_they_are(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", port=0, admin_key=KEY)
    alone = tmp_path / "elsewhere"
    alone.mkdir()

    def keep(client: httpx.Client, name: str, path: str) -> Any:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        (alone / name).write_bytes(answer.content)
        return answer

    with serving(settings) as address, as_admin(address) as client:
        size = signed_head(client)["size"]
        keep(client, "keys.json", "/proofs/keys")
        keep(client, "old.json", "/proofs/head")
        at = register(client, name="Proved")["position"]
    with serving(settings) as address, as_admin(address) as client:
        program = keep(client, "verifier.py", "/proofs/verifier")
        assert program.headers["content-type"].startswith("text/x-python")
        new = keep(client, "new.json", "/proofs/head").json()
        to = new["events"]["head"]["size"]
        keep(client, "between.json", f"/proofs/consistency?from={size}&to={to}")
        keep(client, "event.json", f"/proofs/events/{at}?size={to}")
        deadline = time.monotonic() + 60
        proved = b""
        while b"proof." not in proved:  # reads are noted a moment later
            assert time.monotonic() < deadline
            number = get(client, "/proofs/head")["operations"]["head"]["size"]
            path = f"/proofs/operations/{number}?size={number}"
            proved = keep(client, "operation.json", path).content

    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, "-I", "verifier.py", *arguments]
        done = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    status, said = run("heads", "old.json", "new.json", "between.json", "keys.json")
    assert (status, said[:7]) == (0, "PROVED:"), said
    status, said = run("heads", "new.json", "old.json", "between.json", "keys.json")
    assert (status, said[:8]) == (1, "REFUTED:")
    status, said = run("entry", "event.json", "keys.json")
    assert status == 0
    assert "who  person admin at group" in said
    assert "what customer.registered, version 1 of " in said
    assert '"name":"Proved"' in said
    status, said = run("entry", "operation.json", "keys.json")
    assert status == 0, said
    assert "  what read proof." in said
    assert "  says /proofs/" in said


def test_what_cannot_be_proved_is_refused(client: httpx.Client) -> None:
    there = position(client)
    problem(client.get(f"/proofs/events/{there + 1000}"), 404, "unknown-id")
    problem(client.get("/proofs/operations/999999999"), 404, "unknown-id")
    for path in (
        "events/0",
        "events/x",
        f"events/{2**60}",
        "events/5?size=4",
        "events/1?size=999999999",
        "events/1?shape=2",
        "consistency",
        "consistency?from=-1",
        "consistency?from=5&to=4",
        "consistency?from=1&to=999999999",
        "consistency?from=999999999",
        "consistency?from=1&log=rows",
    ):
        problem(client.get(f"/proofs/{path}"), 422, "invalid-parameter")


def test_an_empty_beginning_and_the_whole_log_are_consistent(client: httpx.Client) -> None:
    size = get(client, "/proofs/head")["events"]["size"]
    for first in (0, 1, size):
        found = get(client, f"/proofs/consistency?from={first}&to={size}")
        assert (found["from"], found["to"]) == (first, size)


def test_proofs_are_for_those_who_may_have_them(stranger: httpx.Client) -> None:
    for path in ("head", "keys", "verifier", "events/1", "operations/1", "consistency?from=1"):
        problem(stranger.get(f"/proofs/{path}"), 401, "unauthenticated")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder that a server has worked on."""
    folder = tmp_path / "data"
    settings = Settings(data=folder, port=0, admin_key=KEY)
    with serving(settings) as address, as_admin(address) as client:
        signed_head(client)
        register(client)
    return folder


def test_keyline_verify_says_where_a_history_was_altered(data: Path, tmp_path: Path) -> None:
    done = keyline(data, "verify", "--head", str(data / "heads.jsonl"))
    assert done.returncode == 0, done.stderr
    assert "agree with every signed head" in done.stdout
    assert "Not compared: what reads are answered from (rows, warehouse)" in done.stdout

    with sqlite3.connect(data / "journal.db") as connection:
        connection.execute("DROP TRIGGER events_are_kept_from_update")
        connection.execute("UPDATE events SET actor = 'nobody' WHERE position = 3")
    connection.close()
    done = keyline(data, "verify")
    assert done.returncode == 1
    assert "altered" in done.stdout
    assert " 3 " in done.stdout
    assert "not what was recorded" in done.stderr

    garbage = tmp_path / "heads.jsonl"
    garbage.write_text('{"log": "events"}\n')
    done = keyline(data, "verify", "--head", str(garbage))
    assert (done.returncode, "line 1, is not a head" in done.stderr) == (2, True)
    assert keyline(data, "verify", "--head", str(tmp_path / "absent")).returncode == 2
    assert keyline(data, "verify", "--keys", str(garbage)).returncode == 2
