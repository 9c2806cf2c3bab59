"""Checking a warehouse: whatever is altered in it is found and named."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.warehouse.warehouse import Warehouse
from projections.kernel.findings import FEW, Report
from projections.kernel.warehouse.loader import RebuildRequired
from tests.projections.happenings import Raw, golden_rows, told

ROWS = golden_rows()
BOOKS = {"shapes", "progress", "sealed"}
"""What a warehouse keeps about itself, and what operators decided: not from the journal."""

WHICH = {"id", "version", "position"}
"""What tells a version in the warehouse."""

OTHERS = {
    "VARCHAR": "'another'",
    "JSON": "'7'",
    "BOOLEAN": "NULL",
    "BIGINT": "-7",
    "INTEGER": "-7",
    "DECIMAL": "-7",
    "DOUBLE": "-7",
    "DATE": "DATE '1999-01-01'",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ '1999-01-01'",
}
"""Values that no golden history has, by type."""


def read(after: int) -> Iterator[list[Raw]]:
    if ROWS[after:]:
        yield ROWS[after:]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse that was loaded as events came."""
    folder = tmp_path_factory.mktemp("prepared") / "warehouse"
    opened = Warehouse(folder / "warehouse.duckdb", histories=told(ROWS))
    opened.load(ROWS[:60])
    opened.load(ROWS[60:])
    opened.close()
    return folder


@pytest.fixture
def warehouse(prepared: Path, tmp_path: Path) -> Iterator[Warehouse]:
    shutil.copytree(prepared, tmp_path / "warehouse")
    opened = Warehouse(tmp_path / "warehouse" / "warehouse.duckdb", histories=told(ROWS))
    yield opened
    opened.close()


def alter(warehouse: Warehouse, statement: str) -> None:
    warehouse._current.connection.execute(statement)


def said(report: Report) -> list[str]:
    return [str(each) for table in report.tables for each in table.findings]


def differing(report: Report) -> dict[str, int]:
    return {each.table: each.differ for each in report.tables if each.differ}


def kept(warehouse: Warehouse) -> dict[str, dict[str, str]]:
    """Return the tables that have rows, with their columns and types, as DuckDB lists them."""
    query = (
        "SELECT table_name, map_from_entries(list((column_name, data_type))) "
        "FROM duckdb_columns() WHERE schema_name = 'store' "
        "AND table_name IN (SELECT table_name FROM duckdb_tables()) GROUP BY 1 ORDER BY 1"
    )
    with warehouse.reader() as cursor:
        found = dict(cursor.execute(query).fetchall())
        return {
            name: columns
            for name, columns in found.items()
            if name not in BOOKS and cursor.execute(f"FROM store.{name} LIMIT 1").fetchall()
        }


@pytest.mark.parametrize("settled", [False, True])
def test_a_change_in_any_table_of_the_warehouse_is_found(
    warehouse: Warehouse, settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if settled:
        monkeypatch.setattr(
            "projections.kernel.warehouse.elements.MOST", 0
        )  # all lists are long ones
        warehouse.rebuild(read)
    report = warehouse.check(read)
    assert said(report) == []
    assert (report.store, report.position) == ("warehouse", len(ROWS))
    assert not list(warehouse.path.parent.glob("*.check.*"))

    tables = kept(warehouse)
    assert {"present_customers", "past_customers"} <= tables.keys() or settled
    assert {"long_customers", "elements_customers"} <= tables.keys() or not settled
    for name in tables:
        versions = ("present_", "past_", "long_", "revised_")
        column = "changed_at" if name.startswith(versions) else "time"
        value = f"{column} + INTERVAL 1 MICROSECOND"
        if name.startswith("elements_"):
            column, value = "text", "text || ' '"
        if name == "recent":
            column, value = "time_us", "time_us + 1"
        row = f"(SELECT max(rowid) FROM store.{name})"
        alter(warehouse, f"UPDATE store.{name} SET {column} = {value} WHERE rowid = {row}")
    report = warehouse.check(read)
    found = differing(report)
    shown = {"events" if each in ("recent", "envelopes") else each for each in tables}
    assert shown <= found.keys()
    assert found["events"] == 1


def test_each_column_of_a_version_is_compared_and_named(warehouse: Warehouse) -> None:
    changed = dict[str, set[str]]()
    for name in ("opportunities", "customers"):
        table = f"past_{name}"
        columns = {k: v for k, v in kept(warehouse)[table].items() if k not in WHICH}
        changes = [f'"{each}" = {OTHERS[kind.partition("(")[0]]}' for each, kind in columns.items()]
        row = f"(SELECT min(rowid) FROM store.{table})"
        alter(warehouse, f"UPDATE store.{table} SET {', '.join(changes)} WHERE rowid = {row}")
        changed[table] = {*columns}
    alter(warehouse, "UPDATE store.present_opportunities SET amount = 1000000000.00")
    alter(warehouse, "UPDATE store.past_service_tickets SET unit = 'another'")
    report = warehouse.check(read)
    found = {each.table: each for each in report.tables}
    for table, columns_of_it in changed.items():
        assert {each.column for each in found[table].findings} == columns_of_it
    (amount,) = found["present_opportunities"].findings
    assert amount.column == "amount"
    assert amount.text.startswith("says 1000000000.00, the journal ")
    tickets = found["past_service_tickets"]
    assert tickets.differ == tickets.rows > FEW == len(tickets.findings)


def test_rows_that_are_missing_made_up_or_there_twice_are_found(warehouse: Warehouse) -> None:
    alter(warehouse, "DELETE FROM store.present_units")
    alter(warehouse, "UPDATE store.present_teams SET position = 1000000")
    alter(warehouse, "INSERT INTO store.past_customers FROM store.past_customers LIMIT 1")
    raw = ", ".join("NULL" if n not in (0, 2) else str(10**6) for n in range(14))
    alter(warehouse, f"INSERT INTO store.unknown VALUES ({raw})")
    alter(warehouse, f"INSERT INTO store.unreadable VALUES ({raw}, 'x')")
    alter(warehouse, "INSERT INTO store.parked VALUES ('x', 'x', 1, 1, '', '', now(), NULL)")
    report = warehouse.check(read)
    assert differing(report).keys() == {
        *("present_units", "present_teams", "past_customers"),
        *("events without a fact", "events", "parked"),
    }
    told_of = "\n".join(said(report))
    assert "is missing, and the journal knows of it" in told_of
    assert "is there, and the journal knows of no such row" in told_of


def test_a_warehouse_that_claims_to_be_further_than_the_journal_is_found(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    warehouse.load(ROWS)
    shorter = ROWS[:-1]
    report = warehouse.check(lambda after: iter([shorter[after:]]))
    further = f"progress, position: says {len(ROWS)}, the journal has come to {len(shorter)}"
    assert further in said(report)
    assert differing(report)["events"] == 1
    warehouse.close()


def test_a_sealed_file_that_was_altered_is_found(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    warehouse.load(ROWS)
    list(warehouse.segments.seal(read, len(ROWS), least=1))
    warehouse.rebuild(read)
    file = next(warehouse.segments.folder.rglob("fact_customer_registered*.parquet"))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    report = warehouse.check(read)
    assert differing(report)["segments"] == 1
    assert any(file.name in each for each in said(report))
    warehouse.close()


def test_one_of_another_version_of_the_code_is_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    warehouse.load(ROWS)
    monkeypatch.setattr(warehouse._current, "outdated", "history_customers")
    with pytest.raises(RebuildRequired, match="history_customers"):
        warehouse.check(read)
    warehouse.close()
