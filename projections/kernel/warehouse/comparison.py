"""Comparison: the tables of one warehouse, row by row, with those of another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

import duckdb
from duckdb import DuckDBPyConnection

from projections.kernel.findings import FEW, Checked, Finding, Values, parted, unreadable
from projections.kernel.warehouse.facts import RAW, facts, literal, quote
from projections.kernel.warehouse.loader import position

BUCKET = 8_192
"""Positions whose rows are first compared as a whole."""

TOGETHER = 16
"""Tables that one query looks at: most of them have few rows, which cost less than a query."""

EXAMPLES = 5

_NOWHERE = -1
"""Stands for the position of a row that has none, as none from the journal is."""

_PLACED = "SELECT id, field, since AS position, until, place AS version, text"

Place = tuple[Any, Any, Any]
"""The position, the record and the version of a row."""

Sums = dict[int, list[int]]
"""Of each bucket the number of rows, and what their hashes come to in two ways."""

T = TypeVar("T")


class Table(NamedTuple):
    """What is compared of a table: a query with the columns `position`, `version`, and `id`."""

    name: str
    query: str
    id: str


@dataclass(slots=True)
class Compared:
    """How many rows of each table are the same in both, which differ, and some of them in words.

    Rows are compared up to the position that both have come to.
    """

    position: int
    rows: dict[str, int] = field(default_factory=dict)
    differ: dict[str, int] = field(default_factory=dict)
    examples: dict[str, list[str]] = field(default_factory=dict)


def compare(
    one: DuckDBPyConnection, other: DuckDBPyConnection, names: Iterable[str], shared: int = 0
) -> Compared:
    """Compare facts and histories of two warehouses, each seen in one state.

    A row is the same when the hash over all its columns is; the end of a version that comes after
    the position compared at does not count. Facts up to the position `shared` are in the very same
    files for both: they need no look.
    """
    found = Compared(upto := min(position(one), position(other)))
    tables = list[tuple[str, Table]]()
    for name in names:
        if name.startswith("history_"):
            parts = _history(other, name.removeprefix("history_"), upto)
            tables += [(name, table) for table in parts]
        elif shared < upto:
            condition = f"position > {shared} AND position <= {upto}"
            tables.append((name, Table(name, f"FROM {name} WHERE {condition}", "stream")))
    for some in _parts(tables):
        for (name, table), (count, places) in zip(
            some, _places(one, other, [table for _, table in some]), strict=True
        ):
            if count and table.name == name:  # elements are parts of versions
                found.rows[name] = count
            if places:
                found.differ[name] = found.differ.get(name, 0) + len(places)
                examples = found.examples.setdefault(name, [])
                examples += map(_record, places[: EXAMPLES - len(examples)])
    return found


def check(
    used: DuckDBPyConnection, fresh: DuckDBPyConnection, models: Iterable[str]
) -> Iterator[Checked]:
    """Compare all that a warehouse answers from with one made of the journal, at one position.

    Args:
        used: The one in use, seen in one state.
        fresh: The one made for the comparison.
        models: The names of the read models whose histories they have.
    """
    for tables in _parts(list(_answering(fresh, models))):
        yield from _checked(used, fresh, tables)


def _checked(
    used: DuckDBPyConnection, fresh: DuckDBPyConnection, tables: Sequence[Table]
) -> list[Checked]:
    try:
        return [
            Checked(table.name, rows, len(at), list(_findings(used, fresh, table, at[:FEW])))
            for table, (rows, at) in zip(tables, _places(used, fresh, tables), strict=True)
        ]
    except duckdb.Error as error:
        if len(tables) == 1:
            return [unreadable(tables[0].name, error)]
        return [found for table in tables for found in _checked(used, fresh, [table])]


def _answering(fresh: DuckDBPyConnection, models: Iterable[str]) -> Iterator[Table]:
    """Yield what reads are answered from: facts as they are shown, and the tables of histories."""
    for fact in facts().values():
        yield Table(fact.name, f"FROM {fact.name}", "stream")
    yield Table("events", "FROM events", "stream")
    raw, known = ", ".join(RAW.names), ", ".join(map(literal, facts()))
    without = (
        f"SELECT {raw} FROM store.unknown UNION ALL SELECT {raw} FROM store.unreadable "
        f"UNION ALL SELECT {raw} FROM store.recent WHERE type NOT IN ({known})"
    )
    yield Table("events without a fact", without, "stream")
    aside = "SELECT model, stream, version, position FROM store.parked WHERE passed_at IS NULL"
    yield Table("parked", aside, "stream")
    for name in models:
        yield Table(f"present_{name}", f"FROM store.present_{name}", "id")
        yield Table(f"past_{name}", f"FROM store.past_{name}", "id")
        if _grows(fresh, name):
            yield Table(f"long_{name}", f"FROM store.long_{name}", "id")
            yield Table(f"elements_{name}", f"{_PLACED} FROM store.elements_{name}", "id")
        # What one event has told is numbered within the batch in which it came.
        number = "row_number() OVER (PARTITION BY id, told ORDER BY place) AS place"
        revised = f"SELECT * REPLACE ({number}) FROM store.revised_{name}"
        yield Table(f"revised_{name}", revised, "id")


def _grows(connection: DuckDBPyConnection, model: str) -> bool:
    """Tell whether a history has lists that may grow, and keeps the elements of long ones."""
    query = "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'store' AND table_name = ?"
    return bool(connection.execute(query, [f"elements_{model}"]).fetchall())


def _history(fresh: DuckDBPyConnection, model: str, upto: int) -> Iterator[Table]:
    """Yield the versions up to a position, then the elements of those that were past by then.

    Lists are not put together for it: they would be as long for each of the versions.
    """
    present = f"{model}_as_of({upto})"
    yield Table(
        f"history_{model}",
        f"SELECT * EXCLUDE (next_in_force) FROM store.kept_{model} "
        f"WHERE valid_to_position <= {upto} UNION ALL SELECT *, NULL, NULL FROM {present}",
        "id",
    )
    if _grows(fresh, model):
        yield Table(
            f"elements_{model}",
            "SELECT element.id, element.field, element.since AS position, "
            "element.place AS version, element.text, "
            "CASE WHEN element.until < now.position THEN element.until END AS until "
            f"FROM store.elements_{model} AS element JOIN {present} AS now ON now.id = element.id "
            "WHERE element.since < now.position",
            "id",
        )


def _parts(tables: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(tables), TOGETHER):
        yield tables[start : start + TOGETHER]


def _places(
    one: DuckDBPyConnection, other: DuckDBPyConnection, tables: Sequence[Table]
) -> list[tuple[int, list[Place]]]:
    """Return of each table how many rows the first one has, and where not both have as many."""
    queries = [
        f"SELECT position, {table.id} AS id, version, hash(*COLUMNS(*)) AS h, "
        f"coalesce(position, {_NOWHERE}) // {BUCKET} AS b FROM ({table.query})"
        for table in tables
    ]
    here, there = (_sums(connection, queries) for connection in (one, other))
    return [
        (sum(count for count, *_ in ours.values()), _differing(one, other, query, ours, theirs))
        for query, ours, theirs in zip(queries, here, there, strict=True)
    ]


def _sums(connection: DuckDBPyConnection, queries: Sequence[str]) -> list[Sums]:
    each = " UNION ALL ".join(
        f"SELECT {number}, b, count(*), bit_xor(h), sum(h) FROM ({query}) GROUP BY b"
        for number, query in enumerate(queries)
    )
    found: list[Sums] = [{} for _ in queries]
    for number, bucket, *sums in connection.execute(each).fetchall():
        found[number][bucket] = sums
    return found


def _differing(
    one: DuckDBPyConnection, other: DuckDBPyConnection, query: str, ours: Sums, theirs: Sums
) -> list[Place]:
    suspect = [b for b in ours.keys() | theirs.keys() if ours.get(b) != theirs.get(b)]
    if not suspect:
        return []
    rows = (
        f"SELECT position, id, version, h, count(*) FROM ({query}) "
        "WHERE b IN (SELECT unnest(?)) GROUP BY ALL"
    )
    found, sought = (set(each.execute(rows, [suspect]).fetchall()) for each in (one, other))
    return sorted({row[:3] for row in found ^ sought}, key=_nothing_first)


def _nothing_first(place: Place) -> list[tuple[bool, Any]]:
    return [(each is not None, each) for each in place]


def _columns(connection: DuckDBPyConnection, table: Table) -> list[str]:
    found = connection.execute(f"DESCRIBE {table.query}").fetchall()
    return [column for column, *_ in found]


def _findings(
    used: DuckDBPyConnection, fresh: DuckDBPyConnection, table: Table, places: Sequence[Place]
) -> Iterator[Finding]:
    """Yield what the rows at some places have otherwise; what both have is left out."""
    if not places:
        return
    names = _columns(fresh, table)
    at = [_NOWHERE if position is None else position for position, *_ in places]
    query = (
        f"SELECT {', '.join(map(quote, names))} FROM ({table.query}) "
        f"WHERE coalesce(position, {_NOWHERE}) IN (SELECT unnest(?))"
    )
    ours, theirs = (
        [dict(zip(names, row, strict=True)) for row in connection.execute(query, [at]).fetchall()]
        for connection in (used, fresh)
    )
    keys = itemgetter("position", table.id, "version")
    for place in places:
        here, there = ([row for row in rows if keys(row) == place] for rows in (ours, theirs))
        for one, other in zip_longest(_less(here, there), _less(there, here)):
            yield from parted(table.name, _record(place), one, other)


def _less(rows: Sequence[Values], others: Sequence[Values]) -> list[Values]:
    """Return the rows that others do not have, or not as often."""
    left = list(rows)
    for each in others:
        if each in left:
            left.remove(each)
    return left


def _record(place: Place) -> str:
    at, id_, version = place
    return f"{id_} version {version} at position {at}"
