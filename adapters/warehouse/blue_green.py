"""Generations: the files that are the warehouse in turn, and which of them is it now."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from duckdb import DuckDBPyConnection

from adapters.refusals import WarehouseOutdated
from adapters.storage.query_timeout import Patience
from projections.kernel.warehouse.loader import Loader, position

_BROKEN = (
    "{} cannot be read ({}). All it held is in the journal: remove the file, and it is made again."
)


_ALWAYS: dict[str, Any] = {
    # Nothing is ever fetched from elsewhere.
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    # What a load or a question took goes back at once, not when it is 128 MB.
    "allocator_flush_threshold": "4MB",
    "allocator_bulk_deallocation_flush_threshold": "4MB",
}


class WarehouseInUse(Exception):
    """Another process has the warehouse file open."""


class WarehouseBroken(Exception):
    """The warehouse file cannot be read."""


@dataclass
class Generation:
    """An open file of the warehouse and how many read it; `retired` when another one is in use."""

    file: Path
    connection: DuckDBPyConnection
    loader: Loader
    outdated: str | None = None
    readers: int = 0
    retired: bool = False
    leaving: bool = False

    @contextmanager
    def look(self, patience: Patience | None = None) -> Iterator[DuckDBPyConnection]:
        """Open a cursor, for one thread, that sees one state.

        Raises `QuestionTooLong` and `QuestionTooLarge` when there is a `patience` with it, and
        `WarehouseOutdated` when what is asked for was not there in the version that made the file.
        """
        cursor = self.connection.cursor()
        try:
            cursor.execute("SET TimeZone = 'UTC'")
            cursor.begin()
            # The state is that of the first look, so it is taken at once.
            position(cursor)
            with nullcontext() if patience is None else patience.warehouse(cursor):
                yield cursor
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            if self.outdated is None:
                raise
            raise WarehouseOutdated("Another version made it; try again shortly.") from error
        finally:
            cursor.close()

    def inspect(self) -> list[str]:
        """Read all segments with facts of old; return those damaged."""
        with self.look() as cursor:
            return Loader(cursor, {}, self.loader.segments).faults(thorough=True)

    def memory(self) -> int:
        """Return the bytes of memory that its database takes."""
        cursor = self.connection.cursor()
        query = "SELECT sum(memory_usage_bytes) FROM duckdb_memory()"
        return int(cursor.execute(query).fetchall()[0][0])

    def allow(self, memory: int) -> None:
        """Let it have so many bytes of memory, unless it needs more just now."""
        with suppress(duckdb.OutOfMemoryException):
            self.connection.execute(f"SET memory_limit = '{memory}B'")

    def close(self) -> None:
        """Let go of the file."""
        self.connection.close()

    def discard(self) -> None:
        """Let go of the file and remove it."""
        self.close()
        remove(self.file)


def opened(file: Path, config: dict[str, Any]) -> DuckDBPyConnection:
    """Open a file of a warehouse. Raises `WarehouseInUse` and `WarehouseBroken`."""
    pa.set_memory_pool(pa.system_memory_pool())  # Arrow's own keep what they once had
    try:
        return duckdb.connect(
            file, config={**config, **_ALWAYS, "temp_directory": str(spill(file))}
        )
    except duckdb.IOException as error:
        if "lock" in str(error):
            text = f"{file} is open in another process; one at a time can own it: {error}"
            raise WarehouseInUse(text) from error
        raise WarehouseBroken(_BROKEN.format(file, error)) from error
    except duckdb.Error as error:
        raise WarehouseBroken(_BROKEN.format(file, error)) from error


class Generations:
    """Names the files: `warehouse.duckdb`, then `warehouse.1.duckdb`, and so on.

    Which one is in use stands in `warehouse.current`; while there is none, the first is.
    """

    def __init__(self, path: Path) -> None:
        """Look after the files of a warehouse; `path` is the first one's."""
        self._path = path
        self._pointer = path.with_suffix(".current")

    def current(self) -> Path:
        """Return the file in use."""
        try:
            name = self._pointer.read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return self._path
        return self._path.with_name(name)

    def following(self) -> Path:
        """Return the name for the next file, of which nothing is there."""
        number = self._number(self.current()) + 1
        file = self._path.with_name(f"{self._path.stem}.{number}{self._path.suffix}")
        remove(file)
        return file

    def scratch(self) -> Path:
        """Return the name for a file that is never put in use, of which nothing is there."""
        file = self._path.with_name(f"{self._path.stem}.check{self._path.suffix}")
        remove(file)
        return file

    def prepare(self, file: Path) -> None:
        """Make ready to switch to another file, which takes the disk its time."""
        with self._beside().open("w", encoding="utf-8") as text:
            text.write(f"{file.name}\n")
            text.flush()
            os.fsync(text.fileno())

    def switch(self) -> None:
        """Make the file that was prepared the one in use, in one step."""
        self._beside().replace(self._pointer)

    def settle(self) -> None:
        """Make sure that the switch outlives a crash: what was in use before may go now."""
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def sweep(self) -> None:
        """Remove the files not in use, which a crash left. For the owner of the one in use.

        With them go those of former versions, which kept an index of the past beside each file.
        """
        used = self.current()
        self.scratch()
        for file in self._path.parent.glob(f"{self._path.stem}*.lookback*"):
            file.unlink(missing_ok=True)
        for file in self._path.parent.glob(f"{self._path.stem}*{self._path.suffix}"):
            if file != used and (file == self._path or self._number(file)):
                remove(file)

    def _beside(self) -> Path:
        return self._pointer.with_suffix(".current.new")

    def _number(self, file: Path) -> int:
        number = file.name.removeprefix(f"{self._path.stem}.").removesuffix(self._path.suffix)
        return int(number) if number.isdecimal() else 0


def current_file(path: Path) -> Path:
    """Return the file that is in use of the warehouse of this name."""
    return Generations(path).current()


def in_bytes(memory: str) -> int:
    """Return a size like `512MB` or `2GB` in bytes, as DuckDB understands it."""
    return int(memory[:-2]) * {"MB": 10**6, "GB": 10**9}[memory[-2:]]


def spill(file: Path) -> Path:
    """Return the folder for what does not fit into memory when a file is read."""
    return file.with_suffix(".spill")


def remove(file: Path) -> None:
    """Remove a file of a warehouse with its log and what was spilled."""
    for each in (file, Path(f"{file}.wal")):
        each.unlink(missing_ok=True)
    shutil.rmtree(spill(file), ignore_errors=True)
