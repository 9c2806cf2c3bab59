"""Exporting: the facts and row histories of the warehouse as Parquet files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.commands.access_cache import Guard
from adapters.journal.history_queries import position_at
from adapters.journal.journal import Journal
from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.warehouse.warehouse import Warehouse, WarehouseInUse
from api.cli.rebuild_jobs import rows_of
from api.kernel.access.at_machine import note_read
from api.kernel.access.visibility import both
from api.kernel.problems import InvalidParameter
from api.kernel.reading.read_parameters import instant_of
from api.kernel.reading.told import Told
from api.kernel.terminal import Failure, notes, progress_to
from domain.kernel.aggregate import discover
from projections.kernel.exports.exports import Sights
from projections.kernel.visibility.visibility import Party


def export(
    settings: Settings, folder: Path, as_of: str | None = None, employee: str | None = None
) -> dict[str, Any]:
    """Write Parquet files of everything, as it was at a moment if one is given.

    With the code of an `employee` only what they may see and take out, without what is masked for
    them. Returns the position and the rows of each file. Raises `Failure` for a moment that is
    none, and for an employee who may not export.
    """
    journal = Journal(settings.journal_url)
    try:
        journal.create(settings.zone)
        position = None
        if as_of is not None:
            try:
                position = position_at(journal, instant_of(as_of))
            except InvalidParameter as error:
                raise Failure(f"--as-of: {error.errors[0]['detail']}", 2) from error
        sights = None if employee is None else _sights(settings, journal, employee)
        with _warehouse(settings, journal) as warehouse:
            done = warehouse.export(folder, position, sights, employee)
        told = Told(done["position"], sum(done["rows"].values()))
        options = {"--as-of": as_of, "--as": employee}
        given = [f"{name} {value}" for name, value in options.items() if value is not None]
        query = " ".join(["keyline export", *given])
        note_read(journal, "export", query, told, behalf=employee)
        return done
    finally:
        journal.close()


def _sights(settings: Settings, journal: Journal, employee: str) -> Sights:
    rows = connect(settings.rows_url, "normal")
    try:
        access = Guard(journal, rows).now()
    finally:
        rows.dispose()
    party, now = Party(employee), datetime.now(UTC)
    may = access.sight(party, "export.read", now)
    if access.employee(employee) is None or not may:
        raise Failure(f"--as: {employee} has the permission export.read nowhere.", 2)
    kinds = discover().aggregates
    return {kind: both(may, access.sight(party, f"{kind}.read", now)) for kind in kinds}


@contextmanager
def _warehouse(settings: Settings, journal: Journal) -> Iterator[Warehouse]:
    """Open the warehouse with all that the journal has, or a passing one while it is in use."""
    with tempfile.TemporaryDirectory(prefix="export-", dir=settings.data) as folder:
        try:
            warehouse = Warehouse(
                settings.warehouse_path, memory=settings.warehouse_memory, histories=journal.history
            )
        except WarehouseInUse:
            notes.print("The warehouse is in use by a running server; exporting from the journal.")
            path = Path(folder) / "warehouse.duckdb"
            warehouse = Warehouse(path, memory=settings.warehouse_memory, histories=journal.history)
        try:
            with progress_to("Loading", journal.head().position) as reach:
                if warehouse.outdated or warehouse.position() == 0:
                    warehouse.rebuild(rows_of(journal), reach)
                for rows in rows_of(journal)(warehouse.position()):
                    warehouse.load(rows)
                    reach(warehouse.position())
            yield warehouse
        finally:
            warehouse.close()
