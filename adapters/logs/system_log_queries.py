"""The system log as it is read: the entries that are wanted, newest first."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.logs.system_log import LEVELS, create, system_log
from adapters.storage.databases import writing
from adapters.storage.instants import EPOCH, instant

_NAMES = {number: name for name, number in LEVELS.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are wanted: those that are all that is given.

    `level` is the least one, `event` may end in `*`, `process` is how its name begins, `text`
    occurs anywhere; `since` and `until` are inclusive.
    """

    since: datetime | None = None
    until: datetime | None = None
    level: str | None = None
    event: str | None = None
    process: str | None = None
    text: str | None = None


def entries(
    engine: sa.Engine, wanted: Wanted, below: int | None, limit: int
) -> list[dict[str, Any]]:
    """Return wanted entries, newest first, only those numbered below `below`."""
    c = system_log.c
    query = sa.select(system_log).order_by(c.number.desc()).limit(limit)
    if wanted.since is not None:
        query = query.where(c.time_us >= _microseconds(wanted.since))
    if wanted.until is not None:
        query = query.where(c.time_us <= _microseconds(wanted.until))
    if wanted.level is not None:
        query = query.where(c.level >= LEVELS[wanted.level])
    if wanted.event is not None and wanted.event.endswith("*"):
        query = query.where(c.event.startswith(wanted.event[:-1], autoescape=True))
    elif wanted.event is not None:
        query = query.where(c.event == wanted.event)
    if wanted.process is not None:
        query = query.where(c.process.startswith(wanted.process, autoescape=True))
    if wanted.text is not None:
        found = (column.icontains(wanted.text, autoescape=True) for column in (c.event, c.data))
        query = query.where(sa.or_(*found))
    if below is not None:
        query = query.where(c.number < below)
    if not sa.inspect(engine).has_table(system_log.name):
        with writing(engine).begin() as connection:
            create(connection)
    with engine.connect() as connection:
        return [_shown(row) for row in connection.execute(query)]


def _shown(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "time": instant(row.time_us),
        "number": row.number,
        "level": _NAMES.get(row.level, str(row.level)),
        "event": row.event,
        "process": row.process,
        "source": row.source,
        "data": orjson.loads(row.data),
    }


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // (instant(1) - EPOCH)
