"""Reads: the entries of the operation log by which somebody may have been told of a record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any, Literal, NamedTuple
from urllib.parse import parse_qs

import sqlalchemy as sa

from adapters.commands.access_cache import Guard
from adapters.commands.past_ownership import belonging
from adapters.journal.history_queries import position_at
from adapters.journal.journal import Journal
from adapters.logs.operation_log import ENTRY, as_seen, entry, in_sight
from adapters.storage.journal_tables import events, operations
from domain.kernel.aggregate import discover
from projections.kernel.read_model import read_models
from projections.kernel.reports.report import reports
from projections.kernel.summary import listed
from projections.kernel.visibility.visibility import Party, Sight, Subject
from projections.permissions.access_control import PUBLIC, Access

AT_ONCE = 500
"""Reads that are looked at for one page at most."""

BEFORE = timedelta(seconds=10)
"""How long before its entry a read may have been let in: entries gather, and may have to wait."""

_OF_NO_RECORD = frozenset(
    {
        *("me", "me.permissions", "permissions", "reports", "proof.head", "proof.keys"),
        *("proof.consistency", "proof.verifier", "access.who", "access.why", "access.seen"),
        "event.ticket",
    }
)


class Began(NamedTuple):
    """What a record is, and where and when its history begins."""

    kind: str
    position: int
    time_us: int


class Page(NamedTuple):
    """Reads that may have told of a record, newest first, and the last number that was looked at.

    That is `None` when there are no more.
    """

    items: list[dict[str, Any]]
    reached: int | None


def began(journal: Journal, record: str) -> Began | None:
    """Return what a record is and where it begins, `None` when there is no such record."""
    query = sa.select(events.c.type, events.c.position, events.c.time_us)
    query = query.where(events.c.stream == record, events.c.version == 1)
    with journal.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else Began(row.type.partition(".")[0], row.position, row.time_us)


def reads_of(
    journal: Journal,
    guard: Guard,
    record: str,
    begin: Began,
    sight: Sight,
    below: int | None,
    limit: int,
) -> Page:
    """Return the reads that may have told of a record, of those in sight, numbered below `below`.

    Each says `how`: `direct`, it asked for the record; `listed`, its answer named it; `covered`,
    its answer may have had it, for it told of such records as of a position at which this one was
    there, and whoever asked saw it. What a list was filtered by is not looked at.
    """
    number, column = operations.c.number, operations.c
    wanted = [column.kind == "read", column.accepted, column.status < 300, *in_sight(sight)]
    query = ENTRY.where(*wanted, column.time_us >= begin.time_us).order_by(number.desc())
    if below is not None:
        query = query.where(number < below)
    with journal.engine.connect() as connection:
        looked = [entry(row) for row in connection.execute(query.limit(AT_ONCE))]
    hows = {each["number"]: _how(each, record, begin) for each in looked}
    covered = _Coverage(journal, guard, record, begin.kind)
    asked = [each for each in looked if hows[each["number"]] == "covered"]
    seen = covered.those(asked)
    found = []
    for each in looked:
        how = hows[each["number"]]
        if how is None or (how == "covered" and each["number"] not in seen):
            continue
        found.append({**as_seen(each, sight), "how": how})
        if len(found) == limit and each is not looked[-1]:
            return Page(found, each["number"])
    return Page(found, looked[-1]["number"] if len(looked) == AT_ONCE else None)


def _how(
    read: dict[str, Any], record: str, begin: Began
) -> Literal["direct", "listed", "covered"] | None:
    """Return how a read may have told of a record, as far as its entry says."""
    if read["target"] == record:
        return "direct"
    if read["targets"] is not None:
        return "listed" if record in read["targets"].split() else None
    if read["rows"] == 0 or (read["position"] or begin.position) < begin.position:
        return None
    return "covered" if _tells(read["command"], read["query"] or "", begin.kind) else None


def _tells(command: str, query: str, kind: str) -> bool:
    """Tell whether what was asked may tell of records of a kind other than the one it names."""
    of, _, what = command.rpartition(".")
    if command.startswith("reports."):
        return kind in _behind(command.split(".")[1])
    path, _, asked = query.partition("?")
    if path in ("/events", "/events/page"):
        given = parse_qs(asked)
        types = [each for some in given.get("type", ()) for each in some.split(",")]
        kinds = {each.partition(".")[0] for each in (*given.get("aggregate", ()), *types)}
        return "stream" not in given and (not kinds or kind in kinds)
    if of and what in ("list", "export", "read", "history"):
        return what in ("list", "export") and kind in _told_by(of)
    return command not in _OF_NO_RECORD


@cache
def _told_by(row: str) -> tuple[str, ...]:
    """Return the kinds of records that the rows of a list tell of; they are called `row`."""
    found = next((each for each in listed().values() if each.kind == row), None)
    return (row,) if found is None else found.kinds


@cache
def _behind(report: str) -> frozenset[str]:
    """Return the kinds of records on which the figures of a report depend."""
    found = reports().get(report)
    if found is None:  # one that there is no more may have told of anything
        return frozenset(discover().aggregates)
    names = [found.records, *(name for name, _ in found.behind.values())]
    return frozenset(read_models()[name].aggregate for name in names)


class _Coverage:
    """Whether those who asked saw a record, by what held when they did."""

    def __init__(self, journal: Journal, guard: Guard, record: str, kind: str) -> None:
        self._journal = journal
        self._guard = guard
        self._kind = kind
        self._where = cache(lambda position: belonging(journal, record, position))

    def those(self, reads: Iterable[dict[str, Any]]) -> set[int]:
        """Return the numbers of those reads whose askers saw the record."""
        moments = {
            read["number"]: [
                position_at(self._journal, at) for at in (read["time"] - BEFORE, read["time"])
            ]
            for read in reads
        }
        positions = sorted({each for both in moments.values() for each in both if each})
        access = dict(self._guard.along(positions))
        return {
            read["number"]
            for read in reads
            for position in moments[read["number"]]
            if position and self._saw(read, access[position], position)
        }

    def _saw(self, read: dict[str, Any], access: Access, position: int) -> bool:
        of_report = read["command"].startswith("reports.")
        permission = "report.read" if of_report else f"{self._kind}.read"
        kind, who, behalf = (read[each] for each in ("actor_kind", "actor", "on_behalf_of"))
        if permission in PUBLIC or (kind in ("system", "operator") and behalf is None):
            return True
        party = Party(None, key=who)
        if kind != "key":
            deputy = kind == "person"
            party = Party(who, on_behalf_of=behalf) if deputy else Party(behalf)
        sight = access.sight(party, permission, read["time"])
        return sight.whole or any(
            sight.covers(subject) for subject in self._subjects(read["position"], position)
        )

    def _subjects(self, *positions: int | None) -> Iterator[Subject]:
        """Yield where the record belonged at some positions."""
        for position in dict.fromkeys(positions):
            found = None if position is None else self._where(position)
            if found is not None:
                yield found.subject
