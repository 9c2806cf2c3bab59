"""The warehouse file: one process owns it, one thread writes, any number read consistent states."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection

from adapters.storage.query_timeout import Patience
from adapters.warehouse.blue_green import (
    Generation,
    Generations,
    WarehouseBroken,
    WarehouseInUse,
    in_bytes,
    opened,
)
from adapters.warehouse.checking import check
from adapters.warehouse.rebuild import Remade, Remaking, rare_collections, telling
from adapters.warehouse.segments import Segments, Source
from projections.kernel.exports.exports import Sights, export
from projections.kernel.findings import Report
from projections.kernel.read_model import Histories, ReadModel, read_models
from projections.kernel.rows.shadow_tables import Progress
from projections.kernel.warehouse import parking_lot as aside
from projections.kernel.warehouse.loader import Loader, RebuildRequired
from projections.kernel.warehouse.loader import position as position_of
from projections.kernel.warehouse.refill import follow

__all__ = ["Remade", "Source", "Warehouse", "WarehouseBroken", "WarehouseInUse"]


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
        memory: str = "512MB",
        patience: Patience | None = None,
        histories: Histories | None = None,
    ) -> None:
        """Open the file, or make it.

        Args:
            path: The file. Its folder is made when it is not there.
            models: The read models whose histories are kept; by default all.
            threads: How many threads a query may use.
            memory: How much memory all of it may use before it spills to disk, as in `512MB`; a
                rebuild has half of it for the new file.
            patience: How long a reader may ask; by default without end.
            histories: Gives the history of a record of which something was recorded late.

        Raises `WarehouseInUse` and `WarehouseBroken`.
        """
        self.path = path
        self._models = read_models() if models is None else models
        self.memory_limit = in_bytes(memory)
        self._config: dict[str, Any] = {"threads": threads, "memory_limit": memory}
        self._patience = patience
        self._histories = histories
        self._writing = threading.Lock()
        self._rebuilding = threading.Lock()
        self._changed = threading.Condition()
        self._closing = False
        self._retired: list[Generation] = []
        self._coming: Generation | None = None
        self._generations = Generations(path)
        self.segments = Segments(path.parent / "segments")
        path.parent.mkdir(parents=True, exist_ok=True)
        self._current = self._open()

    @property
    def outdated(self) -> str | None:
        """The tables that another version of the code made, or the segments that are gone."""
        return self._current.outdated

    def close(self) -> None:
        """Let go of the file, once the readers are through."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closing)
            self._closing = True
            self._changed.wait_for(lambda: not self._current.readers and not self._retired)
        self._current.close()
        with self._changed:
            self._closing = False
            self._changed.notify_all()

    def position(self) -> int:
        """Return the position up to which every event is in."""
        return self._current.loader.position

    def memory(self) -> int:
        """Return the bytes of memory that are in use, of the `memory_limit` that there are."""
        with self._changed:
            found = [self._current, *self._retired, *([self._coming] if self._coming else [])]
            return sum(each.memory() for each in found if not each.leaving)

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until the warehouse has come to a position; `False` after `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: self.position() >= position, timeout)

    def load(self, rows: Iterable[Sequence[Any]]) -> int:
        """Load raw rows of the journal, in any order, with any repeats, all or nothing.

        Returns how many were new. Raises `RebuildRequired` when the file is outdated.
        """
        with self._writing:
            self._require_current()
            count = self._current.loader.load(rows)
        with self._changed:
            self._changed.notify_all()
        return count

    def parked(self) -> list[dict[str, Any]]:
        """Return what could not be taken: model, stream, version, position, error."""
        with self.reader() as cursor:
            return aside.parked(cursor)

    def passed_over(self) -> list[dict[str, Any]]:
        """Return what operators have decided to go on without, as `parked` does."""
        with self.reader() as cursor:
            return aside.passed_over(cursor)

    def retry(self, name: str, stream: str) -> int:
        """Apply the parked events of a record again; returns how many are still parked.

        What was decided about it, in the history of this name or `facts`, is taken back.
        """
        with self._writing:
            self._require_current()
            return self._current.loader.repairs.retry(name, stream)

    def skip(self, name: str, stream: str) -> int:
        """Pass over the first parked event of a record in the history of this name, or `facts`.

        Returns how many are still parked.
        """
        with self._writing:
            self._require_current()
            return self._current.loader.repairs.skip(name, stream)

    @contextmanager
    def reader(self) -> Iterator[DuckDBPyConnection]:
        """Open a cursor, for one thread, that sees one state however much is loaded meanwhile."""
        with self._held() as held, held.look(self._patience) as cursor:
            yield cursor

    @contextmanager
    def _held(self) -> Iterator[Generation]:
        with self._changed:
            self._changed.wait_for(lambda: not self._closing)
            generation = self._current
            generation.readers += 1
        try:
            yield generation
        finally:
            with self._changed:
                generation.readers -= 1
                last = generation.retired and not generation.readers
                self._changed.notify_all()
            if last:
                self._discard(generation)

    def export(
        self,
        folder: Path,
        as_of: int | None = None,
        sights: Sights | None = None,
        employee: str | None = None,
    ) -> dict[str, Any]:
        """Write an export as of a position, with `sights` for an employee; return its manifest."""
        with self.reader() as cursor:
            last = position_of(cursor)
            at = last if as_of is None else min(as_of, last)
            return export(cursor, folder, at, sights, employee)

    def rebuild(
        self, read: Source, progress: Progress | None = None, names: Collection[str] | None = None
    ) -> Remade:
        """Make the file anew beside the old one, compare the two, and put it in its place.

        The old one answers and is loaded meanwhile; who reads it at the switch keeps it, and it
        goes when the last of them leaves.

        Args:
            read: Gives all rows after a position, in batches.
            progress: Told each position that was reached.
            names: The histories to make anew, or `facts`; what another version of the code made
                comes with them, all else is copied. By default everything.
        """
        with self._rebuilding, rare_collections():
            new = self._generation(file := self._generations.following())
            self._share(new)
            work = Remaking(self._current, new, self.segments, self._models)
            try:
                compared = work.run(telling(read, progress), read, names)
                self._generations.prepare(file)
                with self._writing:
                    # What came in meanwhile; nothing is loaded into the old file any more.
                    follow(new.loader, read)
                    work.settle()
                    began = time.perf_counter()
                    self._generations.switch()
                    old = self._switch(new)
                    took = time.perf_counter() - began
            except BaseException:
                self._share(None)
                new.discard()
                raise
            self._share(None)
            if not old.readers:
                self._discard(old)
        return Remade(sorted(work.made), new.loader.position, work.sealed, compared, took)

    def check(self, read: Source, progress: Progress | None = None) -> Report:
        """Compare the file with what `read` gives, made anew beside it.

        Raises `RebuildRequired` when the file is outdated.
        """
        self._require_current()
        with self._rebuilding, rare_collections(), self._held() as used:
            fresh = self._generation(self._generations.scratch())
            self._share(fresh)
            try:
                return check(used, fresh, read, progress, self._models)
            finally:
                self._share(None)
                fresh.discard()

    def inspect(self) -> list[str]:
        """Read all segments with facts of old; return those damaged, which are then `outdated`."""
        with self._held() as generation:
            if faults := generation.inspect():
                generation.outdated = f"segments: {', '.join(faults)}"
        return faults

    def _share(self, coming: Generation | None) -> None:
        """Share the memory between the file in use and one that is being made, if there is one."""
        with self._changed:
            self._coming = coming
        together = [self._current] if coming is None else [self._current, coming]
        for each in together:
            each.allow(self.memory_limit // len(together))

    def _switch(self, new: Generation) -> Generation:
        with self._changed:
            old, self._current = self._current, new
            old.retired = True
            self._retired.append(old)
            self._changed.notify_all()
        return old

    def _discard(self, generation: Generation) -> None:
        """Remove a file that is no more in use and that nobody reads."""
        with self._changed:
            if generation.leaving:
                return
            generation.leaving = True
        self._generations.settle()
        generation.discard()
        with self._changed:
            self._retired.remove(generation)
            none_left = not self._retired
            self._changed.notify_all()
        if none_left:
            self.segments.sweep()

    def _open(self) -> Generation:
        while True:
            file = self._generations.current()
            generation = self._generation(file)
            if self._generations.current() == file:
                break
            generation.close()  # another process has switched just now
        self._generations.sweep()
        try:
            generation.loader.create()
        except RebuildRequired as error:
            generation.outdated = str(error)
        return generation

    def _generation(self, file: Path) -> Generation:
        connection = opened(file, self._config)
        loader = Loader(connection, self._models, self.segments.folder, self._histories)
        return Generation(file, connection, loader)

    def _require_current(self) -> None:
        if self.outdated:
            raise RebuildRequired(self.outdated)
