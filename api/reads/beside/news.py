"""News: what was recorded of each row's record, and of what belongs to it, since a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from adapters.journal.history_queries import counted, position_at
from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from api.kernel.reading.read_parameters import AHEAD, invalid, moment_of
from api.reads.event_texts import Told, items, link, told_of
from projections.customers.customers import customers
from projections.kernel.belonging import OfCustomer
from projections.kernel.listed import Listed
from projections.kernel.read_model import ReadModel, Row, models_by_kind, read_models
from projections.kernel.reports.record_names import label_of
from projections.kernel.visibility.owner_index import among
from projections.kernel.visibility.row_security import narrowed

LATEST = 5
"""Events of each row that are told in words."""

PARAMETER = "changes_since"

_AN_INSTANT = timedelta(microseconds=1)
_WHO = ("actor", "actor_kind", "on_behalf_of", "on_behalf_kind")
_SAID = ("position", "time", "type", *_WHO, "sentence", "why")


class _Changed(NamedTuple):
    """A record that changed, by the position of its last event, and the row that it belongs to."""

    position: int
    id: str
    row: str


def begin_of_news(parts: Parts, since: str) -> int:
    """Return the position behind which news begin: of a day (its begin), or of an instant.

    Raises `InvalidParameter`.
    """
    moment = moment_of(since, PARAMETER)
    if moment > datetime.now(UTC) + AHEAD:
        raise invalid(PARAMETER, "This is in the future.")
    return position_at(parts.journal, moment - _AN_INSTANT)


def with_news(
    parts: Parts,
    see: Seeing,
    model: Listed,
    ids: Sequence[str],
    rows: Sequence[Row],
    stretch: tuple[int, int],
) -> list[Row]:
    """Return rows with `changes`: what was recorded behind a position, up to another.

    As far as it is in sight: of how many `records` how many `events`, the `latest` of them in
    words, and where the others are told.

    Args:
        parts: The process.
        see: What the one who asks sees.
        model: The list.
        ids: The ids of the rows.
        rows: Their fields.
        stretch: The two positions.
    """
    since, until = stretch
    found = _changed(parts, see, model, ids, since)
    events = counted(parts.journal, {each.id for each in found}, since, until)
    of_row: dict[str, list[_Changed]] = {id_: [] for id_ in ids}
    for each in sorted(found, reverse=True):
        if each.id in events:
            of_row[each.row].append(each)
    wanted = {each.id: each.row for some in of_row.values() for each in some[:LATEST]}
    latest = _latest(parts, see, wanted, since, until)
    return [
        {
            **row,
            "changes": {
                "events": sum(events[each.id] for each in of_row[id_]),
                "records": len(of_row[id_]),
                "latest": latest.get(id_, []),
                "more": _more(model, id_, since),
            },
        }
        for id_, row in zip(ids, rows, strict=True)
    ]


def _more(model: Listed, id_: str, since: int) -> str:
    record = link(model.aggregate, id_)
    digest = f"{record}/digest?from_position={since}"
    return digest if model.aggregate == customers.aggregate else f"{record}/history"


def _changed(
    parts: Parts, see: Seeing, model: Listed, ids: Collection[str], since: int
) -> list[_Changed]:
    """Return the records in sight, these and what belongs to them, that changed."""
    found: list[_Changed] = []
    with parts.rows.connect() as connection:
        dialect = connection.dialect.name
        for other, column in _belonging(model):
            if not (sight := see.sight(f"{other.aggregate}.read")):
                continue
            table = other.table
            query = sa.select(table.c.position, table.c.id, table.c[column]).where(
                among(table.c[column], ids, dialect), table.c.position > since
            )
            query = narrowed(query, other, [sight], dialect, along=True)
            found += (_Changed(*row) for row in connection.execute(query))
    return found


def _belonging(model: Listed) -> Iterator[tuple[ReadModel, str]]:
    """Yield the read models of the records, and by which column they name the row's record."""
    yield models_by_kind()[model.aggregate], "id"
    if model.aggregate == customers.aggregate:
        for other in read_models().values():
            if other is not customers and isinstance(its := other.belongs.customer, OfCustomer):
                yield other, its.column


def _latest(
    parts: Parts, see: Seeing, rows: dict[str, str], since: int, until: int
) -> dict[str, list[dict[str, Any]]]:
    """Return what happened last to records, by the rows to which they belong, newest first."""
    told: dict[str, list[Told]] = {}
    for each in told_of(parts, see, rows, until):
        if each.position > since:
            told.setdefault(rows[each.it.event.stream], []).append(each)
    chosen = [
        each
        for some in told.values()
        for each in sorted(some, key=lambda each: -each.position)[:LATEST]
    ]
    said: dict[str, list[dict[str, Any]]] = {}
    for each, item in zip(chosen, items(parts, see, chosen, until), strict=True):
        kind, id_ = each.it.event.aggregate, each.it.event.stream
        label = label_of(models_by_kind()[kind])
        about = {"kind": kind, "id": id_, "title": None if label == "id" else each.known[label]}
        words = {name: item[name] for name in _SAID}
        said.setdefault(rows[id_], []).append({**about, "record": link(kind, id_), **words})
    return said
