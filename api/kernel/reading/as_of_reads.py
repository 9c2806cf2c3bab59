"""The past: records and lists as they were known at a position, or true on a day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from adapters.journal.history_queries import histories
from adapters.warehouse.warehouse import Warehouse
from api.kernel.process import Parts
from api.kernel.reading.as_of import When
from projections.kernel.history.fold_at import fold_at
from projections.kernel.lists.duckdb_queries import compiled, past
from projections.kernel.lists.list_query import Question
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.lists.past_page import page_of_past
from projections.kernel.parking_lot import passes_by
from projections.kernel.read_model import ReadModel, Row, read_models
from projections.kernel.visibility.column_masks import masked, shown
from projections.kernel.visibility.row_security import subject_of
from projections.kernel.visibility.sealed_columns import Opener
from projections.kernel.visibility.unit_tree import Organisation
from projections.kernel.visibility.visibility import Sight
from projections.organisation.units import units


class Then(NamedTuple):
    """A moment of the past, or the present one held fast."""

    position: int
    valid_at: date | None


def pinned(parts: Parts, when: When) -> Then:
    """Return the moment that is asked for, at the last position if at none."""
    return Then(when.position or parts.journal.head().position, when.valid_at)


def units_then(
    parts: Parts, position: int | None, valid_at: date | None
) -> tuple[Collection[Row], Organisation]:
    """Return the units and the tree of them as known at a position, by default as known now.

    With `valid_at` each is as it was on that day, or as it was opened when that was later.
    """
    access = parts.guard.now() if position is None else parts.guard.at(position)
    rows = access.shelves[units.name].rows
    if valid_at is None:
        return rows.values(), access.organisation
    later = [id_ for id_, row in rows.items() if row["in_force"] > valid_at and row["version"] > 1]
    if not later:
        return rows.values(), access.organisation
    found = histories(parts.journal, later, access.position if position is None else position)
    then = {id_: fold_at(units, h, valid_at) or fold_at(units, h[:1]) for id_, h in found.items()}
    known = [then.get(id_) or row for id_, row in rows.items()]
    return known, Organisation(known)


def page_then(
    warehouse: Warehouse,
    listing: Listing,
    asked: Question,
    after: Sequence[Any] | None,
    position: int,
    opened: Opener,
    *,
    count: bool,
    valid_at: date | None = None,
) -> tuple[Page, int | None]:
    """Return a page of a list as it was at a position and, if asked, the rows of the whole list.

    With `valid_at` only what was true by that day counts, of what was known at the position.
    Raises `BadParameter` when the place `after` is not of this list.
    """
    total = None
    with warehouse.reader() as cursor:
        page = page_of_past(cursor, listing, asked, after, position, valid_at, opened)
        if count:
            query = listing.select_count(asked, past(position, valid_at), "duckdb")
            (total,) = cursor.execute(*compiled(query)).fetchall()[0]
    return page, total


def row_then(parts: Parts, model: ReadModel, id: str, then: Then, sight: Sight) -> Row | None:
    """Return the row of a record as it was, if it was in sight by where it belonged then.

    It is the fold of its history up to that moment.
    """
    found = rows_then(parts, model, [id], then, sight)
    return parts.opening.rows(model, found)[0] if found else None


def rows_then(
    parts: Parts, model: ReadModel, ids: Collection[str], then: Then, sight: Sight
) -> list[Row]:
    """Return the rows of those of some records that were in sight, still sealed."""
    rows = _folded(parts, model, ids, then)
    owners: dict[str, Row] = {}
    if model.scope.through is not None and sight.by_owner:
        column, other = model.scope.through
        above = {row[column] for row in rows.values() if row[column]}
        owners = _folded(parts, read_models()[other], above, then)
    seen = []
    for row in rows.values():
        owner = owners.get(row[model.scope.through[0]]) if model.scope.through else None
        subject = subject_of(model, row, owner)
        if model.scope.public or sight.covers(subject):
            columns = {name: row[name] for name in shown(model)}
            seen.append(masked(model, columns, sight.masked(subject)))
    return seen


def _folded(parts: Parts, model: ReadModel, ids: Collection[str], then: Then) -> dict[str, Row]:
    if not ids:
        return {}
    rows = {
        id_: fold_at(model, history, then.valid_at, passes_by(parts.rows, model.name))
        for id_, history in histories(parts.journal, ids, then.position).items()
        if history[0].aggregate == model.aggregate
    }
    return {id_: row for id_, row in rows.items() if row is not None}
