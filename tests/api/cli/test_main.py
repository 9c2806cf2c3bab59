"""The command line does what it says, through real processes."""

from __future__ import annotations

import csv
import dataclasses
import errno
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
from pathlib import Path

import duckdb
import pytest

from adapters.local.process import free_port
from adapters.settings import Settings
from api.cli.main import app
from api.kernel.terminal import explained
from domain.organisation.standard_calendars import STANDARD_CALENDARS
from domain.permissions.standard_roles import STANDARD_ROLES
from tests.api.command_line import keyline, running, try_call

NAMES = [
    each.name or each.callback.__name__  # type: ignore[union-attr]
    for each in app.registered_commands
]

MAPPING = ("--map", "name=name", "--map", "up=parent_id", "--set", "unit=group", "--key", "id")
FOUNDATION = len(STANDARD_ROLES) + 3 + sum(1 + len(each.years) for each in STANDARD_CALENDARS)
"""The events that every journal begins with: roles, group, administrator, a grant, calendars."""

ALL = FOUNDATION + 3
"""Those and three customers."""

ROWS = "id,name,up,number\n1,广州银行,,9144\n2,广州银行天河支行,1,\n3,深圳医院,,\n"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "customers.csv"
    file.write_text(ROWS, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    file = folder / "customers.csv"
    file.write_text(ROWS, encoding="utf-8")
    data = folder / "data"
    assert keyline(data, "import", "customers", str(file), *MAPPING).returncode == 0
    assert keyline(data, "rebuild").returncode == 0
    return data


@pytest.fixture
def data(prepared: Path, tmp_path: Path) -> Path:
    """A data folder with three customers, in the journal and in the rows."""
    return Path(shutil.copytree(prepared, tmp_path / "data"))


def position(data: Path) -> int:
    found: int = json.loads(keyline(data, "status", "--json").stdout)["position"]
    return found


def count(file: Path) -> int:
    with duckdb.connect() as connection:
        found = connection.execute(f"SELECT count(*) FROM '{file}'").fetchall()
    number: int = found[0][0]
    return number


def test_every_part_of_the_system_has_a_command() -> None:
    wanted = "serve publish project warehouse import export replay rebuild status settings cluster"
    assert set(wanted.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(tmp_path: Path, name: str) -> None:
    done = keyline(tmp_path, name, "--help")
    assert done.returncode == 0
    assert f"{name} [OPTIONS]" in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "page"), [("rules", "domain/rules.md"), ("glossary", "projections/glossary.md")]
)
def test_a_book_of_the_code_is_printed_as_it_is_committed(
    tmp_path: Path, command: str, page: str
) -> None:
    committed = (Path(__file__).parents[3] / page).read_text(encoding="utf-8")
    assert keyline(tmp_path, command).stdout == committed
    assert list(tmp_path.iterdir()) == []


def test_settings_are_listed_with_what_is_in_force_and_secrets_masked(tmp_path: Path) -> None:
    url = "postgresql+psycopg://keyline:hush@db/keyline"
    done = keyline(tmp_path, "settings", journal=url, admin_key="a-very-secret-key", port="8123")
    for field in dataclasses.fields(Settings):
        assert field.metadata["name"] in done.stdout
        assert field.metadata["meaning"] in done.stdout
    assert "8123" in done.stdout
    assert "default: 8000" in done.stdout
    assert "hush" not in done.stdout
    assert "a-very-secret-key" not in done.stdout


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ({"port": "http"}, "KEYLINE_PORT is a whole number, not 'http'."),
        ({"pot": "1"}, "There is no setting KEYLINE_POT."),
        ({"log": "loud"}, "KEYLINE_LOG is console or json."),
        ({"admin_key": "short"}, "KEYLINE_ADMIN_KEY has 16 characters or more."),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    tmp_path: Path, setting: dict[str, str], complaint: str
) -> None:
    done = keyline(tmp_path, "serve", **{"port": "0", **setting})
    assert done.returncode == 2
    assert done.stderr.strip() == f"keyline: {complaint}"


