"""The audit: all rows of a log hashed anew and held against kept hashes and signed heads."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa

from adapters.proofs.differences import Difference, differences
from adapters.proofs.merkle import SIZE, Frontier, completed
from adapters.proofs.merkle_store import LOGS, Log, leaf_hashes, leaf_of
from adapters.proofs.signed_heads import BadHead, Head, public_keys, signed
from adapters.storage.journal_tables import head

Kind = Literal["altered", "missing", "inserted", "swapped", "truncated", "rewritten", "forged"]

CHUNK = 1 << 15
"""Rows that are examined together."""


class Fault(NamedTuple):
    """What is wrong with a log, from the row of one number to that of another."""

    log: str
    kind: Kind
    first: int
    last: int
    detail: str


def audit(
    connection: sa.Connection,
    outside: Sequence[Head] = (),
    trusted: dict[str, str] | None = None,
    advance: Callable[[int], None] = lambda _: None,
    *,
    compare_heads: bool = True,
) -> list[Fault]:
    """Check both logs from their first row to their last; return what is wrong, nothing if all is.

    `outside` are heads that were kept elsewhere, `trusted` the public keys that count, by default
    those that the journal names itself. All is read in the transaction of the connection, which
    should see one state. `advance` is told how many rows were examined. Without `compare_heads`
    a history that was rewritten as a whole is not found: that is for showing just this.
    """
    keys = public_keys(connection) if trusted is None else trusted
    known = [*signed(connection), *outside] if compare_heads else []
    state = connection.execute(sa.select(head)).one()._mapping
    faults: list[Fault] = []
    for log in LOGS.values():
        mine = [each for each in known if each.log == log.name]
        faults += _forged(log, mine, keys)
        faults += _Audit(connection, log, state, mine).run(advance)
    return faults


def _forged(log: Log, found: Sequence[Head], keys: dict[str, str]) -> Iterator[Fault]:
    for each in found:
        try:
            each.check(keys)
        except BadHead as bad:
            yield Fault(log.name, "forged", each.size, each.size, str(bad))


class _Audit:
    """The audit of one log."""

    def __init__(
        self, connection: sa.Connection, log: Log, state: Any, found: Sequence[Head]
    ) -> None:
        self._connection = connection
        self._log = log
        self._reached: int = state[log.reached.name]
        self._tree: bytes = bytes(state[log.tree.name] or b"")
        self._heads = sorted(set(found), key=lambda each: each.size)
        self._roots: dict[int, bytes] = {}

    def run(self, advance: Callable[[int], None]) -> list[Fault]:
        if self._intact(advance):
            return list(self._rewritten(self._reached))
        return self._explain()

    def _intact(self, advance: Callable[[int], None]) -> bool:
        """Tell whether rows, kept hashes and head agree; note the roots at the signed sizes."""
        key = self._log.key
        least, most = self._connection.execute(sa.select(sa.func.min(key), sa.func.max(key))).one()
        if least not in (None, 1) or (most or 0) != self._reached:
            return False
        with closing(_Kept(self._connection, self._log)) as kept:
            return self._agrees(kept, advance)

    def _agrees(self, kept: _Kept, advance: Callable[[int], None]) -> bool:
        tree = Frontier()
        cuts = {each.size for each in self._heads if each.size <= self._reached}
        ends = sorted({*range(CHUNK, self._reached, CHUNK), *cuts, self._reached})
        for end in ends:
            if end == tree.size:
                continue
            leaves = self._leaves(tree.size, end)
            if leaves is None or len(leaves) != end - tree.size:
                return False
            advance(len(leaves))
            if tree.extend(leaves) != kept.take(end):
                return False
            if end in cuts:
                self._roots[end] = tree.root()
        return kept.ended() and (bytes(tree) == self._tree or not (self._tree or tree.size))

    def _leaves(self, after: int, upto: int) -> list[bytes] | None:
        """Return the hashes of rows as they are now, `None` when one cannot even be read."""
        driver: Any = self._connection.connection.driver_connection
        names = ", ".join(f'"{column.name}"' for column in self._log.table.columns)
        limits = f"{self._log.key.name} > {after} AND {self._log.key.name} <= {upto}"
        of = f"FROM {self._log.name} WHERE {limits} ORDER BY {self._log.key.name}"
        cursor = driver.cursor()
        try:
            if self._connection.dialect.name == "sqlite":
                # The database writes the same JSON, in half the time that its rows would take.
                rows = cursor.execute(f"SELECT CAST({_json(self._log)} AS BLOB) {of}")
                return [
                    sha256(b"\x00" + (row if row[-6:] != b",null]" else _shortened(row))).digest()
                    for (row,) in rows
                ]
            return leaf_hashes(cursor.execute(f"SELECT {names} {of}"))
        except (sqlite3.Error, TypeError, ValueError):
            return None
        finally:
            cursor.close()

    def _explain(self) -> list[Fault]:
        """Find out what it is that does not agree, row by row."""
        with closing(_Kept(self._connection, self._log)) as kept:
            stream = kept.rest()
        faults = list(self._kept_faults(kept, stream))
        leaves = list(_leaves_in(stream))
        faults += [self._fault(each) for each in differences(self._rows(), leaves, _hash_as)]
        tree = Frontier()
        sizes = sorted({each.size for each in self._heads if each.size <= len(leaves)})
        self._roots = {}
        for size in sizes:
            tree.extend(leaves[tree.size : size])
            self._roots[size] = tree.root()
        faults += self._rewritten(len(leaves))
        tree.extend(leaves[tree.size :])
        if not faults or bytes(tree) != self._tree or self._reached != len(leaves):
            faults.append(self._head_fault(len(leaves)))
        return faults

    def _head_fault(self, kept: int) -> Fault:
        kind: Kind = "truncated" if self._reached < kept else "altered"
        first, last = sorted((self._reached, kept))
        detail = f"the head says {self._reached} rows, the kept hashes are those of {kept}"
        return Fault(self._log.name, kind, first, last, detail)

    def _kept_faults(self, kept: _Kept, stream: bytes) -> Iterator[Fault]:
        """Yield where the kept hashes do not belong together."""
        if not kept.whole:
            last = self._reached
            yield Fault(self._log.name, "altered", 1, last, "kept hashes are missing or moved")
            return
        tree, at = Frontier(), 0
        for leaf in _leaves_in(stream):
            made = tree.extend([leaf])
            for level in range(len(made) // SIZE):
                here = slice(level * SIZE, (level + 1) * SIZE)
                if made[here] != stream[at : at + len(made)][here]:
                    first = tree.size - (1 << level) + 1
                    detail = "a kept hash is not that of what it stands for"
                    yield Fault(self._log.name, "altered", first, tree.size, detail)
                    return
            at += len(made)

    def _rewritten(self, size: int) -> Iterator[Fault]:
        """Yield the first signed head with which the history does not agree."""
        agreed = 0
        for each in self._heads:
            if each.size > size:
                detail = f"a head of {each.size} was signed at {each.time}, {size} are there"
                yield Fault(self._log.name, "truncated", size + 1, each.size, detail)
                return
            if each.size < 1 or self._roots[each.size].hex() != each.root:
                detail = f"this is not what was signed at {each.time} with the key {each.key}"
                yield Fault(self._log.name, "rewritten", agreed + 1, each.size, detail)
                return
            agreed = each.size

    def _rows(self) -> list[tuple[Any, ...]]:
        """Return all rows, whatever is in them."""
        driver: Any = self._connection.connection.driver_connection
        cursor = driver.cursor()
        sqlite = self._connection.dialect.name == "sqlite"
        try:
            if sqlite:
                driver.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            names = ", ".join(f'"{column.name}"' for column in self._log.table.columns)
            query = f"SELECT {names} FROM {self._log.name} ORDER BY {self._log.key.name}"
            rows: list[tuple[Any, ...]] = cursor.execute(query).fetchall()
        finally:
            if sqlite:
                driver.text_factory = str
            cursor.close()
        flags = [i for i, c in enumerate(self._log.table.columns) if isinstance(c.type, sa.Boolean)]
        if sqlite and flags:
            rows = [
                tuple(
                    bool(each) if i in flags and each in (0, 1) else each
                    for i, each in enumerate(row)
                )
                for row in rows
            ]
        return rows

    def _fault(self, found: Difference) -> Fault:
        return Fault(self._log.name, found.kind, found.first, found.last, found.detail)


class _Kept:
    """The hashes that are kept of a log, read one after the other."""

    def __init__(self, connection: sa.Connection, log: Log) -> None:
        query = sa.select(log.hashes).order_by(log.hashes.c.place)
        self._rows = connection.execute(query, execution_options={"stream_results": True})
        self._buffer = b""
        self._next = 0
        self._taken = 0
        self.whole = True

    def take(self, size: int) -> bytes:
        """Return what a log completes while it grows up to a size; less when less is there."""
        wanted = completed(size) * SIZE - self._taken
        pieces, length = [self._buffer], len(self._buffer)
        while length < wanted and (piece := self._row()) is not None:
            pieces.append(piece)
            length += len(piece)
        stream = b"".join(pieces)
        self._buffer = stream[wanted:]
        self._taken += wanted
        return stream[:wanted]

    def ended(self) -> bool:
        return not self._buffer and self._row() is None and self.whole

    def close(self) -> None:
        self._rows.close()

    def rest(self) -> bytes:
        return b"".join(iter(self._row, None))

    def _row(self) -> bytes | None:
        row = self._rows.fetchone()
        if row is None:
            return None
        hashes = row.hashes if isinstance(row.hashes, bytes) else str(row.hashes).encode()
        if row.place != self._next or len(hashes) % SIZE:
            self.whole = False
        self._next = row.place + len(hashes) // SIZE
        return hashes


def _leaves_in(stream: bytes) -> Iterator[bytes]:
    """Yield the leaves among the hashes of a log."""
    at = number = 0
    while at + SIZE <= len(stream):
        yield stream[at : at + SIZE]
        at += SIZE * (1 + (~number & number + 1).bit_length() - 1)
        number += 1


def _hash_as(row: tuple[Any, ...], number: int) -> bytes:
    """Return the hash that a row would have under a number; none when it cannot be a row."""
    try:
        return sha256(b"\x00" + leaf_of((number, *row[1:]))).digest()
    except (TypeError, ValueError):
        return b""


def _json(log: Log) -> str:
    """Return SQLite's expression for the leaf of a row, but for nulls at its end."""
    values = [
        f"json(CASE {column.name} WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE '-1' END)"
        if isinstance(column.type, sa.Boolean)
        else f'"{column.name}"'
        for column in log.table.columns
    ]
    return f"json_array({', '.join(values)})"


def _shortened(leaf: bytes) -> bytes:
    while leaf.endswith(b",null]"):
        leaf = leaf[:-6] + b"]"
    return leaf
