"""Lists of any read model: filtered, sorted, paged by place, counted; as of now or of the past."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from projections.kernel.columns import Json
from projections.kernel.full_text import frequent, matches
from projections.kernel.listed import Listed
from projections.kernel.lists.list_filters import Filter, condition, through
from projections.kernel.lists.list_query import Question, Values, place
from projections.kernel.lists.page_rows import Streamed, Together
from projections.kernel.lists.point_in_time import Asking
from projections.kernel.lists.stretches import stretches
from projections.kernel.read_model import Row
from projections.kernel.visibility.column_masks import MASKED, shown
from projections.kernel.visibility.row_security import (
    Tables,
    lens_for,
    lens_of,
    narrowed,
    off_index,
    the_table,
)
from projections.kernel.visibility.sealed_columns import SEALED, Opener, as_sealed
from projections.kernel.visibility.summed_sight import where_seen
from projections.kernel.visibility.visibility import Sight, Sights

LISTED = 10_000
"""From how many elements of lists in its rows on, contacts for instance, a page ends."""

_MANY = 5_000
"""From how many rows on a word is frequent."""

_WIDE = 1_000
"""From how many rows on units are wide: walking along the order finds a page of theirs sooner."""

_REMEMBERED = 200
"""Of how many sights it is remembered how wide they are, and how many queries are."""

_MEMORY = 60.0
"""Seconds after which that is looked at anew."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, the place where the next page begins, if there is one, and their ids."""

    items: list[Row]
    next: Values | None
    ids: list[str]


