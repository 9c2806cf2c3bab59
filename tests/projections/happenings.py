"""Raw rows of the journal without a journal: from golden histories, plays and live records."""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from domain.kernel.aggregate import (
    Aggregate,
    Recorded,
    RuleViolation,
    discover,
    from_stored,
    to_stored,
)
from domain.kernel.time.replay import evolve, taken
from projections.kernel.read_model import Histories
from tests.domain.play import Step, run
from tests.domain.replay import goldens, history

Raw = tuple[Any, ...]

KINDS = tuple(sorted(discover().aggregates))
START = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)


class Ledger:
    """Gives facts their positions and times, as the journal does."""

    def __init__(self) -> None:
        self.rows: list[Raw] = []

    @property
    def _next(self) -> datetime:
        return START + timedelta(minutes=7 * (len(self.rows) + 1))

    def add(self, stream: str, version: int, type_: str, schema: int, data: bytes | str) -> None:
        """Add a stored fact, seven minutes after the one before."""
        position = len(self.rows) + 1
        time_us = round(self._next.timestamp() * 1_000_000)
        envelope = ("he.li", "gd-gz", f"c-{position}", None, None)
        text = data.decode() if isinstance(data, bytes) else data
        place = (position, stream, version, type_, schema, time_us)
        self.rows.append((*place, *envelope, text, None, "person"))

    def record(self, aggregate: Any) -> None:
        """Add what a record has stated and not handed over yet."""
        for fact in taken(aggregate, self._next):
            stored = to_stored(fact)
            self.add(stored.stream, stored.version, stored.type, stored.schema, stored.data)


def golden_rows() -> list[Raw]:
    """Return the golden histories of all aggregates, one event of each in turn."""
    ledger = Ledger()
    stories = [history(kind, life) for kind in KINDS for life in range(len(goldens(kind)))]
    for turn in range(max(map(len, stories))):
        for story in stories:
            if turn < len(story):
                stream, version, type_, schema, _, data = story[turn]
                ledger.add(stream, version, type_, schema, data)
    return ledger.rows


def played(lives: Sequence[tuple[type[Aggregate], tuple[int, list[Step]]]]) -> list[Raw]:
    """Return what records of different kinds state as their commands come in turn."""
    ledger = Ledger()
    records: list[Any] = []
    for aggregate, (begin, _) in lives:
        past = history(aggregate.kind)[:begin]
        for stream, version, type_, schema, _, data in past:
            ledger.add(stream, version, type_, schema, data)
        records.append(evolve(None, past))
    for turn in range(max(len(steps) for _, (_, steps) in lives)):
        for index, (aggregate, (_, steps)) in enumerate(lives):
            if turn < len(steps) and (turn == 0 or records[index] is not None):
                _act(ledger, records, index, aggregate, steps[turn])
    return ledger.rows


def _act(
    ledger: Ledger, records: list[Any], index: int, aggregate: type[Aggregate], step: Step
) -> None:
    command, body = step
    try:
        made = run(command, records[index] or aggregate, body)
    except RuleViolation:
        return
    records[index] = records[index] or made
    ledger.record(records[index])


def recorded(rows: Iterable[Raw]) -> list[Recorded]:
    """Return raw rows as events."""
    return [
        Recorded(
            position=row[0],
            stream=row[1],
            version=row[2],
            type=row[3],
            schema=row[4],
            time=datetime.fromtimestamp(row[5] / 1_000_000, UTC),
            actor=row[6],
            unit=row[7],
            command_id=row[8],
            on_behalf_of=row[9],
            cause=row[10],
            data=from_stored(row[3], row[4], row[11]),
            on_behalf_kind=row[12],
            actor_kind=row[13],
        )
        for row in rows
    ]


def told(rows: Sequence[Raw]) -> Histories:
    """Return what gives the history of one record among raw rows."""

    def history(stream: str, upto: int) -> list[Recorded]:
        mine = [row for row in rows if row[1] == stream and row[0] <= upto]
        return recorded(sorted(mine, key=lambda row: row[2]))

    return history


def altered(row: Raw, **values: Any) -> Raw:
    """Return a raw row with other values in some columns; `data` is given as an object."""
    names = ("position", "stream", "version", "type", "schema", "time_us")
    envelope = ("actor", "unit", "command_id", "on_behalf_of", "cause", "data")
    kinds = ("on_behalf_kind", "actor_kind")
    changed = dict(zip((*names, *envelope, *kinds), row, strict=True)) | values
    if "data" in values:
        changed["data"] = json.dumps(values["data"])
    return tuple(changed.values())
