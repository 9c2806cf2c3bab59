"""Past pages: where their rows are, found by a few columns of each table, then no more than these.

DuckDB keeps columns apart: to look at all of those of a million rows takes ten times as long as to
look at what a list is filtered and sorted by.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from projections.kernel.lists.duckdb_queries import compiled, decoded, historic, past
from projections.kernel.lists.list_query import Question
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.visibility.row_security import Tables
from projections.kernel.visibility.sealed_columns import Opener, as_sealed
from projections.kernel.warehouse.elements import Elements
from projections.kernel.warehouse.moments import LATEST, latest, parts

_PLACE = "rowid"
"""The column by which DuckDB finds a row of a table at once."""


def page_of_past(
    cursor: DuckDBPyConnection,
    listing: Listing,
    asked: Question,
    after: Sequence[Any] | None,
    position: int,
    valid_at: date | None = None,
    opened: Opener = as_sealed,
) -> Page:
    """Return a page of a list as it was at a position.

    Args:
        cursor: The warehouse, seen in one state.
        listing: The list.
        asked: Filters, order, fields.
        after: The place behind which the page begins.
        position: The position.
        valid_at: The day of which the rows were true; by default they are those of the position.
        opened: Opens what is sealed in the rows, for who may see it.

    Raises `BadParameter` when the place is not of this list.
    """
    if isinstance(listing.model, ReadModel):
        rows = _Search(cursor, listing, listing.model, asked, position, valid_at).rows(after)
    else:  # a summary has no tables of its own
        query = listing.select(asked, after, past(position, valid_at), "duckdb")
        rows = decoded(query, cursor.execute(*compiled(query)).fetchall())
    return listing.cut(asked, rows, opened)


class _Search:
    """The search for the rows of a page in the tables of a history."""

    def __init__(
        self,
        cursor: DuckDBPyConnection,
        listing: Listing,
        model: ReadModel,
        asked: Question,
        position: int,
        valid_at: date | None,
    ) -> None:
        self._cursor, self._listing, self._model, self._asked = cursor, listing, model, asked
        self._position, self._valid_at = position, valid_at
        self._others = past(position, valid_at)
        self._elements = Elements(model)

    def rows(self, after: Sequence[Any] | None) -> list[Row]:
        """Return the rows behind a place, in their order, and one more if there are more."""
        query = self._places(after)
        found = self._cursor.execute(*compiled(query)).fetchall()
        by_source: dict[str, list[int]] = {}
        for source, place, *_ in found:
            by_source.setdefault(source, []).append(place)
        rows = {
            (source, row.pop(_PLACE)): row
            for source, places in by_source.items()
            for row in self._fetched(source, places)
        }
        return [rows[source, place] for source, place, *_ in found]

    def _places(self, after: Sequence[Any] | None) -> sa.Select[Any]:
        """Return the query for the tables and the numbers in these of the rows of the page."""
        name, asked, day = self._model.name, self._asked, self._valid_at
        kept = [f"past_{name}", *([f"long_{name}"] if self._has_some("long") else [])]
        late = day is not None and self._has_some("revised")
        finds = []
        for source, condition in parts(name, kept, self._position, day, late=late):
            table = self._table(source)
            # All conditions stand beside one another: DuckDB looks at them as it reads the table.
            query = self._listing.select(asked, after, self._tables(table), "duckdb")
            query = query.where(sa.text(condition)).with_only_columns(
                sa.literal_column(f"'{source}'").label("source"),
                *(table.c[each] for each in (_PLACE, *(column for column, _ in asked.order))),
            )
            finds.append(sa.select(*query.subquery().c))
        union = sa.union_all(*finds).subquery()
        found = self._listing.in_order(asked, sa.select(*union.c), union.c, "duckdb")
        if late and day is not None:
            states = sa.text(latest(name, kept, self._position, day)).columns(sa.column("row"))
            found = found.add_cte(states.cte(LATEST).prefix_with("MATERIALIZED"))
        return found.limit(asked.limit + 1)

    def _fetched(self, source: str, places: list[int]) -> list[Row]:
        these = f"{_PLACE} IN (SELECT unnest([{', '.join(map(str, places))}]))"
        table: sa.FromClause = self._table(source)
        if source.startswith("long_"):
            rows = f"(SELECT *, {_PLACE} FROM store.{source} WHERE {these})"
            whole = sa.text(self._elements.whole(rows)).columns(*table.c)
            table, these = whole.subquery(self._model.name), "true"
        query = self._listing.rows(self._asked, self._tables(table), "duckdb")
        query = query.add_columns(table.c[_PLACE]).where(sa.text(these))
        return decoded(query, self._cursor.execute(*compiled(query)).fetchall())

    def _table(self, source: str) -> sa.FromClause:
        columns = [*historic(self._model), sa.column(_PLACE, sa.BigInteger)]
        return sa.table(source, *columns, schema="store").alias(self._model.name)

    def _tables(self, ours: sa.FromClause) -> Tables:
        """Return a table of our own for the rows of the list, and for others all that there was."""
        return lambda model: ours if model is self._model else self._others(model)

    def _has_some(self, kind: str) -> bool:
        if kind == "long" and not self._elements.columns:
            return False
        query = f"SELECT 1 FROM store.{kind}_{self._model.name} LIMIT 1"
        return bool(self._cursor.execute(query).fetchall())
