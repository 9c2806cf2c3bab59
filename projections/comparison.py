"""Comparison: the tables of one warehouse, row by row, with those of another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from duckdb import DuckDBPyConnection

from projections.facts import quote
from projections.warehouse import position

BUCKET = 8_192
"""Positions whose rows are first compared as a whole."""

EXAMPLES = 5


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
    found = Compared(min(position(one), position(other)))
    for name in names:
        if shared >= found.position and not name.startswith("history_"):
            continue
        query = _hashed(one, name, found.position, 0 if name.startswith("history_") else shared)
        buckets = f"SELECT b, count(*), bit_xor(h), sum(h) FROM ({query}) GROUP BY b ORDER BY b"
        here = {b: rest for b, *rest in one.execute(buckets).fetchall()}
        there = {b: rest for b, *rest in other.execute(buckets).fetchall()}
        if count := sum(count for count, *_ in here.values()):
            found.rows[name] = count
        suspect = [b for b in here.keys() | there.keys() if here.get(b) != there.get(b)]
        if suspect:
            rows = f"SELECT position, id, version, h FROM ({query}) WHERE b IN (SELECT unnest(?))"
            ours = set(one.execute(rows, [suspect]).fetchall())
            theirs = set(other.execute(rows, [suspect]).fetchall())
            places = sorted({row[:3] for row in ours ^ theirs})
            found.differ[name] = len(places)
            found.examples[name] = [
                f"{id_} version {version} at position {at}"
                for at, id_, version in places[:EXAMPLES]
            ]
    return found


def _hashed(connection: DuckDBPyConnection, name: str, upto: int, after: int) -> str:
    columns = [each[0] for each in connection.execute(f"DESCRIBE {name}").fetchall()]
    id_ = "id" if "id" in columns and name.startswith("history_") else "stream"
    values = [
        f"CASE WHEN valid_to_position > {upto} THEN NULL ELSE {quote(column)} END"
        if column in ("valid_to_position", "valid_to")
        else quote(column)
        for column in columns
    ]
    return (
        f"SELECT position, {id_} AS id, version, position // {BUCKET} AS b, "
        f"hash({', '.join(values)}) AS h FROM {name} "
        f"WHERE position > {after} AND position <= {upto}"
    )