class Listing:
    """The list of one read model. Pages are stable: they go on behind a row, not at a number."""

    def __init__(self, model: Listed) -> None:
        """Answer for a read model."""
        self.model = model
        self._long = {each.name for each in model.table.columns if isinstance(each.type, Json)}
        """Columns whose values are lists, as contacts are."""
        self._wide: dict[tuple[Tables, Any, Any], tuple[float, bool]] = {}

    def page(
        self,
        connection: sa.Connection,
        asked: Question,
        after: Sequence[Any] | None = None,
        opened: Opener = as_sealed,
    ) -> Page:
        """Return the rows behind a place, or the first ones, opened if it is asked.

        Args:
            connection: The database that has the rows, each order with an index of its own.
            asked: Filters, order, fields.
            after: The place behind which the page begins.
            opened: Opens what is sealed in the rows, for who may see it.

        Raises `BadParameter` when the place is not of this list.
        """
        means = self._means(connection, asked)
        tables = where_seen(asked.sight, connection.dialect.name, the_table)
        along = self._is_wide(connection, asked, tables)
        queries = _queries(self, asked, after and tuple(after), tables, means, along)
        found = (row for each in queries for row in each.rows(connection))
        return self.cut(asked, found, opened)

    def count(self, connection: sa.Connection, asked: Question) -> int:
        """Return how many rows the whole list has."""
        query = self.select_count(asked, dialect=connection.dialect.name)
        return connection.scalar(query) or 0

    def one(
        self,
        asking: Asking,
        id_: str,
        sight: Sight | Sights | None = None,
        opened: Opener = as_sealed,
    ) -> Row | None:
        """Return the row of a record as somebody sees it, `None` when they do not."""
        tables = where_seen(sight, asking.dialect, asking.tables, id_)
        table = tables(self.model)
        lens = lens_for(self.model, sight, asking.dialect, tables, along=True)
        query = sa.select(*(table.c[name] for name in shown(self.model)), *lens.marks)
        rows = [lens.show(row) for row in asking.rows(lens.narrow(query.where(table.c.id == id_)))]
        return opened(self.model, rows)[0] if rows else None

    def select(
        self,
        asked: Question,
        after: Sequence[Any] | None = None,
        tables: Tables = the_table,
        dialect: str = "sqlite",
    ) -> sa.Select[Any]:
        """Return the query for a page, with one row too many to see whether there is another.

        Args:
            asked: Filters, order, fields.
            after: The place behind which the page begins.
            tables: Where the rows are; by default in the tables of the read models.
            dialect: The name of the database.
        """
        tables = where_seen(asked.sight, dialect, tables)
        behind = sa.or_(*self._behind(asked, after, tables(self.model)))
        return self._query(asked, tables, dialect).where(behind).limit(asked.limit + 1)

    def select_count(
        self, asked: Question, tables: Tables = the_table, dialect: str = "sqlite"
    ) -> sa.Select[Any]:
        """Return the query for the number of rows; the arguments are those of `select`."""
        tables = where_seen(asked.sight, dialect, tables)
        table = tables(self.model)
        query: sa.Select[Any] = sa.select(sa.func.count()).select_from(table)
        query = query.where(*self._conditions(asked, tables, dialect, counted=True))
        return narrowed(query, self.model, asked.sights, dialect, tables)

    def cut(self, asked: Question, found: Iterable[Row], opened: Opener = as_sealed) -> Page:
        """Return the page of the rows that the query of `select` gave, opened if it is asked.

        It has no more rows than were asked for, and ends sooner when what they list is much:
        one page is then not more than memory is meant to hold.
        """
        long = [name for name in asked.fields if name in self._long]
        rows: list[Row] = []
        listed, more = 0, False
        for row in found:
            if len(rows) == asked.limit or listed > LISTED:
                more = True
                break
            rows.append(row)
            for name in long:
                if row[name]:
                    listed += len(row[name])
        following = asked.place(rows[-1]) if more else None
        ids = [row["id"] for row in rows]
        return Page(self.shown(asked, rows, opened), following, ids)

    def shown(self, asked: Question, rows: list[Row], opened: Opener = as_sealed) -> list[Row]:
        """Return rows that a query of `select` gave as whoever asks sees them, the fields asked."""
        lens = lens_of(self.model, asked.sight, "sqlite")
        seen = opened(self.model, lens.shown(rows))
        if seen is rows and rows and [*rows[0]] == [*asked.fields]:
            return rows
        return [chosen(row, asked.fields) for row in seen]

    def _means(self, connection: sa.Connection, asked: Question) -> str:
        """Return the database whose means serve a page best.

        SQLite would fetch and sort all rows with the words. When they are many, it is faster to
        walk along the order asked for and look at the words of each row.
        """
        words = asked.words
        if words is not None and frequent(connection, self.model.table, words, _MANY):
            return "sqlite-plain"
        return connection.dialect.name

    def _is_wide(self, connection: sa.Connection, asked: Question, tables: Tables) -> bool:
        """Tell whether what is in sight, of the units asked for, is many rows.

        SQLite would fetch and sort all of them. When they are many, or words are few, it is
        faster to look at the unit of each row that is met on the way.
        """
        dialect, sums = connection.dialect.name, isinstance(asked.sight, Sights)
        if dialect != "sqlite" or asked.words is not None or sums:
            return True
        table = tables(self.model)
        lens = lens_of(self.model, asked.sight, "sqlite", tables)
        units = [(filter_, values) for filter_, values in asked.where if filter_.kind == "under"]
        if lens.condition is None and not units:
            return False
        key = (tables, asked.sights, tuple(values for _, values in units))
        known, now = self._wide.get(key), time.monotonic()
        if known is not None and now < known[0]:
            return known[1]
        query = sa.select(sa.literal(1)).select_from(table).limit(_WIDE)
        query = query.where(*(condition(f, table.c[f.column], v, "sqlite") for f, v in units))
        found = narrowed(query, self.model, asked.sights, "sqlite", tables).subquery()
        counted = sa.select(sa.func.count()).select_from(found)
        wide = connection.scalar(counted) == _WIDE
        if len(self._wide) >= _REMEMBERED:
            self._wide.clear()
        self._wide[key] = (now + _MEMORY, wide)  # it only says how the rows are best found
        return wide

    def _query(
        self, asked: Question, tables: Tables, dialect: str, *, along: bool = False
    ) -> sa.Select[Any]:
        database = dialect.partition("-")[0]
        query = self.rows(asked, tables, database, along=along)
        query = query.where(*self._conditions(asked, tables, dialect, along=along))
        query = narrowed(query, self.model, asked.sights, database, tables, along=along)
        return self.in_order(asked, query, tables(self.model).c, dialect)

    def rows(
        self, asked: Question, tables: Tables, dialect: str, *, along: bool = False
    ) -> sa.Select[Any]:
        """Return the query for all rows, with what `cut` needs of them."""
        names = [*asked.fields, *(n for n, _ in asked.order if n not in asked.fields)]
        marks = lens_for(self.model, asked.sight, dialect, tables, along=along).marks
        return sa.select(*(tables(self.model).c[name] for name in names), *marks)

    def in_order(
        self, asked: Question, query: sa.Select[Any], columns: Any, dialect: str
    ) -> sa.Select[Any]:
        """Return a query with its rows, which have these columns, in the order asked for."""
        for name, down in asked.order:
            order = columns[name].desc() if down else columns[name].asc()
            # Nothing is the smallest value, everywhere; SQLite has it so without being told.
            if not dialect.startswith("sqlite") and self.model.table.c[name].nullable:
                order = order.nulls_last() if down else order.nulls_first()
            query = query.order_by(order)
        return query

    def _behind(
        self, asked: Question, after: Sequence[Any] | None, table: sa.FromClause
    ) -> list[sa.ColumnElement[bool]]:
        if after is None:
            return [sa.true()]
        nullable = self.model.table.c
        steps = [(table.c[name], down, bool(nullable[name].nullable)) for name, down in asked.order]
        return stretches(steps, place(self.model, asked, after))

    def _conditions(
        self,
        asked: Question,
        tables: Tables,
        dialect: str,
        *,
        counted: bool = False,
        along: bool = False,
    ) -> list[sa.ColumnElement[bool]]:
        coarse = [self._is_coarse(filter_, along) for filter_, _ in asked.where]
        # To count, the rows of such a filter are as good as any, if there is no better one.
        astray = dialect.startswith("sqlite") and not (counted and all(coarse))
        table, database, found = tables(self.model), dialect.partition("-")[0], []
        for (filter_, values), shared in zip(asked.where, coarse, strict=True):
            column: sa.ColumnElement[Any] = table.c[filter_.column]
            if astray and shared:
                column = off_index(column)
            until = table.c[filter_.until] if filter_.until else None
            found.append(condition(filter_, column, values, database, until))
        for filter_, values, sight in asked.through:
            found.append(through(filter_, values, self.model, tables, sight, database))
        if asked.words is not None:
            found.append(matches(table, asked.words, dialect))
        return found

    def _is_coarse(self, filter_: Filter, along: bool) -> bool:
        """Tell whether a filter lets many rows through: many share its value, or are below a unit.

        SQLite should not look for these first and then sort them. It is better to walk along the
        order asked for, whose index has the filtered columns too. `+` keeps it from doing so.
        """
        if filter_.kind == "under":
            return along
        return "coarse" in self.model.table.c[filter_.column].info


@lru_cache(maxsize=_REMEMBERED)
def _queries(
    listing: Listing,
    asked: Question,
    after: tuple[Any, ...] | None,
    tables: Tables,
    dialect: str,
    along: bool,
) -> Sequence[Together | Streamed]:
    """Return the queries of a page: people ask for the same ones, and to make them takes longer."""
    query = listing._query(asked, tables, dialect, along=along).limit(asked.limit + 1)
    each = [query.where(behind) for behind in listing._behind(asked, after, tables(listing.model))]
    kind = Together if dialect.startswith("sqlite") else Streamed
    return [kind(query) for query in each]


def chosen(row: Row, fields: Sequence[str]) -> Row:
    """Return the fields asked for of a row, and what it says of those masked or still sealed."""
    if [*row] == [*fields]:
        return row
    told = [name for name in (MASKED, SEALED) if name in row and name not in fields]
    return {name: row[name] for name in (*fields, *told)}
