"""Shadow tables: read models folded anew from the journal, beside the tables in use."""

from __future__ import annotations

import gc
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.fold import again
from projections.kernel.parking_lot import Key, Lot, in_rows
from projections.kernel.read_model import (
    Histories,
    Parked,
    ReadModel,
    Row,
    Waiting,
    fold,
)
from projections.kernel.rows import tables
from projections.kernel.rows.faults import database_failed
from projections.kernel.rows.store import RowStore

Batches = Callable[[int], Iterable[Sequence[Recorded]]]
"""Gives all events after a position, in order, in batches; ends with the last event there is."""

Progress = Callable[[int], None]
"""Is told the position that was reached."""

_KEPT = 100_000
"""How many rows of a model are in memory at most, before they are written."""

_CHUNK = 20_000
"""How many rows are written in one transaction; the tables in use are kept up in between."""


class Shadow:
    """The table of one read model in the making; `rows` in memory are ahead of it.

    `parked` are the events that could not be folded, `passed` those that could not and that an
    operator had decided to pass over.
    """

    def __init__(
        self, engine: sa.Engine, model: ReadModel, purpose: str, histories: Histories | None
    ) -> None:
        """Describe the table, named for the model and the purpose; nothing is made yet."""
        self.model = model
        self._histories = histories
        self.table = model.table.to_metadata(sa.MetaData(), name=f"{model.name}_{purpose}")
        self.parked: dict[Key, Parked] = {}
        self.passed: set[Key] = set()
        self._decided: Set[Key] = frozenset()
        self._engine = engine.execution_options(writes=True)
        self._store = RowStore(self.table, engine.dialect)
        self._rows: dict[str, Row] = {}
        self._stored: set[str] = set()
        self._changed: set[str] = set()

    def create(self) -> None:
        """Make the table, empty; what an interrupted rebuild has left behind goes."""
        with self._engine.begin() as connection:
            tables.drop(connection, self.model, self.table.name)
            tables.create_table(connection, self.table)
            self._decided = Lot(in_rows(connection), self.model.name).decided().keys()

    def drop(self) -> None:
        """Remove the table."""
        with self._engine.begin() as connection:
            tables.drop(connection, self.model, self.table.name)

    def index(self) -> None:
        """Write what is in memory and make the indexes, each in a transaction of its own."""
        self.flush()
        dialect = self._engine.dialect.name
        for statement in tables.index_statements(dialect, self.model, self.table):
            with self._engine.begin() as connection:
                connection.exec_driver_sql(statement)

    def fold(self, events: Sequence[Recorded], connection: sa.Connection | None = None) -> None:
        """Apply events in memory; rows are loaded, with the `connection` if given, as needed."""
        rows = self._rows
        missing = {
            event.stream for event in events if event.stream not in rows and event.version > 1
        }
        if missing:
            self._load(missing, connection)
        waiting: Waiting = {}
        for parked in self.parked.values():
            waiting.setdefault(parked.event.stream, {})[parked.event.version] = parked.event
        folded = fold(
            self.model,
            self._rows,
            events,
            waiting,
            keep_versions=False,
            histories=self._histories,
            passes=self._passes,
        )
        self._rows.update(folded.rows)
        self._changed.update(folded.rows)
        self.parked.update(folded.parked)
        for event in folded.healed:
            del self.parked[event.stream, event.version]
        if len(self._rows) > _KEPT and connection is None:
            self.flush()
            self._rows.clear()
            self._stored.clear()

    def flush(self) -> None:
        """Write what is in memory, in several transactions."""
        for ids in _chunks(self._changed, _CHUNK):
            with self._engine.begin() as connection:
                self._write(connection, ids)
        self._changed.clear()

    def flush_in(self, connection: sa.Connection) -> None:
        """Write what is in memory, within a transaction."""
        self._write(connection, list(self._changed))
        self._changed.clear()

    def settle(self, connection: sa.Connection) -> None:
        """Fold those records anew about which operators have decided otherwise meanwhile."""
        now = Lot(in_rows(connection), self.model.name).decided().keys()
        changed, self._decided = now ^ self._decided, now
        for stream in {stream for stream, _ in changed}:
            self._load({stream} - self._rows.keys(), connection)
            self._write_anew(connection, stream)

    def _passes(self, event: Recorded) -> bool:
        key = (event.stream, event.version)
        if key not in self._decided:
            return False
        self.passed.add(key)
        return True

    def _write(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        try:
            with connection.begin_nested():
                self._write_rows(connection, ids)
        except Exception as error:
            if database_failed(error) or self._histories is None:
                raise
            self._write_apart(connection, ids)

    def _write_rows(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        self._store.insert(connection, (self._rows[i] for i in ids if i not in self._stored))
        self._store.save(connection, (self._rows[i] for i in ids if i in self._stored))
        self._stored.update(ids)

    def _write_apart(self, connection: sa.Connection, ids: Sequence[str]) -> None:
        """Write row by row: one holds something that the database does not take."""
        check = self._store.trial(connection)
        for id_ in ids:
            try:
                check(self._rows[id_])
            except Exception as error:
                if database_failed(error):
                    raise
                self._write_anew(connection, id_)
            else:
                self._write_rows(connection, [id_])

    def _write_anew(self, connection: sa.Connection, stream: str) -> None:
        """Write the row of a record, folded from its beginning as far as the database takes it."""
        aside = [each.event for (of, _), each in self.parked.items() if of == stream]
        history = again(self._histories, stream, self._rows.pop(stream, None), aside)
        self.parked = {key: each for key, each in self.parked.items() if key[0] != stream}
        self.passed = {key for key in self.passed if key[0] != stream}
        tables.remove_row(connection, self.model, self.table, stream)
        self._changed.discard(stream)
        self._stored.discard(stream)
        folded = fold(
            self.model,
            {},
            history,
            keep_versions=False,
            histories=self._histories,
            passes=self._passes,
            check=self._store.trial(connection),
        )
        self.parked.update(folded.parked)
        self._rows.update(folded.rows)
        self._write_rows(connection, list(folded.rows))

    def _load(self, ids: set[str], connection: sa.Connection | None) -> None:
        if connection is None:
            with self._engine.execution_options(writes=False).connect() as reading:
                found = self._store.load(reading, ids)
        else:
            found = self._store.load(connection, ids)
        self._rows.update(found)
        self._stored.update(found)


class Shadows:
    """The shadows of several read models, folded together in one pass over the journal."""

    def __init__(
        self,
        engine: sa.Engine,
        models: Mapping[str, ReadModel],
        batches: Batches,
        progress: Progress | None = None,
        purpose: str = "next",
        histories: Histories | None = None,
    ) -> None:
        """Describe the shadows; nothing is made yet. One of a purpose is at work at a time."""
        self.each = [Shadow(engine, model, purpose, histories) for model in models.values()]
        self.position = 0
        self._engine = engine.execution_options(writes=True)
        self._takers = _Takers(self.each)
        self._batches = batches
        self._progress = progress

    def create(self) -> None:
        """Make the tables, empty."""
        for shadow in self.each:
            shadow.create()

    def drop(self) -> None:
        """Remove the tables."""
        for shadow in self.each:
            shadow.drop()

    def index(self) -> None:
        """Write what is in memory and make the indexes."""
        for shadow in self.each:
            shadow.index()

    def flush(self) -> None:
        """Write what is in memory."""
        for shadow in self.each:
            shadow.flush()

    def settle(self) -> None:
        """Fold those records anew about which operators have decided otherwise meanwhile."""
        for shadow in self.each:
            with self._engine.begin() as connection:
                shadow.settle(connection)

    def follow(self, connection: sa.Connection | None = None) -> int:
        """Fold what has come since; returns how many events. Rows are loaded as `Shadow` says."""
        before = self.position
        if not self.each:
            return 0
        for events in self._batches(self.position):
            if events:
                for shadow, mine in self._takers.shared(events):
                    shadow.fold(mine, connection)
                self.position = events[-1].position
                if self._progress is not None:
                    self._progress(self.position)
        return self.position - before


class _Takers(dict[str, list[list[Recorded]]]):
    """The baskets, by event type, into which the shadows that fold it are given its events."""

    def __init__(self, shadows: Sequence[Shadow]) -> None:
        super().__init__()
        self._baskets: list[tuple[Shadow, list[Recorded]]] = [(each, []) for each in shadows]

    def __missing__(self, type_: str) -> list[list[Recorded]]:
        found = [
            basket for shadow, basket in self._baskets if shadow.model.folds[type_] is not None
        ]
        self[type_] = found
        return found

    def shared(self, events: Iterable[Recorded]) -> Iterator[tuple[Shadow, list[Recorded]]]:
        """Yield each shadow that has a share in the events, with its share, in their order."""
        for event in events:
            for basket in self[event.type]:
                basket.append(event)
        for shadow, basket in self._baskets:
            if basket:
                yield shadow, basket.copy()
                basket.clear()


def _chunks(ids: Iterable[str], size: int) -> Iterable[list[str]]:
    rest = iter(sorted(ids))
    while some := list(itertools.islice(rest, size)):
        yield some


@contextmanager
def no_search_for_cycles() -> Iterator[None]:
    """Hold back Python's search for cycles: rows and events form none, and it is half the work."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
