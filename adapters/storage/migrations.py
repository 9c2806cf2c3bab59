"""Migrations: a journal's tables, made or brought to the form that this program knows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa
import structlog

from adapters.storage.append_only import keep
from adapters.storage.databases import writing
from adapters.storage.former_numbers import note_former
from adapters.storage.journal_tables import (
    event_hashes,
    events,
    head,
    journal_tables,
    migrations,
    operation_hashes,
    operations,
    zone,
)
from adapters.storage.lookalikes import claim_alike
from adapters.storage.zones import require_zone, state_zone

log = structlog.get_logger(__name__)

_LOCK = 0x6B65796C696E65  # "keyline": whoever makes or changes tables has it, on PostgreSQL


class NewerJournal(Exception):
    """The journal was brought to a form that only a later version of the program knows."""


class Migration(NamedTuple):
    """A step from one version of the tables to the next; it only ever adds."""

    version: int
    name: str
    run: Callable[[sa.Connection], None]


def _logs_of_reads(connection: sa.Connection) -> None:
    """Give the operation log its later columns and indexes, and keep the two logs for good."""
    for name in ("credential", "query", "kind", "times"):
        column = sa.schema.CreateColumn(operations.c[name]).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE operations ADD COLUMN {column}")
    for index in operations.indexes:
        index.create(connection, checkfirst=True)
    for table in (events, operations):
        keep(connection, table)


def _merkle_logs(connection: sa.Connection) -> None:
    """Give the head its trees; what is recorded already is hashed later, as it may be much."""
    for name in ("event_tree", "operation_tree"):
        column = sa.schema.CreateColumn(head.c[name]).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE head ADD COLUMN {column}")
    for table in (event_hashes, operation_hashes):
        keep(connection, table)


def _kinds_of_actors(connection: sa.Connection) -> None:
    """Give both logs the kinds of actors; what is recorded already is read by what it meant."""
    for table in (events, operations):
        for name in ("on_behalf_kind", "actor_kind"):
            column = sa.schema.CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {column}")
    (once,) = (index for index in operations.indexes if index.name == "operations_once")
    once.drop(connection)
    once.create(connection)


def _told_by_reads(connection: sa.Connection) -> None:
    """Give the operation log what reads told; of those before it is not known."""
    for name in ("rows", "targets"):
        column = sa.schema.CreateColumn(operations.c[name]).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE operations ADD COLUMN {column}")


def _zone_of_days(connection: sa.Connection) -> None:
    """Keep the time zone of days for good, which is stated below."""
    keep(connection, zone)


MIGRATIONS = (
    Migration(2, "reads and credentials in the operation log; both logs are kept", _logs_of_reads),
    Migration(3, "events and operations are Merkle logs", _merkle_logs),
    Migration(4, "actors have kinds", _kinds_of_actors),
    Migration(5, "what looks like a code or name is claimed with it", claim_alike),
    Migration(6, "the operation log has what reads told", _told_by_reads),
    Migration(7, "who had which registration number is known", note_former),
    Migration(8, "days are counted in a time zone from here on", _zone_of_days),
)
"""Every step since the first form of the journal, version 1, in order."""

VERSION = MIGRATIONS[-1].version
"""The version of the tables that this program reads and writes."""


def bring_up_to_date(engine: sa.Engine, time_zone: str) -> None:
    """Make the tables of a journal that are not there yet, and migrate those that are.

    One that does not state yet in which time zone days are counted does so now. Changes nothing
    and raises `NewerJournal` when the program is older than the journal, `OtherZone` when that
    counts days in another zone.
    """
    with engine.connect() as connection:
        if _version(connection) == VERSION and not _missing(connection):
            require_zone(connection, time_zone)
            return
    done: list[tuple[Migration, float]] = []
    with writing(engine).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        version = _version(connection)
        journal_tables.create_all(connection)
        if version == 0:
            _begin(connection)
        for migration in MIGRATIONS:
            if 0 < version < migration.version:
                began = time.perf_counter()
                migration.run(connection)
                _note(connection, migration.version, migration.name)
                done.append((migration, time.perf_counter() - began))
        state_zone(connection, time_zone)
    for migration, seconds in done:
        what = {"version": migration.version, "name": migration.name}
        log.info("journal.migrated", **what, seconds=round(seconds, 3))


def _begin(connection: sa.Connection) -> None:
    """Make an empty journal out of fresh tables."""
    for table in (events, operations, event_hashes, operation_hashes, zone):
        keep(connection, table)
    connection.execute(head.insert(), {"one": 1, "position": 0, "operation": 0, "time_us": 0})
    _note(connection, VERSION, "a new journal")


def _note(connection: sa.Connection, version: int, name: str) -> None:
    row = {"version": version, "name": name, "time_us": time.time_ns() // 1000}
    connection.execute(migrations.insert(), row)


def _version(connection: sa.Connection) -> int:
    """Return the version of the tables, 0 when there are none. Raises `NewerJournal`."""
    there = sa.inspect(connection)
    if not there.has_table(head.name):
        return 0
    if not there.has_table(migrations.name):
        return 1
    version: int = connection.scalar(sa.select(sa.func.max(migrations.c.version))) or 1
    if version > VERSION:
        raise NewerJournal(
            f"The journal has version {version}, this program knows up to {VERSION}: "
            "use a later version of Keyline."
        )
    return version


def _missing(connection: sa.Connection) -> set[str]:
    return journal_tables.tables.keys() - set(sa.inspect(connection).get_table_names())
