"""The past: lists as they were at a position, from the histories of the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from adapters.warehouse import Warehouse
from projections.duck import compiled, decoded, past
from projections.personal import Opener
from projections.queries import Listing, Page
from projections.question import Question


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
    tables = past(position, valid_at)
    query = listing.select(asked, after, tables, "duckdb")
    with warehouse.reader() as cursor:
        rows = cursor.execute(*compiled(query)).fetchall()
        total = None
        if count:
            counting = compiled(listing.select_count(asked, tables, "duckdb"))
            (total,) = cursor.execute(*counting).fetchall()[0]
    return listing.cut(asked, decoded(query, rows), opened), total
