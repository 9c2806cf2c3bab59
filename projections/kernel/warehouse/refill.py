"""Remaking: a warehouse filled from sealed history, one that there is, and the journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection, OutOfMemoryException

from projections.kernel.warehouse.facts import literal
from projections.kernel.warehouse.loader import Loader, position
from projections.kernel.warehouse.parking_lot import (
    FACTS as FACTS,  # stands for all facts: they are remade together
)
from projections.kernel.warehouse.segments import Part, rest

_OF_ALL_TYPES = ("envelopes", "recent", "unknown", "unreadable")

_TOGETHER = 2_048
"""Rows that are copied together: those of one vector of DuckDB."""

Batches = Iterable[Iterable[Sequence[Any]]]
Source = Callable[[int], Batches]


class Sealed:
    """The history that is sealed, up to a position: files of facts, and files of raw rows."""

    def __init__(
        self,
        position: int = 0,
        parts: Sequence[tuple[str, Part]] = (),
        rests: Sequence[Path] = (),
    ) -> None:
        """Note what is sealed; by default nothing."""
        self.position, self.parts, self.rests = position, parts, rests


def units(names: Iterable[str]) -> set[str]:
    """Return what is remade for some tables: histories one by one, facts together."""
    return {name if name.startswith("history_") else FACTS for name in names}


def copyable(live: DuckDBPyConnection, new: DuckDBPyConnection, name: str) -> bool:
    """Tell whether a history, or all facts, have the same columns in both."""
    return _columns(live, name) == _columns(new, name)


def fill(
    loader: Loader,
    new: DuckDBPyConnection,
    live: DuckDBPyConnection,
    made: Collection[str],
    sealed: Sealed,
    read: Source,
) -> None:
    """Bring a new warehouse to the position of its source.

    Args:
        loader: That of the new one, its tables made.
        new: The new one.
        live: The one that there is, seen in one state.
        made: Which histories to fold anew, and whether `facts` are; all else is copied.
        sealed: The sealed history that the new one was made with.
        read: Gives the raw rows of the journal after a position.
    """
    loader.repairs.honour(live)
    kept = {FACTS, *(name for name in loader.names() if name.startswith("history_"))} - set(made)
    upto = position(live) if kept else sealed.position
    for name in sorted(kept):
        for table in _columns(new, name):
            _copy(live, new, f"SELECT * FROM store.{table}", table)
        if name != FACTS:
            _copy(live, new, f"FROM store.parked WHERE model = {literal(name)}", "parked")
    if FACTS in made:
        for file in sealed.rests:
            loader.settle_table(rest(file))
        _bring(loader, loader.settle_all, until(read, upto), sealed.position)
    if histories := set(made) - {FACTS}:
        fold = partial(loader.fold_all, names=histories)
        _bring(loader, fold, until(read, upto), 0)
    loader.begin_after(upto)
    follow(loader, read)


def follow(loader: Loader, read: Source) -> None:
    """Load what a source has behind the position of a loader."""
    _bring(loader, loader.load_all, read, loader.position)


def _bring(loader: Loader, take: Callable[[Batches], None], read: Source, after: int) -> None:
    """Have a loader take what a source has behind a position.

    What takes more memory than there is was undone, and is tried again a smaller part at a time.
    """
    while True:
        loader.taken = after
        try:
            take(read(after))
        except OutOfMemoryException:
            after = loader.taken
            if not loader.lessen():
                raise
        else:
            return


def _columns(connection: DuckDBPyConnection, name: str) -> dict[str, list[Any]]:
    """Return the tables of a history, or of all facts, with their columns."""
    if name == FACTS:
        where = f"table_name IN {_OF_ALL_TYPES} OR table_name LIKE 'fact\\_%' ESCAPE '\\'"
    else:
        model = name.removeprefix("history_")
        where = f"regexp_full_match(table_name, '(present|past|long|elements|revised)_{model}')"
    query = (
        "SELECT table_name, list(column_name || ' ' || data_type ORDER BY column_name) "
        f"FROM duckdb_columns() WHERE schema_name = 'store' AND ({where}) GROUP BY 1 ORDER BY 1"
    )
    return dict(connection.execute(query).fetchall())


def _copy(live: DuckDBPyConnection, new: DuckDBPyConnection, query: str, table: str) -> None:
    rows = live.sql(query).to_arrow_reader(_TOGETHER)  # noqa: F841 (DuckDB finds it by its name)
    new.execute(f"INSERT INTO store.{table} BY NAME FROM rows")


def until(read: Source, upto: int) -> Source:
    """Return a source that gives the raw rows of the journal up to a position, in batches."""

    def between(after: int) -> Iterator[list[Sequence[Any]]]:
        if after >= upto:
            return
        for batch in read(after):
            rows = [row for row in batch if row[0] <= upto]
            if rows:
                yield rows
            if not rows or rows[-1][0] >= upto:
                return

    return between
