"""Trees: the hashes of the Merkle logs of events and operations, kept as the logs grow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import orjson
import sqlalchemy as sa

from adapters.proofs.merkle import SIZE, Frontier, Node, Range, completed, needed, place, resolved
from adapters.storage.databases import insert_rows, insertion, writing
from adapters.storage.journal_tables import event_hashes, events, head, operation_hashes, operations

Name = Literal["events", "operations"]

AT_ONCE = 20_000
"""Rows that are hashed in one transaction when they were recorded before they could be."""

IN_ONE_ROW = 128
"""Leaves whose hashes share a row at most: a proof reads some twenty such rows."""


class BrokenLog(Exception):
    """A log cannot be what was recorded: it is not continued before it is put right."""


@dataclass(frozen=True)
class Log:
    """A table whose rows, in the order of its key, are the leaves of a Merkle log."""

    name: Name
    table: sa.Table
    hashes: sa.Table
    tree: sa.Column[Any]
    """The column of the head that has its frontier."""
    reached: sa.Column[Any]
    """The column of the head that has the key of its last row."""

    @property
    def key(self) -> sa.Column[Any]:
        """The column that numbers the rows, from 1 without gaps."""
        return next(iter(self.table.primary_key.columns))


LOGS: Mapping[Name, Log] = {
    "events": Log("events", events, event_hashes, head.c.event_tree, head.c.position),
    "operations": Log(
        "operations", operations, operation_hashes, head.c.operation_tree, head.c.operation
    ),
}


class Growth(NamedTuple):
    """What is to be kept of the rows that a transaction added to its logs."""

    head: dict[str, bytes]
    """The columns of the head that change."""
    hashes: list[tuple[sa.Table, list[tuple[int, bytes]]]]
    """What the tables of hashes get."""


def _hash_at(log: Log) -> sa.Select[Any]:
    """Return the query for the hash that stands at a place, made once as it is asked so often."""
    at, column = sa.bindparam("at", type_=sa.BigInteger), log.hashes.c
    # Within one row: PostgreSQL cuts bytes at an integer only, and a place is a larger one.
    first = sa.cast((at - column.place) * SIZE + 1, sa.Integer)
    hash_ = sa.func.substr(column.hashes, first, SIZE)
    return sa.select(hash_).where(column.place <= at).order_by(column.place.desc()).limit(1)


_HASH_AT = {name: _hash_at(log) for name, log in LOGS.items()}


def leaf_of(row: Sequence[Any]) -> bytes:
    r"""Return the leaf of a row: its columns in the order of the table, as a JSON array in UTF-8.

    Without spaces; in strings, only the quotation mark, the backslash and control characters are
    escaped, shortly where JSON has a short form, else as \u00xx in lower case. Nulls at the end
    are left out, so that a column added to a table later leaves the leaves of before as they were.
    """
    leaf = orjson.dumps(row)
    while leaf.endswith(b",null]"):
        leaf = leaf[:-6] + b"]"
    return leaf


def leaf_hashes(rows: Iterable[Sequence[Any]]) -> list[bytes]:
    """Return the hashes of the leaves of rows."""
    dumps = orjson.dumps
    return [
        sha256(b"\x00" + (leaf_of(row) if row[-1] is None else dumps(row))).digest() for row in rows
    ]


def grown(
    connection: sa.Connection,
    before: sa.Row[Any],
    new_events: Sequence[tuple[Any, ...]],
    new_operations: Sequence[tuple[Any, ...]],
) -> Growth:
    """Hash the rows that a transaction adds; return what is to be kept of it, by `settle`.

    `before` is the head as the transaction found it, under its lock. Raises `BrokenLog`.
    """
    growth = Growth({}, [])
    for log, rows in ((LOGS["events"], new_events), (LOGS["operations"], new_operations)):
        if rows:
            tree = Frontier.parse(before._mapping[log.tree.name] or b"")
            reached = before._mapping[log.reached.name]
            while tree.size < reached:  # recorded by a program that did not hash yet
                some = _rows_after(connection, log, tree.size, reached)
                insert_rows(connection, log.hashes, _extended(log, tree, some))
            growth.hashes.append((log.hashes, _extended(log, tree, rows)))
            growth.head[log.tree.name] = bytes(tree)
    return growth


def settle(connection: sa.Connection, at: Mapping[str, int], growth: Growth) -> None:
    """Keep the hashes of what a transaction added and move the head there, columns by name.

    A statement is a round trip to PostgreSQL, and a small commit has few: hashes that are one row
    go with the head.
    """
    marker = "?" if connection.dialect.name == "sqlite" else "%s"
    together: list[str] = []
    values: list[Any] = []
    for table, rows in growth.hashes:
        if connection.dialect.name == "postgresql" and len(rows) == 1:
            together.append(f"{table.name}_too AS ({insertion(table, marker)})")
            values += rows[0]
        else:
            insert_rows(connection, table, rows)
    moved = {**at, **growth.head}
    first = f"WITH {', '.join(together)} " if together else ""
    columns = ", ".join(f"{name} = {marker}" for name in moved)
    connection.exec_driver_sql(f"{first}UPDATE head SET {columns}", (*values, *moved.values()))


def _rows_after(
    connection: sa.Connection, log: Log, after: int, upto: int
) -> Sequence[tuple[Any, ...]]:
    query = sa.select(log.table).where(log.key > after, log.key <= min(after + AT_ONCE, upto))
    return [tuple(row) for row in connection.execute(query.order_by(log.key))]


def _extended(log: Log, tree: Frontier, rows: Sequence[tuple[Any, ...]]) -> list[tuple[int, bytes]]:
    """Let a tree grow by rows; return what its table of hashes gets."""
    size = tree.size
    if not rows or rows[0][0] != size + 1 or rows[-1][0] != size + len(rows):
        raise BrokenLog(
            f"The {log.name} that are there do not go on from number {size}: `keyline verify`."
        )
    kept = []
    for at in range(0, len(rows), IN_ONE_ROW):
        first = completed(tree.size)
        kept.append((first, tree.extend(leaf_hashes(rows[at : at + IN_ONE_ROW]))))
    return kept


def backfill(engine: sa.Engine, advance: Callable[[int], None] = lambda _: None) -> None:
    """Hash what was recorded before rows were hashed, some at a time; others go on meanwhile.

    `advance` is told how many rows were done. Raises `BrokenLog`.
    """
    for log in LOGS.values():
        while done := _backfill_some(engine, log):
            advance(done)


def _backfill_some(engine: sa.Engine, log: Log) -> int:
    with writing(engine).begin() as connection:
        row = connection.execute(sa.select(head).with_for_update()).one()._mapping
        tree = Frontier.parse(row[log.tree.name] or b"")
        before = tree.size
        if before < row[log.reached.name]:
            rows = _rows_after(connection, log, before, row[log.reached.name])
            insert_rows(connection, log.hashes, _extended(log, tree, rows))
            connection.execute(head.update(), {log.tree.name: bytes(tree)})
        return tree.size - before


def unhashed(engine: sa.Engine) -> int:
    """Return how many rows of both logs are still to be hashed."""
    with engine.connect() as connection:
        row = connection.execute(sa.select(head)).one()._mapping
    trees = {log: Frontier.parse(row[log.tree.name] or b"") for log in LOGS.values()}
    return sum(max(0, row[log.reached.name] - tree.size) for log, tree in trees.items())


def frontier(connection: sa.Connection, log: Log) -> Frontier:
    """Return how far a log was hashed, with its root."""
    return Frontier.parse(connection.scalar(sa.select(log.tree)) or b"")


def hashes_of(connection: sa.Connection, log: Log, nodes: Iterable[Node]) -> dict[Node, bytes]:
    """Return the kept hashes of complete subtrees, by a point read each. Raises `BrokenLog`."""
    found = {}
    for node in nodes:
        kept = connection.scalar(_HASH_AT[log.name], {"at": place(node)})
        if kept is None or len(kept) != SIZE:
            raise BrokenLog(f"The kept hashes of {log.name} are not complete: `keyline verify`.")
        found[node] = bytes(kept)
    return found


def proof(connection: sa.Connection, log: Log, path: Sequence[Range]) -> list[bytes]:
    """Return the hashes of a proof from those that are kept. Raises `BrokenLog`."""
    return resolved(path, hashes_of(connection, log, sorted(needed(path))))


def root_at(connection: sa.Connection, log: Log, size: int) -> bytes:
    """Return the root that a log had when it had so many leaves. Raises `BrokenLog`."""
    return proof(connection, log, [(0, size)])[0]
