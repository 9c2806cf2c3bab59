"""Segments: facts of a stretch of old history as Parquet files, one for each event type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.kernel.warehouse.facts import (
    RAW,
    fact_tables,
    facts,
    literal,
    raw_table,
    settle,
)
from projections.kernel.warehouse.unreadable import set_aside

REST = "rest"
"""The file of the raw rows that no fact table takes: of unknown types, or unreadable."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file: where it is, its rows, its bytes and their SHA-256."""

    file: str
    rows: int
    size: int
    sha256: str

    def sound(self, folder: Path, *, thorough: bool) -> bool:
        """Tell whether the file is there, with the right bytes if `thorough`, else so many."""
        path = folder / self.file
        try:
            if path.stat().st_size != self.size:
                return False
            if not thorough:
                return True
            with path.open("rb") as file:
                return file_digest(file, "sha256").hexdigest() == self.sha256
        except OSError:
            return False


Batches = Iterable[Iterable[Sequence[Any]]]


def file_of(name: str) -> str:
    """Return the name of the file of a fact, or of the rest: another shape, another file."""
    shapes = {fact.name: fact.fingerprint for fact in facts().values()}
    return f"{name}-{shapes[name][:12]}.parquet" if name in shapes else f"{name}.parquet"


def write(batches: Batches, folder: Path, only: Iterable[str] | None = None) -> dict[str, int]:
    """Type raw rows of the journal and write them to a folder.

    Args:
        batches: The rows, in order.
        folder: Where the files go.
        only: The facts to write, and `rest`; by default all that have rows.

    Returns how many rows there are of each; none has no file.
    """
    with _typed(batches) as connection:
        unread = f"SELECT {', '.join(RAW.names)} FROM store.unreadable"
        queries = {REST: f"FROM store.unknown UNION ALL {unread}"}
        queries |= {fact.name: f"FROM store.{fact.name}" for fact in facts().values()}
        wanted = set(queries) if only is None else set(only) & set(queries)
        rows = {n: c for n, c in _counted(connection, queries[REST]).items() if n in wanted}
        for name in sorted(rows):
            into = literal(str(folder / file_of(name)))
            connection.execute(
                f"COPY (FROM ({queries[name]}) ORDER BY position) TO {into} "
                "(FORMAT parquet, COMPRESSION zstd)"
            )
    return rows


@contextmanager
def _typed(batches: Batches) -> Iterator[DuckDBPyConnection]:
    config = {"threads": 1, "memory_limit": "1GB"}
    with duckdb.connect(config=config) as connection:  # type: ignore[arg-type]
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA store")
        for statement in fact_tables():
            connection.execute(statement)
        for rows in batches:
            settle(connection, set_aside(connection, raw_table(list(rows))))
        yield connection


def _counted(connection: DuckDBPyConnection, rest: str) -> dict[str, int]:
    """Return how many rows there are of each fact that has some, and of the rest."""
    by_type = connection.execute("SELECT type, count(*) FROM store.envelopes GROUP BY type")
    rows = {facts()[type_].name: n for type_, n in by_type.fetchall() if type_ in facts()}
    ((left,),) = connection.execute(f"SELECT count(*) FROM ({rest})").fetchall()
    return {**rows, REST: left} if left else rows


def rest(file: Path) -> pa.Table:
    """Return the raw rows that no fact table took when the segment was written."""
    with duckdb.connect() as connection:
        query = f"FROM read_parquet({literal(str(file))}) ORDER BY position"
        found: pa.Table = connection.execute(query).to_arrow_table()
        return found.cast(RAW)
