"""Passing over in the warehouse: the decision goes with the file, however it is made anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.warehouse.rebuild import Remade
from adapters.warehouse.warehouse import Warehouse
from domain.kernel.aggregate import Recorded
from projections.kernel.read_model import Row
from tests.projections.accounts import accounts, happened
from tests.projections.warehouses import raw

MODELS = {accounts.name: accounts}
NAME = "history_accounts"
STORY = [
    happened(1, "a", 1, "account.opened", name="a"),
    happened(2, "a", 2, "account.paid", amount="1.00"),
    happened(3, "b", 1, "account.opened", name="b"),
    happened(4, "a", 3, "account.paid", amount="many"),
    happened(5, "a", 4, "account.paid", amount="2.00"),
]
PARKED: Any = ([("a", 3), ("a", 4)], [])
PASSED: Any = ([], [("a", 3)])


def history(stream: str, upto: int) -> list[Recorded]:
    return [each for each in STORY if each.stream == stream and each.position <= upto]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    opened = Warehouse(tmp_path / "warehouse.duckdb", MODELS, histories=history)
    opened.load(map(raw, STORY))
    yield opened
    opened.close()


def aside(warehouse: Warehouse) -> Any:
    """Return the stream and version of what is parked, and of what is passed over."""
    return tuple(
        [(each["stream"], each["version"]) for each in found if each["model"] == NAME]
        for found in (warehouse.parked(), warehouse.passed_over())
    )


def versions(warehouse: Warehouse) -> list[tuple[int, Decimal]]:
    query = f"SELECT version, balance FROM {NAME} WHERE id = 'a' ORDER BY version"
    with warehouse.reader() as cursor:
        return cursor.execute(query).fetchall()


def rebuild(
    warehouse: Warehouse, names: list[str] | None = None, *meanwhile: Callable[[str, str], object]
) -> Remade:
    left = list(meanwhile)

    def read(after: int) -> Iterator[Any]:
        yield map(raw, STORY[after:])
        while left:
            left.pop()(NAME, "a")

    return warehouse.rebuild(read, names=names)


@pytest.mark.parametrize("names", [None, [NAME], ["facts"]])
def test_what_was_passed_over_is_so_in_the_file_made_anew(
    warehouse: Warehouse, names: list[str] | None
) -> None:
    assert aside(warehouse) == PARKED
    warehouse.skip(NAME, "a")
    before = versions(warehouse)
    assert before == [(1, Decimal(0)), (2, Decimal(1)), (3, Decimal(1)), (4, Decimal(3))]
    for _ in range(2):
        assert rebuild(warehouse, names).compared.differ == {}
        assert (aside(warehouse), versions(warehouse)) == (PASSED, before)
    assert warehouse.retry(NAME, "a") == 2
    assert (aside(warehouse), versions(warehouse)) == (PARKED, before[:2])
    assert rebuild(warehouse, names).compared.differ == {}
    assert aside(warehouse) == PARKED


def test_a_mended_program_heals_it_when_it_makes_the_file_anew(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    before: Any = accounts.folds["account.paid"]

    def forgiving(row: Row, event: Recorded) -> Row:
        return {} if event.data["amount"] == "many" else before(row, event)

    warehouse.skip(NAME, "a")
    monkeypatch.setitem(accounts.folds, "account.paid", forgiving)
    rebuild(warehouse)
    assert aside(warehouse) == ([], [])
    monkeypatch.undo()
    rebuild(warehouse)
    assert aside(warehouse) == PARKED  # nothing is left of the decision


def test_a_file_of_another_version_of_the_code_hands_down_what_was_decided(
    warehouse: Warehouse,
) -> None:
    warehouse.skip(NAME, "a")
    warehouse.close()
    old = Warehouse(warehouse.path, MODELS, histories=history)
    old._current.connection.execute("UPDATE store.shapes SET fingerprint = 'other'")
    old.close()
    opened = Warehouse(warehouse.path, MODELS, histories=history)
    assert opened.outdated is not None
    rebuild(opened)
    assert (opened.outdated or "", aside(opened)) == ("", PASSED)
    opened.close()


@pytest.mark.parametrize("version", ["this", "another"])
@pytest.mark.parametrize("lasted", [True, False], ids=["decisions lasted", "they did not"])
def test_a_file_with_two_tables_of_what_is_aside_keeps_all_of_it(
    warehouse: Warehouse, lasted: bool, version: str
) -> None:
    warehouse.load([raw(happened(6, "b", 2, "account.paid", amount="some"))])
    warehouse.skip(NAME, "a")
    current = warehouse._current.connection
    columns = "replace(model, 'history_', '') AS model, stream, version, position, event, error"
    for table, which in (("passed_over", "IS NOT NULL"), ("before", "IS NULL")):
        query = f"SELECT {columns} FROM store.parked WHERE passed_at {which}"
        current.execute(f"CREATE TABLE store.{table} AS {query}")
    current.execute("DROP TABLE store.parked; ALTER TABLE store.before RENAME TO parked")
    if not lasted:
        current.execute("DROP TABLE store.passed_over")
    if version == "another":
        current.execute("UPDATE store.shapes SET fingerprint = 'other'")
    warehouse.close()
    for _ in range(2):
        opened = Warehouse(warehouse.path, MODELS, histories=history)
        assert (opened.outdated is None) == (version == "this")
        assert aside(opened) == ([("b", 2)], [("a", 3)] if lasted else [])
        opened.close()


@pytest.mark.parametrize("names", [None, ["facts"]])
def test_what_is_decided_while_the_file_is_made_anew_counts(
    warehouse: Warehouse, names: list[str] | None
) -> None:
    for decide, expected in ((warehouse.skip, PASSED), (warehouse.retry, PARKED)):
        rebuild(warehouse, names, decide)
        assert aside(warehouse) == expected
        shown = versions(warehouse)
        rebuild(warehouse)
        assert versions(warehouse) == shown


def test_an_event_that_has_no_fact_is_passed_over_until_a_retry(tmp_path: Path) -> None:
    event = raw(happened(1, "a", 1, "customer.registered"))
    row = (*event[:11], "no JSON", *event[12:])
    opened = Warehouse(tmp_path / "warehouse.duckdb", {})
    opened.load([row])
    assert [each["model"] for each in opened.parked()] == ["facts"]
    opened.skip("facts", "a")
    for _ in range(2):
        assert (opened.parked(), [e["model"] for e in opened.passed_over()]) == ([], ["facts"])
        opened.rebuild(lambda after: iter([[row][after:]]))
    assert opened.retry("facts", "a") == 1
    assert opened.passed_over() == []
    opened.close()
