"""What is on the disk is for the service's user alone, whatever the umask of who starts it."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.api.command_line import keyline, running
from tests.api.conftest import KEY


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_files(folder: Path) -> list[str]:
    """Return what others may read, write or enter, the folder itself too, with its mode."""
    found = [folder, *folder.rglob("*")]
    modes = {path: path.lstat().st_mode for path in found if not path.is_symlink()}
    return [f"{stat.filemode(mode)} {path}" for path, mode in modes.items() if mode & 0o077]


def address(lines: list[str]) -> str:
    found = re.search(r"http://[0-9.:]+", "\n".join(lines))
    assert found is not None, lines
    return found[0]


def test_no_file_of_a_server_and_of_its_commands_is_open_to_others(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    settings = {"admin_key": KEY, "port": "0"}
    out.mkdir()
    stale = out / "fact_customer_registered.parquet"
    stale.touch()
    assert stale.stat().st_mode & 0o077
    with running(data, "serve", until="Three calls", **settings) as (_, lines):
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(
            base_url=address(lines), headers=headers, timeout=30, trust_env=False
        ) as client:
            for number in range(30):
                body = {"name": f"Customer {number}", "unit": "group"}
                assert client.post("/customers", json=body).status_code == 201
            client.post("/sign-in", json={"employee": "admin", "password": "wrong"})
            for form in ("json", "parquet"):
                answer = client.get("/reports/pipeline", params={"by": "stage", "format": form})
                assert answer.status_code == 200, answer.text
            past = {"as_of": datetime.now(UTC).isoformat()}
            assert client.get("/customers", params=past).status_code == 200
            assert keyline(data, "rebuild", "warehouse", **settings).returncode == 0
            names = {path.name for path in data.rglob("*")}
            assert {"journal.db-wal", "keys.db-wal", "system.db"} <= names
            assert any(name.startswith("warehouse") for name in names)
            assert not open_files(data)
    for line in (["rebuild"], ["seal", "--least", "1"], ["verify"], ["keys", "rotate"]):
        done = keyline(data, *line, **settings)
        assert done.returncode == 0, done.stderr
        assert "open-to-others" not in done.stdout + done.stderr
    assert keyline(data, "export", str(out), **settings).returncode == 0
    names = {path.name for path in data.rglob("*")}
    assert {"heads.jsonl", "head.key", "master.key", "segments"} <= names
    assert list(data.rglob("*.parquet"))
    assert not open_files(data)
    assert len(list(out.iterdir())) > 20
    assert [each.split()[1] for each in open_files(out)] == [str(out)]  # which was there before


def test_an_old_folder_that_is_open_is_told_at_each_start_until_it_is_closed(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    settings = {"admin_key": KEY, "port": "0", "log": "json"}
    with running(data, "serve", until="Three calls", **settings):
        pass
    for path in (data, *data.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with sqlite3.connect(data / "journal.db") as journal:  # as an earlier version kept them
        journal.execute("UPDATE keys SET value = ? WHERE name <> 'admin'", ["0" * 64])
    journal.close()
    mend = f"chmod -R go= {data}"
    with running(data, "serve", until="Three calls", **settings) as (_, lines):
        said = [json.loads(line) for line in lines if line.startswith("{")]
        (warning,) = (each for each in said if each["event"] == "files-open-to-others")
        assert (warning["level"], warning["path"], warning["mend"]) == ("warning", str(data), mend)
        assert [each for each in said if each["event"] == "signing-secrets-replaced"]
    found = json.loads(keyline(data, "status", "--json", **settings).stdout)
    assert found["open_to_others"] == {str(data): mend}
    assert mend in keyline(data, "status", **settings).stdout
    assert mend in keyline(data, "log", "--event", "files-open-to-others", **settings).stdout
    with sqlite3.connect(data / "journal.db") as journal:
        values = dict(journal.execute("SELECT name, value FROM keys WHERE name <> 'admin'"))
    journal.close()
    assert {"signing"} < values.keys()
    assert all(value.startswith("wrapped:") for value in values.values())
    assert os.system(mend) == 0
    assert not open_files(data)
    assert json.loads(keyline(data, "status", "--json", **settings).stdout)["open_to_others"] == {}


def test_a_token_outlives_a_rotation_and_not_a_renewal(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {"admin_key": KEY, "port": str(port)}
    url = f"http://127.0.0.1:{port}"
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as client:
        with running(tmp_path, "serve", until="Three calls", **settings):
            engaged = {"code": "li.wei", "name": "Li Wei", "unit": "group"}
            admin = {"Authorization": f"Bearer {KEY}"}
            client.post("/employees", json=engaged, headers=admin)
            password = {"password": "a long and winding road"}
            client.post("/employees/li.wei/password", json=password, headers=admin)
            answer = client.post("/sign-in", json={"employee": "li.wei"} | password)
            token = {"Authorization": f"Bearer {answer.json()['access_token']}"}
            assert client.get("/me", headers=token).status_code == 403  # known, to change it first
            assert keyline(tmp_path, "keys", "rotate", **settings).returncode == 0
            assert client.get("/me", headers=token).status_code == 403
        with running(tmp_path, "serve", until="Three calls", **settings):
            assert client.get("/me", headers=token).status_code == 403
            done = keyline(tmp_path, "keys", "renew", **settings)
            assert done.stdout.startswith("2 secrets are gone."), done.stderr
        with running(tmp_path, "serve", until="Three calls", **settings):
            assert client.get("/me", headers=token).status_code == 401
            answer = client.post("/sign-in", json={"employee": "li.wei"} | password)
            assert answer.status_code == 200
