"""The warehouse file: one process owns it, one thread writes, any number read consistent states."""

from __future__ import annotations

import gc
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from projections import warehouse
from projections.exports import Sights, exported
from projections.facts import literal
from projections.kernel import ReadModel
from projections.warehouse import Loader, RebuildRequired

Batch = Iterable[Sequence[Any]]
Source = Callable[[int], Iterable[Batch]]
"""Gives the raw rows of the journal after a position, in batches, to the end."""


class WarehouseInUse(Exception):
    """Another process has the warehouse file open."""


class WarehouseBroken(Exception):
    """The warehouse file cannot be read."""


class Warehouse:
    """The DuckDB file of facts and histories.

    `outdated` names the tables that another version of the code made, if there are any: reading
    goes on as far as it can, loading waits for a `rebuild`.
    """

    def __init__(
        self,
        path: Path,
        models: Mapping[str, ReadModel] | None = None,
        *,
        threads: int = 2,
        memory: str = "1GB",
        zone: str = "UTC",
    ) -> None:
        """Open the file, or make it.

        Args:
            path: The file. Its folder is made when it is not there.
            models: The read models whose histories are kept; by default all.
            threads: How many threads a query may use.
            memory: How much memory all queries may use before they spill to disk.
            zone: The time zone in which a moment has its day, for reports.

        Raises `WarehouseInUse` and `WarehouseBroken`.
        """
        self.path = path
        self._models = models
        self._config: dict[str, Any] = {
            "threads": threads,
            "memory_limit": memory,
            "temp_directory": str(path.with_suffix(".spill")),
            # Nothing is ever fetched from elsewhere.
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        }
        self._zone = zone
        self._writing = threading.Lock()
        self._changed = threading.Condition()
        self._readers = 0
        self._swapping = False
        path.parent.mkdir(parents=True, exist_ok=True)
        self._open()

    def close(self) -> None:
        """Let go of the file, once the readers are through."""
        with self._alone():
            self._connection.close()

    def position(self) -> int:
        """Return the position up to which every event is in."""
        return self._loader.position

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until the warehouse has come to a position; `False` after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self._loader.position >= position, timeout)

    def load(self, rows: Batch) -> int:
        """Load raw rows of the journal, in any order, with any repeats, all or nothing.

        Returns how many were new. Raises `RebuildRequired` when the file is outdated.
        """
        with self._writing:
            self._require_current()
            count = self._loader.load(rows)
        with self._changed:
            self._changed.notify_all()
        return count

    def parked(self) -> list[dict[str, Any]]:
        """Return what could not be taken: model, stream, version, position, error."""
        with self.reader() as cursor:
            return warehouse.parked(cursor)

    def retry(self) -> int:
        """Apply the parked events again; returns how many are still parked."""
        with self._writing:
            self._require_current()
            return self._loader.retry()

    def skip(self, name: str, stream: str) -> None:
        """Pass over the first parked event of a record in the history of this name."""
        with self._writing:
            self._require_current()
            self._loader.skip(name, stream)

    @contextmanager
    def reader(self) -> Iterator[DuckDBPyConnection]:
        """Open a cursor, for one thread, that sees one state however much is loaded meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: not self._swapping)
            self._readers += 1
        try:
            cursor = self._connection.cursor()
            try:
                cursor.execute(f"SET TimeZone = {literal(self._zone)}")
                cursor.begin()
                # The state is that of the first look, so it is taken at once.
                warehouse.position(cursor)
                yield cursor
            finally:
                cursor.close()
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    def export(
        self, folder: Path, as_of: int | None = None, sights: Sights | None = None
    ) -> dict[str, Any]:
        """Write all facts and histories to Parquet files, as they were at a position.

        With `sights` only what is in sight, without what is masked. Returns what `manifest.json`,
        written last, says: the position and the rows of each table.
        """
        folder.mkdir(parents=True, exist_ok=True)
        manifest = folder / "manifest.json"
        manifest.unlink(missing_ok=True)
        with self.reader() as cursor:
            position = warehouse.position(cursor)
            position = position if as_of is None else min(as_of, position)
            rows = {
                name: _export(cursor, query, folder / f"{name}.parquet")
                for name, query in exported(cursor, position, sights)
            }
        content = {"position": position, "rows": rows}
        manifest.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        return content

    def rebuild(self, read: Source, progress: Callable[[int], None] | None = None) -> None:
        """Build the file anew beside the old one, which keeps answering, and put it in its place.

        Args:
            read: Gives all rows after a position, in batches.
            progress: Told the position after each batch.
        """
        beside = self.path.with_suffix(".rebuilding")
        _remove(beside)
        connection = duckdb.connect(beside, config=self._config)
        try:
            loader = Loader(connection, self._models)
            loader.create()
            with _rare_collections():
                loader.load_all(_told(read(0), progress))
            with self._writing:
                # What came in meanwhile; nothing is loaded into the old file any more.
                loader.load_all(read(loader.position))
                connection.execute("CHECKPOINT")
                connection.close()
                with self._alone():
                    self._connection.close()
                    # A log of the old file must never meet the new one.
                    Path(f"{self.path}.wal").unlink(missing_ok=True)
                    beside.replace(self.path)
                    self._open()
        finally:
            connection.close()
            _remove(beside)
        with self._changed:
            self._changed.notify_all()

    def _open(self) -> None:
        try:
            self._connection = duckdb.connect(self.path, config=self._config)
        except duckdb.IOException as error:
            if "lock" in str(error):
                text = f"{self.path} is open in another process; one at a time can own it: {error}"
                raise WarehouseInUse(text) from error
            raise self._broken(error) from error
        except duckdb.Error as error:
            raise self._broken(error) from error
        self.outdated: str | None = None
        self._loader = Loader(self._connection, self._models)
        try:
            self._loader.create()
        except RebuildRequired as error:
            self.outdated = str(error)

    def _broken(self, error: duckdb.Error) -> WarehouseBroken:
        return WarehouseBroken(
            f"{self.path} cannot be read ({error}). All it held is in the journal: "
            "remove the file, and it is made again."
        )

    def _require_current(self) -> None:
        if self.outdated:
            raise RebuildRequired(self.outdated)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Wait until nobody reads, and let nobody begin."""
        with self._changed:
            self._changed.wait_for(lambda: not self._swapping)
            self._swapping = True
            self._changed.wait_for(lambda: self._readers == 0)
        try:
            yield
        finally:
            with self._changed:
                self._swapping = False
                self._changed.notify_all()


def _export(cursor: DuckDBPyConnection, query: str, file: Path) -> int:
    into = literal(str(file))
    count = cursor.execute(f"COPY ({query}) TO {into} (FORMAT parquet, COMPRESSION zstd)")
    return int(count.fetchall()[0][0])


def _remove(path: Path) -> None:
    for each in (path, Path(f"{path}.wal")):
        each.unlink(missing_ok=True)


def _told(batches: Iterable[Batch], progress: Callable[[int], None] | None) -> Iterator[Batch]:
    for batch in batches:
        rows = list(batch)
        yield rows
        if progress and rows:
            progress(rows[-1][0])


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for garbage less often: millions of rows hold no cycles, and looking costs a third."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
