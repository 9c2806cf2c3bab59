"""Remaking a warehouse file: what goes into the new one, and how it compares with the old one."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from adapters.warehouse.blue_green import Generation
from adapters.warehouse.segments import Segments, Source
from projections.kernel.read_model import ReadModel
from projections.kernel.warehouse.comparison import Compared, compare
from projections.kernel.warehouse.loader import Loader, position
from projections.kernel.warehouse.refill import FACTS, Sealed, copyable, fill, follow, units

NEAR = 2_000
"""How many events may be left for the time when nothing else is loaded."""


@dataclass(frozen=True)
class Remade:
    """What a rebuild did: what was made anew, how far, how it compares with what was in use.

    `sealed` is the position up to which facts came from segments; `switch` the time, in seconds,
    that it took to put the new file in the place of the old one, for which nobody waited.
    """

    made: list[str]
    position: int
    sealed: int
    compared: Compared
    switch: float


class Remaking:
    """One rebuild: a new file, filled beside the one in use."""

    def __init__(
        self,
        live: Generation,
        new: Generation,
        segments: Segments,
        models: Mapping[str, ReadModel] | None,
    ) -> None:
        """Begin with a file in use and one that is empty."""
        self.made: set[str] = set()
        self.sealed = 0
        self._live, self._new = live, new
        self._segments, self._models = segments, models

    def run(self, telling: Source, read: Source, names: Collection[str] | None) -> Compared:
        """Fill the new file until it is near the one in use, which is loaded on, and compare them.

        The first reading is `telling`, the others, of what came meanwhile, need not tell.
        """
        live, new = self._live, self._new
        self.fill(telling, names)
        at = -1  # there is no more to come when the old one is of a later journal
        while at < (at := new.loader.position) < live.loader.position - NEAR:
            follow(new.loader, read)
        compared = self.compare()
        new.connection.execute("CHECKPOINT")
        return compared

    def fill(self, read: Source, names: Collection[str] | None) -> None:
        """Fill the new file: make some histories or `facts` anew, or all, and copy the rest."""
        live, new = self._live, self._new
        every = units(new.loader.names())
        with live.look() as cursor:
            known = self._loader(cursor)
            self.made = every
            if names is not None and live.loader.complete:
                gone = {FACTS} if known.faults(thorough=True) else set()
                self.made = every & (units(names) | units(known.differing()) | gone)
                with self._scratch() as scratch:
                    self.made |= {each for each in every if not copyable(cursor, scratch, each)}
            upto = None if self.made == every else position(cursor)
            sealed = self._sealed(read, upto)
            if FACTS not in self.made:
                sealed.parts = known.sealed()
            new.loader.create(sealed.parts)
            fill(new.loader, new.connection, cursor, self.made, sealed, read)
            self.sealed = sealed.position

    def settle(self) -> None:
        """Let the new file go by what operators have decided meanwhile; nothing is loaded."""
        with self._live.look() as cursor:
            self._new.loader.repairs.settle(cursor)

    def compare(self) -> Compared:
        """Compare what was made anew with what is in use, where the same is to be expected."""
        live, new = self._live, self._new
        with live.look() as before, new.look() as after:
            known = self._loader(before)
            differing = set(known.differing())
            names = [
                name
                for name in new.loader.names()
                if name not in differing and units([name]) <= self.made and not live.outdated
            ]
            # Facts in the very same files, read and proved sound just now, are the same facts.
            same = known.sealed() == new.loader.sealed()
            return compare(before, after, names, self.sealed if same else 0)

    def _loader(self, cursor: DuckDBPyConnection) -> Loader:
        """Return what knows the file in use by a cursor of ours: its own is another thread's."""
        return Loader(cursor, self._models, self._live.loader.segments)

    @contextmanager
    def _scratch(self) -> Iterator[DuckDBPyConnection]:
        """Make the tables as the code has them, empty and in memory."""
        with duckdb.connect() as connection:
            Loader(connection, self._models).create()
            yield connection

    def _sealed(self, read: Source, upto: int | None) -> Sealed:
        """Return the sealed history, sound, up to a position at most."""
        line = [s for s in self._segments.sound(read) if upto is None or s.last <= upto]
        rests = [file for segment in line if (file := segment.rest())]
        parts = [part for segment in line for part in segment.held()]
        return Sealed(line[-1].last if line else 0, parts, rests)


def telling(read: Source, progress: Callable[[int], None] | None) -> Source:
    """Return a source that tells how far it was read."""
    reached = 0

    def told(after: int) -> Iterator[Iterable[Sequence[Any]]]:
        nonlocal reached
        for batch in read(after):
            rows = list(batch)
            yield rows
            if progress and rows and rows[-1][0] > reached:
                reached = rows[-1][0]
                progress(reached)

    return told


@contextmanager
def rare_collections() -> Iterator[None]:
    """Look for garbage less often: millions of rows hold no cycles, and looking costs a third."""
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
