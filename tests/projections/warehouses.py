"""Warehouses in memory: raw rows of the journal for them, and lists of the past as read."""

from datetime import date
from typing import Any

import orjson
from duckdb import DuckDBPyConnection

from domain.kernel.aggregate import Recorded
from projections.kernel.lists.list_query import Question
from projections.kernel.lists.listing import Listing
from projections.kernel.lists.past_page import page_of_past
from projections.kernel.read_model import Row


def raw(event: Recorded) -> tuple[Any, ...]:
    """Return an event as a raw row of the journal."""
    micros = round(event.time.timestamp() * 1_000_000)
    return (
        *(event.position, event.stream, event.version, event.type, 1, micros, event.actor),
        *(event.unit, event.command_id, None, None, orjson.dumps(event.data).decode()),
        *(None, event.actor_kind),
    )


def walked(
    warehouse: DuckDBPyConnection,
    listing: Listing,
    asked: Question,
    position: int,
    valid_at: date | None = None,
) -> list[Row]:
    """Return a whole list as it was, read page by page."""
    found, place = list[Row](), None
    while True:
        page = page_of_past(warehouse, listing, asked, place, position, valid_at)
        assert page.next != place or place is None, "the same page again"
        found += page.items
        place = page.next
        if place is None:
            return found
