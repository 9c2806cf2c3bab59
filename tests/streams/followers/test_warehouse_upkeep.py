"""Upkeep beside loading: history is sealed as it settles, and rebuilds are done when asked for."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from adapters.warehouse.rebuild_requests import NobodyAnswers, RebuildRequests
from adapters.warehouse.warehouse import Warehouse
from streams.followers.load_warehouse import JournalLoading
from streams.followers.warehouse_upkeep import Upkeep
from tests.projections.accounts import accounts
from tests.streams.flow import Accounts, until, working

MODELS = {accounts.name: accounts}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(f"sqlite:///{tmp_path / 'journal.db'}")
    journal.create()
    yield journal
    journal.close()


def test_history_is_sealed_once_there_is_enough_of_it(journal: Journal, tmp_path: Path) -> None:
    Accounts(journal).grow(120)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS)
    loading = JournalLoading(journal, warehouse)
    loading._upkeep = Upkeep(journal, warehouse, size=50)
    with working(loading.work):
        until(lambda: warehouse.segments.last() == 100)
        assert [each.last for each in warehouse.segments.all()] == [50, 100]
    warehouse.close()


def test_the_owner_rebuilds_when_it_is_asked_and_loads_on(journal: Journal, tmp_path: Path) -> None:
    history = Accounts(journal)
    history.grow(100)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS)
    told: list[int] = []
    with working(JournalLoading(journal, warehouse).work) as (worker,):
        until(lambda: warehouse.position() == journal.head().position)
        growing = threading.Thread(target=history.grow, args=(50,))
        growing.start()
        outcome = RebuildRequests(warehouse.path).ask("rebuild", ["history_accounts"], told.append)
        growing.join()
        until(lambda: warehouse.position() == journal.head().position)
        assert worker.failures == 0
    assert outcome["made"] == ["history_accounts"]
    assert outcome["differ"] == {}
    assert told
    query = "SELECT id, balance FROM history_accounts WHERE valid_to_position IS NULL"
    with warehouse.reader() as cursor:
        found = dict(cursor.execute(query).fetchall())
    assert found == {id_: row["balance"] for id_, row in history.folded().items()}
    warehouse.close()


def test_the_owner_checks_when_it_is_asked_and_loads_on(journal: Journal, tmp_path: Path) -> None:
    history = Accounts(journal)
    history.grow(100)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS, histories=journal.history)
    requests, told = RebuildRequests(warehouse.path), list[int]()

    def differ() -> int:
        report = requests.ask("check", None, told.append)["report"]
        return sum(table["differ"] for table in report["tables"])

    with working(JournalLoading(journal, warehouse).work) as (worker,):
        until(lambda: warehouse.position() == journal.head().position)
        growing = threading.Thread(target=history.grow, args=(50,))
        growing.start()
        assert differ() == 0
        growing.join()
        until(lambda: warehouse.position() == journal.head().position)
        row = "(SELECT min(rowid) FROM store.present_accounts)"
        warehouse._current.connection.execute(
            f"UPDATE store.present_accounts SET balance = -1 WHERE rowid = {row}"
        )
        assert differ() == 1
        assert worker.failures == 0
    assert max(told) == warehouse.position() == journal.head().position
    warehouse.close()


def test_an_upkeep_that_fails_is_a_fault_until_it_does_not(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.followers.warehouse_upkeep.LATER", 0.2)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS)
    in_the_way = warehouse.segments.folder
    in_the_way.write_text("no folder", encoding="utf-8")
    Accounts(journal).grow(20)
    loading = JournalLoading(journal, warehouse)
    loading._upkeep = Upkeep(journal, warehouse, size=10)
    with working(loading.work) as (worker,):
        until(lambda: not worker.healthy)
        assert worker.fault is not None
        assert worker.fault.startswith("its upkeep fails: ")
        until(lambda: warehouse.position() == journal.head().position)
        in_the_way.unlink()
        until(lambda: worker.healthy)
    warehouse.close()


def test_a_request_that_nobody_takes_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.warehouse.rebuild_requests.TAKEN_WITHIN", 0.2)
    with pytest.raises(NobodyAnswers):
        RebuildRequests(tmp_path / "warehouse.duckdb").ask("rebuild")
    assert list(tmp_path.iterdir()) == []
