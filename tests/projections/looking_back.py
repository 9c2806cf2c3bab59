"""A lookback in memory, brought up from a warehouse in memory: for tests of what is in it."""

import sqlite3
from collections.abc import Iterable
from datetime import date
from typing import Any

import orjson
import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from domain.kernel.aggregate import Recorded
from projections.kernel.lists.list_query import Question, Values
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.warehouse.bitemporal_index import (
    as_of,
    index_statements,
    table_statements,
    true_at,
)
from projections.kernel.warehouse.bitemporal_index_rows import Versions


class Memory:
    """The versions of the rows of some read models, in a SQLite database in memory."""

    def __init__(self, models: Iterable[ReadModel]) -> None:
        self.models = list(models)
        self._engine = sa.create_engine("sqlite://", poolclass=sa.pool.StaticPool)
        self.connection = self._engine.connect()
        driver = self.connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._driver = driver
        for model in self.models:
            for statement in (*table_statements(model), *index_statements(model)):
                driver.execute(statement)

    def bring(self, warehouse: DuckDBPyConnection, after: int = 0) -> None:
        """Bring over what a warehouse has behind a position."""
        for model in self.models:
            versions = Versions(model)
            if versions.changed(warehouse, after):
                versions.bring(warehouse, after, self._driver.executemany)

    def page(
        self,
        listing: Listing,
        asked: Question,
        after: Values | None,
        position: int,
        valid_at: date | None = None,
    ) -> Page:
        """Return a page of a list as it was."""
        tables = as_of if valid_at is None else true_at
        point = moment(position, valid_at)
        return listing.page(self.connection, asked, after, tables=tables, moment=point)

    def walk(
        self, listing: Listing, asked: Question, position: int, valid_at: date | None = None
    ) -> list[Row]:
        """Return a whole list as it was, read page by page."""
        found, place = list[Row](), None
        while True:
            page = self.page(listing, asked, place, position, valid_at)
            found += page.items
            place = page.next
            if place is None:
                return found

    def close(self) -> None:
        """Let go of it."""
        self.connection.close()
        self._engine.dispose()


def raw(event: Recorded) -> tuple[Any, ...]:
    """Return an event as a raw row of the journal."""
    micros = round(event.time.timestamp() * 1_000_000)
    return (
        *(event.position, event.stream, event.version, event.type, 1, micros, event.actor),
        *(event.unit, event.command_id, None, None, orjson.dumps(event.data).decode()),
        *(None, event.actor_kind),
    )


def moment(position: int, valid_at: date | None = None) -> dict[str, Any]:
    """Return the parameters of a query of the past."""
    return {"point": position} | ({} if valid_at is None else {"day": valid_at})
