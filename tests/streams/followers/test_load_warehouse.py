"""The warehouse follows the journal, from nothing or from where it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.journal.journal import Journal
from adapters.warehouse.warehouse import Warehouse
from api.cli.rebuild_jobs import rows_of
from domain.kernel.aggregate import Stored, new_id
from streams.followers import load_warehouse as loading
from streams.followers.load_warehouse import JournalLoading
from tests.projections.accounts import accounts
from tests.streams.flow import Accounts, happen, until, working

MODELS = {accounts.name: accounts}


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


def balances(warehouse: Warehouse) -> dict[str, object]:
    query = "SELECT id, balance FROM history_accounts WHERE valid_to_position IS NULL"
    with warehouse.reader() as cursor:
        return dict(cursor.execute(query).fetchall())


def test_the_warehouse_follows_the_journal(journal: Journal, tmp_path: Path) -> None:
    history = Accounts(journal)
    history.grow(100)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS)
    for _ in range(2):
        with working(JournalLoading(journal, warehouse).work) as (worker,):
            last = history.grow(100)
            until(lambda: warehouse.position() == journal.head().position)
            assert worker.failures == 0
    assert warehouse.wait(last, 0)
    assert balances(warehouse) == {i: row["balance"] for i, row in history.folded().items()}
    warehouse.close()


def test_a_warehouse_that_is_further_than_the_journal_is_built_anew(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.warehouse.rebuild.NEAR", 10)
    last = Accounts(journal).grow(200)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS)
    with working(JournalLoading(journal, warehouse).work):
        until(lambda: warehouse.position() == last)
    older = Journal(f"sqlite:///{tmp_path / 'older.db'}")
    older.create()
    history = Accounts(older, seed=2)
    history.grow(50)
    with working(JournalLoading(older, warehouse).work):
        until(lambda: warehouse.position() == older.head().position)
        last = history.grow(10)
        until(lambda: warehouse.position() == last)
    assert balances(warehouse) == {i: row["balance"] for i, row in history.folded().items()}
    older.close()
    warehouse.close()


def test_a_long_journal_is_loaded_in_bulk(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "AT_ONCE", 50)
    history = Accounts(journal)
    last = history.grow(220)
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS)
    with working(JournalLoading(journal, warehouse).work):
        until(lambda: warehouse.position() == last)
        last = history.grow(10)
        until(lambda: warehouse.position() == last)
    assert balances(warehouse) == {i: row["balance"] for i, row in history.folded().items()}
    warehouse.close()


def test_what_takes_too_much_memory_at_once_is_loaded_in_smaller_batches(
    journal: Journal, tmp_path: Path
) -> None:
    last = happen(journal, growing(1000))
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS, memory="64MB")
    with working(JournalLoading(journal, warehouse).work) as (worker,):
        until(lambda: warehouse.position() == last)
        assert worker.failures == 0
    with warehouse.reader() as cursor:
        (found,) = cursor.execute("SELECT count(*) FROM history_accounts").fetchall()
    assert found == (1000,)
    warehouse.close()


@pytest.mark.parametrize("names", [None, ["history_accounts"], ["facts"]])
def test_a_rebuild_for_which_memory_is_short_takes_less_at_once(
    journal: Journal, tmp_path: Path, names: list[str] | None
) -> None:
    last = happen(journal, growing(1000))
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", MODELS, memory="64MB")
    with working(JournalLoading(journal, warehouse).work):
        until(lambda: warehouse.position() == last)
    remade = warehouse.rebuild(rows_of(journal), names=names)
    assert (remade.position, remade.compared.differ) == (last, {})
    assert warehouse.memory() <= warehouse.memory_limit == 64_000_000
    warehouse.close()


def growing(versions: int) -> list[Stored]:
    """Return the events of one account, each version of whose row has a longer list."""
    opened = Stored(stream := new_id(), 1, "account.opened", 1, b'{"name":"x"}')
    long = b'{"amount":"1.%s"}' % (b"0" * 40)
    paid = [Stored(stream, version, "account.paid", 1, long) for version in range(2, versions + 1)]
    return [opened, *paid]
