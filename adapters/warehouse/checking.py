"""Checking a warehouse in use: made anew from the journal beside it, compared, and thrown away."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from itertools import zip_longest
from typing import Any

from duckdb import DuckDBPyConnection

from adapters.warehouse.blue_green import Generation
from adapters.warehouse.rebuild import telling
from adapters.warehouse.segments import Source
from projections.kernel.findings import FEW, Checked, Finding, Report, parted, unreadable
from projections.kernel.read_model import ReadModel
from projections.kernel.rows.shadow_tables import Progress
from projections.kernel.warehouse import comparison
from projections.kernel.warehouse.loader import position
from projections.kernel.warehouse.refill import follow, until

WAREHOUSE = "warehouse"
LOOKBACK = "lookback"

ABSENT = "there is none yet, and nothing is answered from it"
"""Why a store is not compared that is not there."""

_KEY = ("id", "version", "then_part")
"""What tells a row of the lookback: a version of a record, and a part of when it was so."""


def check(
    used: Generation, fresh: Generation, read: Source, progress: Progress | None
) -> list[Report]:
    """Compare a warehouse and its lookback, at its position, with what the journal makes of it.

    The lookback is brought up to that position first, as it would be anyway.

    Args:
        used: The one in use; it may be loaded and read meanwhile.
        fresh: An empty one, of another file.
        read: The journal: gives the raw rows after a position.
        progress: Told each position that was reached, and the last one now and then while tables
            are compared; may raise to end it.
    """
    models = used.lookback.models
    with used.look() as live:
        upto = position(live)
        going: Callable[[], object] = partial(progress, upto) if progress else bool
        fresh.loader.create()
        fresh.loader.repairs.honour(live)
        follow(fresh.loader, until(telling(read, progress), upto))
        with fresh.look() as made:
            tables = [*_books(used, upto, position(made))]
            for each in comparison.check(live, made, [model.name for model in models]):
                tables.append(each)
                going()
            lookback = _lookback(used, live, fresh, made, going)
            return [Report(WAREHOUSE, upto, tables), lookback]


def _books(used: Generation, upto: int, head: int) -> Iterator[Checked]:
    """Look at what a warehouse goes by: how far it says to be, and its files with facts of old."""
    if head < upto:
        text = f"says {upto}, the journal has come to {head}"
        yield Checked("progress", 1, 1, [Finding("progress", "", "position", text)])
    for file in used.inspect():
        text = "is not as it was when it was sealed"
        yield Checked("segments", 1, 1, [Finding("segments", file, None, text)])


def _lookback(
    used: Generation,
    live: DuckDBPyConnection,
    fresh: Generation,
    made: DuckDBPyConnection,
    going: Callable[[], object],
) -> Report:
    tables = list[Checked]()
    if not used.lookback.position:
        return Report(LOOKBACK, None, why=ABSENT, absent=True)
    try:
        used.lookback.follow(live)
        fresh.lookback.follow(made, going)
        places = [each.lookback.file.resolve().as_uri() for each in (fresh, used)]
        with closing(sqlite3.connect(f"{places[0]}?mode=ro", uri=True)) as connection:
            connection.execute("ATTACH ? AS used", [f"{places[1]}?mode=ro"])
            connection.execute("BEGIN")
            for model in used.lookback.models:
                tables += _compared(connection, model)
                going()
    except sqlite3.Error as error:
        tables.append(unreadable(LOOKBACK, error))
    return Report(LOOKBACK, used.lookback.position, tables)


def _compared(connection: sqlite3.Connection, model: ReadModel) -> Iterator[Checked]:
    """Compare the versions of the rows of a read model, and what finds them by words and owners."""
    name = model.name
    try:
        yield _versions(connection, name)
    except sqlite3.Error as error:
        yield unreadable(name, error)
    indexes = [(f"{name}_search", "id, words")] if model.search else []
    indexes += [(f"{name}_owners", "id, owner")] if model.scope.owners else []
    for index, columns in indexes:
        # What was so once may be in it, too: what it finds is looked at again.
        fresh, used = (f"SELECT {columns} FROM {each}.{index}" for each in ("main", "used"))
        try:
            lacks = [id_ for id_, _ in connection.execute(f"{fresh} EXCEPT {used} ORDER BY 1")]
            ((rows,),) = connection.execute(f"SELECT count(*) FROM used.{index}").fetchall()
        except sqlite3.Error as error:
            yield unreadable(index, error)
            continue
        findings = [Finding(index, id_, None, "lacks what it was") for id_ in lacks[:FEW]]
        yield Checked(index, rows, len(lacks), findings)


def _versions(connection: sqlite3.Connection, name: str) -> Checked:
    columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({name})")]
    same = " AND ".join(f"one.{each} IS other.{each}" for each in columns)
    keys, key = ", ".join(f"one.{each}" for each in _KEY), ", ".join(_KEY)
    query = (
        f"SELECT {keys} FROM {{}}.{name} AS one LEFT JOIN {{}}.{name} AS other USING ({key}) "
        f"WHERE other.rowid IS NULL OR NOT ({same})"
    )
    both = f"{query.format('used', 'main')} UNION {query.format('main', 'used')}"
    places = connection.execute(f"{both} ORDER BY 1, 2, 3").fetchall()
    counts = [
        connection.execute(f"SELECT count(*) FROM {of}.{name}").fetchone()[0]
        for of in ("used", "main")
    ]
    findings = [
        each for place in places[:FEW] for each in _findings(connection, name, columns, place)
    ]
    if not places and counts[0] != counts[1]:
        text = f"has {counts[0]} versions, the journal makes {counts[1]}"
        findings.append(Finding(name, "", None, text))
    return Checked(name, counts[0], len(places) or len(findings), findings)


def _findings(
    connection: sqlite3.Connection, name: str, columns: list[str], place: tuple[Any, ...]
) -> Iterator[Finding]:
    at = " AND ".join(f"{each} IS ?" for each in _KEY)
    used, fresh = (
        [
            dict(zip(columns, row, strict=True))
            for row in connection.execute(
                f"SELECT {', '.join(columns)} FROM {of}.{name} WHERE {at}", place
            )
        ]
        for of in ("used", "main")
    )
    record = f"{place[0]} version {place[1]}"
    for one, other in zip_longest(used, fresh):
        yield from parted(name, record, one, other)
