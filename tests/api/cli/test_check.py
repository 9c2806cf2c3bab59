"""`keyline replay --check`: every store is compared, or it is said why it was not."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.settings import Settings
from adapters.warehouse.warehouse import Warehouse
from api.cli.check import check_stores, print_reports
from api.cli.rebuild_jobs import chosen, rebuild_rows, rows_of
from api.kernel.terminal import Failure
from domain.kernel.aggregate import Stored, new_id
from projections.kernel.findings import Report
from tests.api.command_line import keyline, running
from tests.streams.flow import happen

ALTERED = [
    "rows customers {id}, name: says Nobody, the journal {name}",
    "warehouse present_customers {id} version 1 at position {at}, name: says Nobody, "
    "the journal {name}",
]


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    """The settings of a house whose journal has two customers, and whose rows have them too."""
    folder = tmp_path / "data"
    folder.mkdir()
    settings = Settings(data=folder, journal=database_url, rows=database_url)
    journal = Journal(settings.journal_url)
    journal.create()
    data = b'{"name":"One","unit":"group"}'
    happen(journal, [Stored(new_id(), 1, "customer.registered", 1, data) for _ in range(2)])
    journal.close()
    rebuild_rows(settings, chosen(()))
    return settings


def load(settings: Settings) -> None:
    journal = Journal(settings.journal_url)
    warehouse = Warehouse(settings.warehouse_path, histories=journal.history)
    for rows in rows_of(journal)(0):
        warehouse.load(rows)
    warehouse.close()
    journal.close()


def positions(reports: list[Report]) -> dict[str, int | None]:
    return {each.store: each.position for each in reports}


def test_what_is_not_there_yet_is_said_and_no_failure(settings: Settings) -> None:
    reports = check_stores(settings)
    assert positions(reports) == {"rows": 2, "persons": 2, "tallies": 2, "warehouse": None}
    assert [each.absent for each in reports] == [False, False, False, True]
    assert not settings.warehouse_path.exists()
    print_reports(reports)


def test_all_stores_are_compared_where_no_server_runs(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    load(settings)
    assert positions(check_stores(settings)) == {
        "rows": 2,
        "persons": 2,
        "tallies": 2,
        "warehouse": 2,
    }
    with duckdb.connect(settings.warehouse_path) as warehouse:
        warehouse.execute("DELETE FROM store.recent WHERE position = 2")
    reports = check_stores(settings, ["warehouse"])
    assert [each.store for each in reports] == ["warehouse"]
    with pytest.raises(Failure, match="The warehouse is not what the journal says"):
        print_reports(reports)
    assert "is missing, and the journal knows of it" in capsys.readouterr().out
    journal = Journal(settings.journal_url)
    with journal.engine.connect() as connection:
        query = sa.text("SELECT query FROM operations WHERE command = 'replay'")
        noted = connection.scalars(query).all()
    assert noted == ["keyline replay --check warehouse"]
    journal.close()


@pytest.mark.parametrize("there", [False, True])
def test_a_warehouse_elsewhere_is_not_taken_for_well(
    settings: Settings, capsys: pytest.CaptureFixture[str], there: bool
) -> None:
    if there:  # of former times: whoever answers has another file
        load(settings)
    reports = check_stores(replace(settings, warehouse="http://127.0.0.1:9"))
    assert positions(reports) == {"rows": 2, "persons": 2, "tallies": 2, "warehouse": None}
    with pytest.raises(Failure, match="Not compared with the journal: the warehouse"):
        print_reports(reports)
    assert "http://127.0.0.1:9" in capsys.readouterr().out


def test_altered_values_are_named_with_a_server_and_without(tmp_path: Path) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("name\n广州银行\n深圳医院\n", encoding="utf-8")
    data = tmp_path / "data"
    mapping = ("--map", "name=name", "--set", "unit=group")
    assert keyline(data, "import", "customers", str(file), *mapping).returncode == 0
    with running(data, "serve", until="/reports/", port="0"):
        well = keyline(data, "replay", "--check")
        assert (well.returncode, "it is asked to check" in well.stderr) == (0, True), well.stderr

    (warehouse,) = data.glob("*.duckdb")
    with duckdb.connect(warehouse) as database:
        query = "SELECT id, name, position FROM store.present_customers ORDER BY name LIMIT 1"
        ((id_, name, at),) = database.execute(query).fetchall()
        database.execute("UPDATE store.present_customers SET name = 'Nobody' WHERE id = ?", [id_])
    with sqlite3.connect(data / "rows.db") as altered:
        altered.execute("UPDATE customers SET name = 'Nobody' WHERE id = ?", [id_])
    altered.close()
    expected = [each.format(id=id_, name=name, at=at) for each in ALTERED]

    alone = keyline(data, "replay", "--check")
    with running(data, "serve", until="/reports/", port="0"):
        beside = keyline(data, "replay", "--check")
        for done in (alone, beside):
            assert done.returncode == 1
            assert [each for each in done.stdout.splitlines() if "Nobody" in each] == expected
            assert "keyline rebuild && keyline rebuild warehouse" in done.stderr.replace("\n", " ")
        assert "it is asked to check" in beside.stderr
