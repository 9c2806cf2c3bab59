"""The lookback file: beside a warehouse file, walked by lists of the past; brought up behind it."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from adapters.storage.databases import connect
from projections.kernel.listed import Listed
from projections.kernel.lists.list_query import Question
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.read_model import ReadModel
from projections.kernel.visibility.sealed_columns import Opener
from projections.kernel.warehouse.bitemporal_index import (
    as_of,
    index_statements,
    table_statements,
    true_at,
)
from projections.kernel.warehouse.bitemporal_index_rows import Versions
from projections.kernel.warehouse.elements import growing
from projections.kernel.warehouse.loader import position as position_of
from projections.kernel.warehouse.parking_lot import ANEW

PATIENCE = 0.05
"""Seconds of work in a walk after which a scan of all is the better way."""

STRIDE = 10_000
"""Instructions of SQLite after which the work is looked at, a tenth of a millisecond or more."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Lookback:
    """The versions of all rows in a SQLite file, up to a position.

    All of it is in the warehouse file beside it: while it is not there yet, or not as far, or when
    a list would be a long walk, lists are made from that one, and are the same. Damaged, it is made
    anew.
    """

    def __init__(self, file: Path, models: Iterable[ReadModel]) -> None:
        """Name the file, which `open` or the first `follow` opens, and what is in it."""
        self.file = file
        self.models = sorted(models, key=lambda model: model.name)
        self._engine: sa.Engine | None = None
        self._writer: sqlite3.Connection | None = None
        self._following = threading.Lock()
        self._damaged = False
        self.position = 0
        """Up to where every version is in."""
        statements = [s for m in self.models for s in (*table_statements(m), *index_statements(m))]
        shapes = [model.fingerprint for model in self.models]
        self._digest = sha256("\n".join([*statements, *shapes]).encode()).hexdigest()

    def open(self, position: int) -> None:
        """Use the file if there is one that belongs to a warehouse at this position.

        One that is further, damaged, or of another version of the code is removed.
        """
        if not self.file.exists():
            return
        try:
            self._begin()
            ((known, digest),) = self._run("SELECT position, digest FROM progress")
            if digest == self._digest and known <= position:
                self.position = known
                return
        except (sqlite3.Error, ValueError):
            pass
        self.close()
        remove(self.file)

    def close(self) -> None:
        """Let go of the file."""
        self.position, self._damaged = 0, False
        if self._engine is not None:
            self._engine.dispose()
        if self._writer is not None:
            self._writer.close()
        self._engine = self._writer = None

    def follow(self, cursor: DuckDBPyConnection, going: Callable[[], object] = bool) -> None:
        """Bring over what the warehouse has, seen in one state; `going` may raise to end it."""
        with self._following:
            try:
                self._follow(cursor, going)
            except sqlite3.DatabaseError as error:
                self._damaged |= _code(error) in _DAMAGED
                raise

    def _follow(self, cursor: DuckDBPyConnection, going: Callable[[], object]) -> None:
        position, seen = position_of(cursor), 0
        query = "SELECT position FROM store.healed ORDER BY rowid"
        healed = [each for (each,) in cursor.execute(query).fetchall()]
        if self._writer is not None and not self._damaged:
            ((seen,),) = self._run("SELECT healed FROM progress")
            self._damaged = ANEW in healed[seen:]  # so rare that it is not worth a way of its own
        if self._damaged:
            self.close()
            remove(self.file)
        if self._writer is None:
            if position:
                self._make(cursor, position, len(healed), going)
            return
        after = min([self.position, *(each - 1 for each in healed[seen:])])
        if position <= self.position == after:
            return
        self._run("BEGIN IMMEDIATE")
        try:
            self._bring(self._writer, cursor, after, going)
            self._run("UPDATE progress SET position = ?, healed = ?", [position, len(healed)])
            self._run("COMMIT")
        except BaseException:
            if self._writer.in_transaction:
                self._run("ROLLBACK")
            raise
        self.position = position

    def page(
        self,
        listing: Listing,
        asked: Question,
        after: Sequence[Any] | None,
        opened: Opener,
        position: int,
        valid_at: date | None = None,
    ) -> Page | None:
        """Return a page of a list as it was at a position, and on a day.

        `None` when the position is not reached yet, the walk would be too long, or a list on the
        page is. Raises `BadParameter` when the place `after` is not of this list.
        """
        engine = self._engine
        if engine is None or self._damaged or not 0 < position <= self.position:
            return None
        moment: dict[str, Any] = {"point": position}
        if valid_at is not None:
            moment["day"] = valid_at
        tables = as_of if valid_at is None else true_at
        try:
            with engine.connect() as connection:
                driver: Any = connection.connection.driver_connection
                end = time.thread_time() + PATIENCE
                driver.set_progress_handler(lambda: time.thread_time() > end, STRIDE)
                page = listing.page(connection, asked, after, opened, tables, moment)
                return None if self._wants_lists(listing.model, page) else page
        except sa.exc.DatabaseError as error:
            code = _code(error.orig)
            self._damaged |= code in _DAMAGED
            if not self._damaged and code != sqlite3.SQLITE_INTERRUPT:
                raise
            return None

    @staticmethod
    def _wants_lists(model: Listed, page: Page) -> bool:
        """Tell whether a long list would be on the page: the warehouse alone has these."""
        lists = growing(model)
        return any(name in row and row[name] is None for row in page.items for name in lists)

    def _begin(self) -> None:
        self._engine = connect(f"sqlite:///{self.file}", "normal")
        self._writer = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
        self._run("PRAGMA journal_mode = WAL")
        self._run("PRAGMA synchronous = normal")
        self._run("PRAGMA cache_size = -65536")

    def _make(
        self,
        cursor: DuckDBPyConnection,
        position: int,
        healed: int,
        going: Callable[[], object],
    ) -> None:
        """Make the file, aside, without the indexes at first: so it takes a quarter of the time."""
        aside = self.file.with_name(f"{self.file.name}.new")
        remove(aside)
        made = sqlite3.connect(aside, isolation_level=None)
        try:
            made.execute("PRAGMA journal_mode = off")
            made.execute("PRAGMA synchronous = off")
            made.execute("PRAGMA cache_size = -65536")
            made.execute("BEGIN")
            for model in self.models:
                for statement in table_statements(model):
                    made.execute(statement)
            self._bring(made, cursor, 0, going)
            for model in self.models:
                for statement in index_statements(model):
                    going()
                    made.execute(statement)
            made.execute("CREATE TABLE progress (position INTEGER, healed INTEGER, digest TEXT)")
            made.execute("INSERT INTO progress VALUES (?, ?, ?)", [position, healed, self._digest])
            made.execute("COMMIT")
            made.execute("PRAGMA analysis_limit = 1000")
            made.execute("ANALYZE")
        except BaseException:
            made.close()
            remove(aside)
            raise
        made.close()
        with aside.open("rb") as written:
            os.fsync(written.fileno())
        aside.replace(self.file)
        self._begin()
        self.position = position

    def _bring(
        self,
        into: sqlite3.Connection,
        cursor: DuckDBPyConnection,
        after: int,
        going: Callable[[], object],
    ) -> None:
        def run(statement: str, rows: list[tuple[Any, ...]]) -> None:
            going()
            into.executemany(statement, rows)

        for model in self.models:
            versions = Versions(model)
            if versions.changed(cursor, after):
                versions.bring(cursor, after, run)

    def _run(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        assert self._writer is not None
        return self._writer.execute(statement, values).fetchall()


def _code(error: BaseException | None) -> int:
    """Return SQLite's code for what went wrong, without its details."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def remove(file: Path) -> None:
    """Remove a lookback file with its log, and what was to become one."""
    for end in ("", "-wal", "-shm", ".new"):
        Path(f"{file}{end}").unlink(missing_ok=True)
