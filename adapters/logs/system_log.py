"""The system log: what happens to the program itself, kept in a table and found again."""

from __future__ import annotations

import logging
import os
import queue
import re
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.storage.databases import connect, writing

tables = sa.MetaData()

system_log = sa.Table(
    "system_log",
    tables,
    sa.Column(
        "number",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    sa.Column("time_us", sa.BigInteger, nullable=False),
    sa.Column("level", sa.SmallInteger, nullable=False),
    sa.Column("event", sa.String(100), nullable=False),
    sa.Column("process", sa.String(100), nullable=False),
    sa.Column("source", sa.String(100), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Index("system_log_by_time", "time_us"),
    sa.Index("system_log_by_event", "event", "number"),
    sa.Index("system_log_by_level", "level", "number"),
)
"""Entries; `level` is that of Python's logging, `source` the module that says it, `data` JSON."""

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}

ALIKE = 100
"""Entries a minute of one event at one level: past it they are only counted, in one entry."""

AT_ONCE = 500
"""Entries that are written together."""

BETWEEN_PRUNINGS = 3600.0
"""Seconds between two looks for entries that are old enough to go."""

_SECRET = re.compile(r"password|passwd|secret|token|authorization|(^|_)key$", re.I)
_URL_PASSWORD = re.compile(r"(://[^\s/:@]*):[^\s/@]+@")
_KEY = re.compile(r"\bkl_[0-9A-Za-z_-]{8,}")
_OURS = ("adapters", "api", "streams", "projections", "domain", "keyline")


class SystemLog(logging.Handler):
    """Takes what is logged in this process and writes it in a thread of its own.

    In go warnings and errors of anybody and what our own code says of the course of things. Who
    logs never waits and never fails: past `capacity` entries are dropped and counted, and the
    count is an entry as soon as there is room.
    """

    def __init__(self, url: str, process: str, days: int = 180, capacity: int = 10_000) -> None:
        """Keep entries for so many days in a database; `process` names what this process is."""
        super().__init__(logging.INFO)
        self.engine = connect(url, "normal", pool_size=2)
        self.dropped = 0
        """How many entries were lost."""
        self._process = f"{process} {os.getpid()}@{socket.gethostname()}"[:100]
        self._days = days
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(capacity)
        self._alike: dict[tuple[str, int], int] = {}
        self._minute = 0.0
        self._told = 0
        self._pruned = 0.0
        self._written = threading.Condition()
        self._done = 0
        self._taken = 0
        self._thread = threading.Thread(target=self._work, name="system-log", daemon=True)

    def start(self) -> None:
        """Begin to take what is logged."""
        self._thread.start()
        logging.getLogger().addHandler(self)

    def stop(self) -> None:
        """Write what waits, for ten seconds at most, and end."""
        logging.getLogger().removeHandler(self)
        try:
            self._queue.put(None, timeout=5)
        except queue.Full:
            return
        self._thread.join(10)
        self.engine.dispose()

    def settled(self, seconds: float = 2.0) -> None:
        """Wait until what was said before is written, for at most so many seconds."""
        with self._written:
            wanted = self._taken
            self._written.wait_for(lambda: self._done >= wanted, seconds)

    def emit(self, record: logging.LogRecord) -> None:
        """Take an entry; never waits, never raises."""
        try:
            ours = record.name.partition(".")[0] in _OURS
            if threading.current_thread() is self._thread:
                return
            if record.levelno < logging.WARNING and not ours:
                return
            self._queue.put_nowait(_entry(record, self._process))
            self._taken += 1
        except queue.Full:
            self.dropped += 1
        except Exception:  # a value that cannot be shown is no reason to fail whoever logs
            self.dropped += 1

    def _work(self) -> None:
        waiting: list[dict[str, Any]] = []
        taken, ended = 0, False
        while not ended or waiting:
            if not ended and len(waiting) < AT_ONCE:
                more, ended = self._gather()
                taken += len(more)
                waiting += self._bounded(more)
            try:
                self._write(waiting)
            except sa.exc.SQLAlchemyError:
                if ended:
                    return
                time.sleep(0.5)  # what waits is written later; what has no room is counted
                continue
            waiting = []
            with self._written:
                self._done = taken
                self._written.notify_all()

    def _gather(self) -> tuple[list[dict[str, Any]], bool]:
        """Return what has come in, and whether it is to be the last."""
        found: list[dict[str, Any]] = []
        try:
            first = self._queue.get(timeout=1.0)
            while first is not None:
                found.append(first)
                if len(found) >= AT_ONCE:
                    return found, False
                first = self._queue.get_nowait()
        except queue.Empty:
            return found, False
        return found, True

    def _bounded(self, entries: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield entries, so many of a kind a minute, and how many were left out or lost."""
        now = time.monotonic()
        if now - self._minute >= 60:
            for (event, level), count in self._alike.items():
                if count > ALIKE:
                    omitted = {"omitted": event, "times": count - ALIKE}
                    yield self._own("system_log.omitted", level, omitted)
            self._alike.clear()
            self._minute = now
        for entry in entries:
            alike = (entry["event"], entry["level"])
            self._alike[alike] = self._alike.get(alike, 0) + 1
            if self._alike[alike] <= ALIKE:
                yield entry
        if self.dropped > self._told:
            lost = {"entries": self.dropped - self._told}
            self._told = self.dropped
            yield self._own("system_log.dropped", logging.WARNING, lost)

    def say(self, event: str, level: int = logging.INFO, **data: Any) -> None:
        """Enter something here alone, not in what people see on the terminal."""
        try:
            self._queue.put_nowait(self._own(event, level, _masked(data)))
            self._taken += 1
        except queue.Full:
            self.dropped += 1

    def _own(self, event: str, level: int, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "time_us": time.time_ns() // 1000,
            "level": level,
            "event": event,
            "process": self._process,
            "source": __name__,
            "data": orjson.dumps(data, default=str).decode(),
        }

    def _write(self, entries: list[dict[str, Any]]) -> None:
        prune = time.monotonic() - self._pruned > BETWEEN_PRUNINGS or not self._pruned
        if not entries and not prune:
            return
        with writing(self.engine).begin() as connection:
            if prune:
                create(connection)
                before = time.time_ns() // 1000 - self._days * 86_400_000_000
                connection.execute(system_log.delete().where(system_log.c.time_us < before))
            if entries:
                connection.execute(system_log.insert(), entries)
        if prune:
            self._pruned = time.monotonic()


def create(connection: sa.Connection) -> None:
    """Make the table if it is not there yet."""
    if connection.dialect.name == "postgresql":  # several processes may begin at once
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(0x6B65796C6F67)))
    tables.create_all(connection)


def _entry(record: logging.LogRecord, process: str) -> dict[str, Any]:
    if isinstance(record.msg, dict):
        said = {str(name): value for name, value in record.msg.items()}
        event = str(said.pop("event", ""))
    else:
        said, event = {}, record.getMessage()
    for name in ("level", "timestamp", "_record", "_from_structlog", "logger", "_logger", "_name"):
        said.pop(name, None)
    given = said.pop("exc_info", None) or record.exc_info
    if given:
        said["exception"] = _traceback(given)
    return {
        "time_us": int(record.created * 1e6),
        "level": record.levelno,
        "event": _masked_text(event)[:100],
        "process": process,
        "source": record.name[:100],
        "data": orjson.dumps(
            _masked(said | ({"text": event} if len(event) > 100 else {})),
            default=str,
            option=orjson.OPT_NON_STR_KEYS,
        ).decode(),
    }


def _traceback(given: Any) -> str:
    if given is True:
        given = sys.exc_info()
    if isinstance(given, BaseException):
        return "".join(traceback.format_exception(given))[-8000:]
    return "".join(traceback.format_exception(*given))[-8000:]


def _masked(value: Any) -> Any:
    """Return a value without the secrets that it may have in it, at any depth."""
    if isinstance(value, Mapping):
        return {
            str(name): "***" if _SECRET.search(str(name)) and inner else _masked(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(each) for each in value]
    return _masked_text(value) if isinstance(value, str) else value


def _masked_text(text: str) -> str:
    text = _KEY.sub("kl_***", _URL_PASSWORD.sub(r"\1:***@", text))
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
