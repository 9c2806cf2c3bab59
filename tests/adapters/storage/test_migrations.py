"""Migrations bring a journal of the first form to the present one, and refuse a later one."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import adapters.storage.migrations
from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.storage.databases import connect, writing
from adapters.storage.former_numbers import note_former
from adapters.storage.journal_tables import (
    checkpoints,
    claims,
    events,
    former_claims,
    head,
    journal_tables,
    leases,
    migrations,
    operations,
)
from adapters.storage.migrations import MIGRATIONS, VERSION, NewerJournal
from domain.kernel.aggregate import Origin
from tests.organisation import organise
from tests.saying import said_by

KINDS = {"on_behalf_kind", "actor_kind"}
LATER = {"credential", "query", "kind", "times", *KINDS, "rows", "targets"}


def first_form(url: str) -> sa.Engine:
    """Return a database with the tables that the first release made, one operation in it."""
    engine = connect(url)
    tables = sa.MetaData()
    first = [column._copy() for column in operations.columns if column.name not in LATER]
    former = sa.Table("operations", tables, *first)
    sa.Index(
        "operations_once",
        former.c.command_id,
        former.c.actor,
        unique=True,
        sqlite_where=sa.text("accepted = 1"),
        postgresql_where=former.c.accepted,
    )
    sa.Index("operations_by_target", former.c.target)
    of_events = [column._copy() for column in events.columns if column.name not in KINDS]
    sa.Table("events", tables, *of_events, sa.UniqueConstraint("stream", "version"))
    former_head = [head.c[name]._copy() for name in ("one", "position", "operation", "time_us")]
    sa.Table("head", tables, *former_head)
    with writing(engine).begin() as connection:
        journal_tables.create_all(connection, [claims, checkpoints, leases])
        tables.create_all(connection)
        state = {"one": 1, "position": 0, "operation": 1, "time_us": 5}
        connection.execute(head.insert(), state)
        entry = {"number": 1, "time_us": 5, "actor": "li.wei", "unit": "group", "accepted": False}
        entry |= {"command": "customer.lapse", "status": 409, "command_id": "old", "digest": ""}
        connection.execute(former.insert(), entry | {"duration_us": 7})
    return engine


def shape(engine: sa.Engine) -> tuple[set[str], set[str]]:
    """Return the names of the columns and of the indexes of the operation log."""
    there = sa.inspect(engine)
    columns = {column["name"] for column in there.get_columns("operations")}
    return columns, {str(index["name"]) for index in there.get_indexes("operations")}


def test_a_journal_of_the_first_form_is_migrated_and_keeps_what_it_has(database_url: str) -> None:
    first_form(database_url).dispose()
    journal = Journal(database_url)
    with said_by(adapters.storage.migrations) as said:
        journal.create()
    assert [each["event"] for each in said] == ["journal.migrated"] * len(MIGRATIONS)
    columns, indexes = shape(journal.engine)
    assert columns == set(operations.columns.keys())
    assert indexes == {index.name for index in operations.indexes}
    with journal.engine.connect() as connection:
        (entry,) = connection.execute(sa.select(operations)).all()
        assert connection.scalar(sa.select(sa.func.max(migrations.c.version))) == VERSION
    assert (entry.actor, entry.kind, entry.times, entry.query) == ("li.wei", "command", 1, None)

    executor = Executor(journal)
    executor.start()
    organise(executor, units=["group"])
    origin = Origin("admin", "group", "new")
    executor.execute(Call("customer.register", None, {"name": "One", "unit": "group"}, origin))
    executor.stop()
    assert journal.head().operation == 3
    journal.close()


def test_the_logs_of_a_migrated_journal_are_kept_too(database_url: str) -> None:
    first_form(database_url).dispose()
    journal = Journal(database_url)
    journal.create()
    with (
        pytest.raises(sa.exc.DBAPIError, match="only ever added to"),
        writing(journal.engine).begin() as connection,
    ):
        connection.execute(operations.update().values(actor="somebody else"))
    journal.close()


def test_an_up_to_date_journal_is_left_alone(database_url: str) -> None:
    journal = Journal(database_url)
    journal.create()
    with said_by(adapters.storage.migrations) as said:
        journal.create()
    assert said == []
    with journal.engine.connect() as connection:
        assert list(connection.scalars(sa.select(migrations.c.version))) == [VERSION]
    journal.close()


def test_a_journal_of_a_later_program_is_refused_and_not_touched(database_url: str) -> None:
    journal = Journal(database_url)
    journal.create()
    with writing(journal.engine).begin() as connection:
        later = {"version": VERSION + 1, "name": "from the future", "time_us": 1}
        connection.execute(migrations.insert(), later)
        claims.drop(connection)
    with pytest.raises(NewerJournal, match="use a later version"):
        journal.create()
    assert not sa.inspect(journal.engine).has_table("claims")
    journal.close()


def test_a_journal_from_before_knows_who_had_which_number(database_url: str) -> None:
    journal = Journal(database_url)
    journal.create()
    executor = Executor(journal)
    executor.start()
    organise(executor, units=["group"])
    origins = [Origin("admin", "group", name) for name in ("first", "second")]
    body = {"name": "One", "unit": "group", "registration_number": "AB 1"}
    id = executor.execute(Call("customer.register", None, body, origins[0])).id
    body = {"registration_number": "CD-2"}
    executor.execute(Call("customer.correct-details", id, body, origins[1]))
    executor.stop()
    with writing(journal.engine).begin() as connection:
        connection.execute(former_claims.delete())
        note_former(connection)
        query = sa.select(former_claims.c.value, former_claims.c.stream)
        assert set(map(tuple, connection.execute(query))) == {("AB1", id), ("CD2", id)}
    journal.close()
