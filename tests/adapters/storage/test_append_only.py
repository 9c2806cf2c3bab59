"""Events and the operation log are only ever added to: the database itself sees to that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.storage.databases import writing
from domain.kernel.aggregate import Origin
from tests.organisation import organise

CHANGES = (
    "UPDATE {table} SET actor = 'somebody else'",
    "UPDATE {table} SET actor = actor WHERE {key} = 1",
    "DELETE FROM {table} WHERE {key} = 1",
    "DELETE FROM {table}",
)


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    """A journal with an event and an operation in it."""
    journal = Journal(journal_url)
    journal.create()
    executor = Executor(journal)
    executor.start()
    organise(executor, units=["group"])
    origin = Origin("admin", "group", "one")
    executor.execute(Call("customer.register", None, {"name": "One", "unit": "group"}, origin))
    executor.stop()
    yield journal
    journal.close()


def contents(journal: Journal) -> list[object]:
    with journal.engine.connect() as connection:
        return [
            connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            for table in ("events", "operations")
        ]


def refuse(journal: Journal, statement: str) -> None:
    before = contents(journal)
    with (
        pytest.raises(sa.exc.DBAPIError, match="only ever added to"),
        writing(journal.engine).begin() as connection,
    ):
        connection.exec_driver_sql(statement)
    assert contents(journal) == before


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("table", "key"), [("events", "position"), ("operations", "number")])
def test_no_row_is_changed_or_deleted(journal: Journal, table: str, key: str, change: str) -> None:
    refuse(journal, change.format(table=table, key=key))


@pytest.mark.parametrize("table", ["events", "operations"])
def test_no_row_is_replaced(journal: Journal, table: str) -> None:
    if journal.engine.dialect.name == "sqlite":
        refuse(journal, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    else:
        key = {"events": "position", "operations": "number"}[table]
        upsert = f"ON CONFLICT ({key}) DO UPDATE SET actor = 'somebody else'"
        refuse(journal, f"INSERT INTO {table} SELECT * FROM {table} {upsert}")


@pytest.mark.parametrize("how", ["TRUNCATE {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", ["events", "operations"])
def test_no_table_is_emptied(postgres_url: str, table: str, how: str) -> None:
    journal = Journal(postgres_url)
    journal.create()
    refuse(journal, how.format(table))
    journal.close()


def test_being_a_replica_does_not_help(postgres_url: str) -> None:
    journal = Journal(postgres_url)
    journal.create()
    refuse(journal, "SET session_replication_role = replica; DELETE FROM operations")
    journal.close()