def test_an_address_in_use_is_named_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = keyline(tmp_path, "serve", port=str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "KEYLINE_PORT" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_database_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    journal = "postgresql+psycopg://keyline@127.0.0.1:1/keyline"
    done = keyline(tmp_path, "status", journal=journal)
    assert done.returncode == 1
    assert done.stderr.startswith("keyline: The database does not answer")
    assert "Traceback" not in done.stderr


def test_a_dry_run_keeps_nothing(tmp_path: Path, rows: Path) -> None:
    done = keyline(tmp_path / "d", "import", "customers", str(rows), *MAPPING, "--dry-run")
    assert done.returncode == 0
    assert done.stdout.startswith("3 would be imported, 0 were there already, 0 failed")
    assert position(tmp_path / "d") == FOUNDATION


def test_an_import_can_be_run_again(data: Path, rows: Path) -> None:
    done = keyline(data, "import", "customers", str(rows), *MAPPING)
    assert done.stdout.startswith("0 imported, 3 were there already, 0 failed")
    assert position(data) == ALL


def test_rows_that_fail_are_shown_written_and_counted(tmp_path: Path) -> None:
    file, faults = tmp_path / "rows.csv", tmp_path / "faults.csv"
    file.write_text("id,name,up\n1,A,\n2,,\n3,C,Nobody\n", encoding="utf-8")
    done = keyline(
        tmp_path / "d", "import", "customers", str(file), *MAPPING, "--errors", str(faults)
    )
    assert done.returncode == 1
    assert "line 3: customer.register: column 'name': Field required" in done.stderr
    assert "2 of 3 rows failed." in done.stderr
    with faults.open(encoding="utf-8-sig", newline="") as written:
        assert [(row["line"], row["id"]) for row in csv.DictReader(written)] == [
            ("3", "2"),
            ("4", "3"),
        ]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("import", "cars", "x.csv"), "There is nothing called 'cars'; there are api-keys"),
        (("import", "customers", "none.csv"), "cannot be read"),
        (("import", "customers", "{rows}", "--map", "x=name"), "There is no column 'x'"),
        (("import", "customers", "{rows}", "--mapping", "none.toml"), "none.toml cannot be read"),
        (("replay", "--check", "planets"), "There is no read model 'planets'"),
        (("export", "out", "--as-of", "yesterday"), "--as-of: Give a day"),
        (("publish",), "KEYLINE_KAFKA names no Kafka cluster"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(
    tmp_path: Path, rows: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    done = keyline(tmp_path / "d", *(each.format(rows=rows) for each in arguments))
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_a_row_that_somebody_has_tampered_with_is_found(data: Path) -> None:
    assert keyline(data, "replay", "--check").returncode == 0
    with sqlite3.connect(data / "rows.db") as database:
        database.execute("UPDATE customers SET grade = 'A' WHERE name = '深圳医院'")
    database.close()

    done = keyline(data, "replay", "--check")

    assert done.returncode == 1
    assert "The rows are not what the journal says" in done.stderr
    assert re.search(r"rows customers \S+, grade: says A, the journal nothing", done.stdout)
    assert "The warehouse was not compared: there is none yet" in done.stdout
    assert keyline(data, "rebuild", "customers").returncode == 0
    assert keyline(data, "replay", "--check", "customers").returncode == 0


def test_status_says_how_far_every_part_is(data: Path) -> None:
    found = json.loads(keyline(data, "status", "--json").stdout)
    assert (found["position"], found["parked"], found["stale"]) == (ALL, [], [])
    assert found["parts"]["rows: customers"] == {"position": ALL, "lag": 0}
    assert "rows: customers" in keyline(data, "status").stdout


def test_status_asks_the_running_server_how_far_its_warehouse_is(data: Path) -> None:
    port = str(free_port())
    with running(data, "serve", until="/reports/", port=port):
        lagging = True
        while lagging:
            found = json.loads(keyline(data, "status", "--json", port=port).stdout)
            lagging = found["parts"]["warehouse"]["lag"] > 0
    found = json.loads(keyline(data, "status", "--json", port=port).stdout)
    assert found["parts"]["warehouse"] == {"position": ALL, "lag": 0}


def test_what_is_not_parked_cannot_be_retried(data: Path) -> None:
    done = keyline(data, "retry", "customers", "01900000-0000-7000-8000-000000000000")
    assert done.returncode == 1
    assert "has parked nothing" in done.stderr


def test_an_export_can_be_read_by_other_programs(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert keyline(data, "export", str(folder)).returncode == 0
    assert count(folder / "history_customers.parquet") == 3
    assert json.loads((folder / "manifest.json").read_text())["position"] == ALL


def test_an_export_can_be_of_the_past(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    assert keyline(data, "export", str(folder), "--as-of", "2020-01-01").returncode == 0
    assert count(folder / "history_customers.parquet") == 0


def test_an_export_for_somebody_needs_a_permission_of_theirs(data: Path, tmp_path: Path) -> None:
    done = keyline(data, "export", str(tmp_path / "out"), "--as", "nobody")
    assert done.returncode == 2
    assert "nobody has the permission export.read nowhere" in done.stderr


def test_the_first_start_tells_all_that_a_person_needs(tmp_path: Path) -> None:
    with running(tmp_path, "serve", until="/reports/", port="0") as (_, lines):
        calls = [line for line in lines if line.startswith("curl ")]
        assert len(calls) == 3
        read, register, report = (try_call(line) for line in calls)
        assert read.status_code == 200, read.text
        assert register.status_code == 201, register.text
        assert report.status_code == 200, report.text
        assert any("shown only this once: kl_" in line for line in lines)
    with running(tmp_path, "serve", until="/reports/", port="0") as (process, lines):
        assert not any("kl_" in line for line in lines)
        process.send_signal(signal.SIGTERM)


def test_an_export_works_beside_a_running_server(data: Path, tmp_path: Path) -> None:
    with running(data, "serve", until="/reports/", port="0"):
        done = keyline(data, "export", str(tmp_path / "out"))
    assert done.returncode == 0
    assert "in use by a running server" in done.stderr
    assert f"As of position {ALL}" in done.stdout


def test_an_import_beside_a_running_server_is_seen_by_it(tmp_path: Path, rows: Path) -> None:
    key = "a-key-of-thirty-characters-long"
    with running(tmp_path, "serve", until="/reports/", port="0", admin_key=key) as (_, lines):
        assert keyline(tmp_path, "import", "customers", str(rows), *MAPPING).returncode == 0
        (read, *_) = [line for line in lines if line.startswith("curl ")]
        listed = try_call(read.replace("grade=A&", f"min_position={ALL}&"), key)
        assert len(listed.json()["items"]) == 3


def test_the_projector_ends_cleanly(data: Path, rows: Path) -> None:
    more = rows.with_name("more.csv")
    more.write_text("id,name,up\n9,成都大学,\n", encoding="utf-8")
    assert keyline(data, "import", "customers", str(more), *MAPPING).returncode == 0
    with running(data, "project", until="worker.started"):
        pass
    assert keyline(data, "replay", "--check").returncode == 0


def test_a_full_disk_and_a_file_that_is_none_of_ours_are_explained_in_a_line(
    tmp_path: Path,
) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(duckdb.IOException) as refused:
        duckdb.connect(tmp_path)
    for error in (full, refused.value):
        assert explained(error) == (str(error), 1)
    assert explained(KeyError("a fault of ours")) is None
