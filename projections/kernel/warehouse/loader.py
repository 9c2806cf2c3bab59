"""The warehouse: facts, row histories and their position, moved together in one transaction."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from domain.kernel.aggregate import Recorded
from projections.kernel.read_model import Histories, ReadModel, read_models
from projections.kernel.warehouse import parking_lot as parking
from projections.kernel.warehouse.days import business_day_statement
from projections.kernel.warehouse.facts import (
    EVENTS,
    append,
    fact_statements,
    facts,
    raw_table,
    settle,
    settle_recent,
)
from projections.kernel.warehouse.journal_rows import prepared, recorded
from projections.kernel.warehouse.repairs import Repairs
from projections.kernel.warehouse.row_history import History
from projections.kernel.warehouse.segments import Part
from projections.kernel.warehouse.unreadable import set_aside

BULK = 200_000
"""How many events of a rebuild are written to their typed tables at once, in one transaction."""

FOLDED = 2_000
"""How many events of a load are folded at once: rows take far more memory than events."""

WEIGHT = 1 << 22
"""How many characters the payloads may have of events that are read together, about."""

_HELD = 8 * WEIGHT
"""How many bytes of events may wait to be written to their typed tables, about."""

_STATEMENTS = "all statements"


class RebuildRequired(Exception):
    """The warehouse was made by another version of the code; names the tables that differ."""


class Loader:
    """Loads raw rows of the journal, in any order and with any repeats. For one thread.

    The position of the warehouse is the last one up to which every event is in: positions of the
    journal have no gaps, so completeness shows without asking the source. What is ahead of a gap
    is in as well, but no reader of an `as_of` up to the position sees it. `position` moves after
    the commit: whoever starts to read by then sees all of it.
    """

    def __init__(
        self,
        connection: DuckDBPyConnection,
        models: Mapping[str, ReadModel] | None = None,
        segments: Path | None = None,
        told: Histories | None = None,
    ) -> None:
        """Work on a DuckDB database, with the histories of all read models or those given.

        The old facts that it does not hold itself are in the folder `segments`; `told` gives the
        history of a record of which something was recorded late.
        """
        self._connection = connection
        self.segments = segments or Path()
        models = read_models() if models is None else models
        self._histories = [History(model, told) for model in models.values()]
        self._shapes = {EVENTS: "of envelopes"}
        self._shapes |= {fact.name: fact.fingerprint for fact in facts().values()}
        self._shapes |= {each.name: each.fingerprint for each in self._histories}
        self._bulk = BULK
        self.taken = 0
        """The position up to which the last bulk has taken events, all of it committed."""
        self._ahead: set[int] = set()
        self._reached = 0
        self.position = 0
        self.repairs = Repairs(connection, self._histories, self._transaction)

    def create(self, sealed: Iterable[tuple[str, Part]] = ()) -> None:
        """Make what is not there yet and find out the position.

        Args:
            sealed: For a database yet empty: the files that have the facts of old.

        Raises `RebuildRequired` when what is there does not fit the code, or files are gone.
        """
        run = self._connection.execute
        run("SET TimeZone = 'UTC'")
        run("CREATE SCHEMA IF NOT EXISTS store")
        # Both are there in a file that another version made, too, which goes on answering.
        parking.create(self._connection)
        run(business_day_statement())
        with self._transaction():
            run("CREATE TABLE IF NOT EXISTS store.shapes (name VARCHAR, fingerprint VARCHAR)")
            run("CREATE TABLE IF NOT EXISTS store.progress (position BIGINT)")
            run(
                "CREATE TABLE IF NOT EXISTS store.sealed (name VARCHAR, file VARCHAR, "
                "rows BIGINT, size BIGINT, sha256 VARCHAR)"
            )
            for name, part in sealed:
                run("INSERT INTO store.sealed VALUES (?, ?, ?, ?, ?)", [name, *astuple(part)])
            known: dict[str, str] = dict(run("FROM store.shapes").fetchall())
            if differing := self.differing(known):
                raise RebuildRequired(", ".join(differing))
            if gone := self.faults(thorough=False):
                raise RebuildRequired(f"segments: {', '.join(gone)}")
            files: dict[str, list[str]] = {}
            for name, part in self.sealed():
                files.setdefault(name, []).append(str(self.segments / part.file))
            statements = [*fact_statements(files)]
            for history in self._histories:
                statements += history.statements()
            digest = sha256("".join(statements).encode()).hexdigest()
            # Most openings find all of it there; looking at each costs more than the opening.
            if known.pop(_STATEMENTS, None) == digest:
                statements = []
            for statement in statements:
                run(statement)
            if statements:
                run("DELETE FROM store.shapes WHERE name = ?", [_STATEMENTS])
                run("INSERT INTO store.shapes VALUES (?, ?)", [_STATEMENTS, digest])
            new = [[name, self._shapes[name]] for name in self._shapes if name not in known]
            if new:
                self._connection.executemany("INSERT INTO store.shapes VALUES (?, ?)", new)
            if not known:
                run("INSERT INTO store.progress VALUES (0)")
        self._recall()

    def load(self, rows: Iterable[Sequence[Any]]) -> int:
        """Load raw rows, all or nothing. Returns how many of them were new."""
        fresh = self._fresh(rows)
        if fresh:
            with self._transaction():
                append(self._connection, set_aside(self._connection, raw_table(fresh)))
                for start in range(0, len(fresh), FOLDED):
                    self._fold(fresh[start : start + FOLDED])
                    for history in self._histories:
                        history.rest()
                self._advance(fresh)
                settle_recent(self._connection, self._reached)
        return len(fresh)

    def sealed(self) -> list[tuple[str, Part]]:
        """Return the files that have the facts of old, each with the name of the fact."""
        found = self._connection.execute("FROM store.sealed ORDER BY name, file").fetchall()
        return [(name, Part(*part)) for name, *part in found]

    def faults(self, *, thorough: bool) -> list[str]:
        """Return the files with facts of old that are gone or damaged; thorough reads them all."""
        parts = (part for _, part in self.sealed())
        return [part.file for part in parts if not part.sound(self.segments, thorough=thorough)]

    def settle_all(self, batches: Iterable[Iterable[Sequence[Any]]]) -> None:
        """Add raw rows, all of them new and in order, as facts alone."""
        for rows in self._parts(batches):
            self.settle_table(raw_table(rows))
            self.taken = rows[-1][0]

    def settle_table(self, table: pa.Table) -> None:
        """Add a table of raw rows, all of them new, as facts alone."""
        with self._transaction():
            settle(self._connection, set_aside(self._connection, table))

    def fold_all(self, batches: Iterable[Iterable[Sequence[Any]]], names: Container[str]) -> None:
        """Add raw rows, all of them new and in order, to the histories of these names alone."""
        for rows in self._parts(batches):
            with self._transaction():
                self._fold(rows, names)
            self.taken = rows[-1][0]

    def begin_after(self, position: int) -> None:
        """Note that everything up to a position is in."""
        self._connection.execute("UPDATE store.progress SET position = ?", [position])
        self._recall()

    @property
    def complete(self) -> bool:
        """Whether nothing is in that is ahead of the position."""
        return not self._ahead

    def names(self) -> list[str]:
        """Return the names of the facts and histories that the code wants."""
        return list(self._shapes)

    def load_all(self, batches: Iterable[Iterable[Sequence[Any]]]) -> None:
        """Load many batches of raw rows at the greatest speed, a transaction for each `BULK`."""
        coming = prepared(self._parts(batches))
        more = True
        while more:
            with self._transaction():
                more = self._load_bulk(coming)
            self.taken = self.position

    def lessen(self) -> bool:
        """Take an eighth of the events at once from now on; `False` when it is one already."""
        self._bulk //= 8
        return self._bulk > 0

    def _parts(self, batches: Iterable[Iterable[Sequence[Any]]]) -> Iterator[list[Sequence[Any]]]:
        """Cut batches to what may be taken at once."""
        for batch in batches:
            rows = list(batch)
            for start in range(0, len(rows), self._bulk):
                yield rows[start : start + self._bulk]

    def _load_bulk(self, batches: Iterator[tuple[list[Sequence[Any]], pa.Table]]) -> bool:
        held: list[pa.Table] = []
        taken, more = 0, False
        for rows, table in batches:
            fresh = self._fresh(rows)
            if not fresh:
                continue
            self._fold(fresh)
            self._advance(fresh)
            taken += len(fresh)
            if fresh != rows:
                table = raw_table(fresh)
            table = set_aside(self._connection, table)
            if self._ahead:
                append(self._connection, table)
            else:
                held.append(table)
            if more := taken >= self._bulk or sum(each.nbytes for each in held) >= _HELD:
                break
        if held:
            settle(self._connection, pa.concat_tables(held))
        if not more:
            settle_recent(self._connection, self._reached, least=1)
        return more

    def _fresh(self, rows: Iterable[Sequence[Any]]) -> list[Sequence[Any]]:
        """Return the rows that are not in yet, each once, in the order of their positions."""
        position, ahead = self._reached, self._ahead
        found = {row[0]: row for row in rows if row[0] > position and row[0] not in ahead}
        return [found[each] for each in sorted(found)]

    def _fold(self, rows: list[Sequence[Any]], names: Container[str] | None = None) -> None:
        histories = [each for each in self._histories if names is None or each.name in names]
        if not histories:
            return
        by_aggregate: dict[str, list[Recorded]] = {}
        for event in map(recorded, rows):
            by_aggregate.setdefault(event.aggregate, []).append(event)
        for history in histories:
            if events := by_aggregate.get(history.model.aggregate):
                history.load(self._connection, events)

    def _advance(self, rows: list[Sequence[Any]]) -> None:
        position, ahead = self._reached, self._ahead
        if not ahead and rows[-1][0] == position + len(rows):
            position = rows[-1][0]
        else:
            ahead.update(row[0] for row in rows)
        while position + 1 in ahead:
            position += 1
            ahead.remove(position)
        if position > self._reached:
            self._connection.execute("UPDATE store.progress SET position = ?", [position])
            self._reached = position

    def differing(self, known: dict[str, str] | None = None) -> list[str]:
        """Return the tables that hold, or should hold by now, something else than the code says."""
        if known is None:
            known = dict(self._connection.execute("FROM store.shapes").fetchall())
        if not known:
            return []
        empty = {fact.name for fact in facts().values()}  # when they are not there yet
        differing = [
            name
            for name, fingerprint in self._shapes.items()
            if known.get(name, fingerprint if name in empty else None) != fingerprint
        ]
        types = self._connection.execute("SELECT DISTINCT type FROM store.unknown").fetchall()
        return differing + [facts()[type_].name for (type_,) in types if type_ in facts()]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.begin()
        try:
            yield
            self._commit()
            self.position = self._reached
        except BaseException:
            with suppress(duckdb.TransactionException):  # a commit that failed has ended it
                self._connection.rollback()
            self._recall()
            raise

    def _commit(self) -> None:
        try:
            self._connection.commit()
        except duckdb.TransactionException as error:
            if "memory_limit" in str(error):  # DuckDB's own hint, in whatever failed for want of it
                raise duckdb.OutOfMemoryException(str(error)) from error
            raise

    def _recall(self) -> None:
        """Read from the database what is kept in memory as well."""
        for history in self._histories:
            history.forget()
        try:
            self.position = self._reached = position(self._connection)
        except duckdb.CatalogException:
            return  # nothing was made yet
        both = "SELECT position FROM store.recent UNION ALL SELECT position FROM store.unreadable"
        query = f"FROM ({both}) WHERE position > ?"
        ahead = self._connection.execute(query, [self.position]).fetchall()
        self._ahead = {each for (each,) in ahead}


def position(connection: DuckDBPyConnection) -> int:
    """Return the position up to which every event is in."""
    found = connection.execute("SELECT position FROM store.progress").fetchall()
    return int(found[0][0]) if found else 0
