"""A lens: which rows of a read model a party sees and what is masked in each, as SQL."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from projections.kernel.listed import Listed
from projections.kernel.read_model import Row, read_models
from projections.kernel.visibility import owner_index as owned
from projections.kernel.visibility.column_masks import classes, masked
from projections.kernel.visibility.visibility import Sight, Sights, Subject, View

Tables = Callable[[Listed], sa.FromClause]
"""Gives what has the rows of a read model: its table, or the rows of the past."""

Codes = frozenset[str] | None

EVERYTHING = Sight((View("system"),))
"""What the system itself sees, and an operator at the command line."""


def the_table(model: Listed) -> sa.FromClause:
    """Return the table of a read model: its rows as they are now."""
    return model.table


class Lens:
    """A sight on one read model. The conditions go into the query, never after it."""

    def __init__(
        self,
        model: Listed,
        sight: Sight | None,
        dialect: str = "sqlite",
        tables: Tables = the_table,
        *,
        along: bool = False,
    ) -> None:
        """Look at a read model.

        Args:
            model: The read model.
            sight: What the party sees of it; `None` for all there is.
            dialect: The name of the database.
            tables: Where the rows are.
            along: Whether SQLite is to walk along the order asked for, looking at each row,
                instead of finding the rows by their units and owners and sorting them.
        """
        self._model = model
        self._dialect = dialect
        self._tables = tables
        self._along = along and dialect == "sqlite"
        views = (EVERYTHING if sight is None else sight).views
        self.condition = self._any(views)
        """What holds for the rows in sight; `None` when it holds for all."""
        touching = classes(model)
        groups: dict[frozenset[str], list[View]] = {}
        for view in views:
            groups.setdefault(view.masked & touching, []).append(view)
        self._hidden = list(groups)
        one = len(groups) < 2
        self.marks: list[sa.Label[Any]] = [
            self._true_or(self._any(group)).label(f"seen_{place}")
            for place, group in enumerate(() if one else groups.values())
        ]
        """Columns to select as well, from which `show` knows what is masked in a row."""

    def narrow(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """Return a query for no more than is in sight."""
        return query if self.condition is None else query.where(self.condition)

    def hidden(self, row: Row) -> frozenset[str]:
        """Return what is masked in a row, by its marks, which are taken out of it."""
        if not self.marks:
            return self._hidden[0] if self._hidden else frozenset()
        seen = [row.pop(mark.name) for mark in self.marks]
        found = [hidden for hidden, yes in zip(self._hidden, seen, strict=True) if yes]
        return frozenset.intersection(*found) if found else frozenset().union(*self._hidden)

    def show(self, row: Row) -> Row:
        """Return a row that was selected with the marks as the party sees it."""
        hidden = self.hidden(row)
        return masked(self._model, row, hidden) if hidden else row

    def shown(self, rows: list[Row]) -> list[Row]:
        """Return rows as `show` does; the same list when nothing can be masked in any."""
        return [*map(self.show, rows)] if self.marks or any(self._hidden) else rows

    def _true_or(self, condition: sa.ColumnElement[bool] | None) -> sa.ColumnElement[bool]:
        return sa.true() if condition is None else condition

    def _any(self, views: Iterable[View]) -> sa.ColumnElement[bool] | None:
        """Return the condition that one of the views shows a row, `None` when one shows all."""
        if self._model.scope.public:
            return None if views else sa.false()
        by_owners: dict[Codes, Codes] = {}
        for view in views:
            known: Codes = by_owners.get(view.owners, frozenset())
            whole = known is None or view.units is None
            by_owners[view.owners] = None if whole else known | view.units  # type: ignore[operator]
        conditions = []
        for owners, units in by_owners.items():
            parts = [
                *([] if units is None else [self._of_units(units)]),
                *([] if owners is None else [self._of_owners(owners)]),
            ]
            if not parts:
                return None
            conditions.append(sa.and_(*parts))
        return sa.or_(*conditions) if conditions else sa.false()

    def _of_units(self, units: frozenset[str]) -> sa.ColumnElement[bool]:
        name = self._model.scope.unit
        if name is None:
            return sa.false()
        if self._model.table.c[name].info.get("list"):
            return owned.meets(self._column(name), units, self._dialect)
        return owned.among(self._column(name), units, self._dialect)

    def _of_owners(self, owners: frozenset[str]) -> sa.ColumnElement[bool]:
        scope, table = self._model.scope, self._tables(self._model)
        found: list[sa.ColumnElement[bool]] = []
        if scope.owners and self._dialect == "sqlite":
            found.append(self._column("id").in_(owned.owned_ids(table, owners, self._dialect)))
        elif scope.owners:
            found.append(owned.owned(table, owners, self._dialect))
        if scope.through is not None:
            name, other = scope.through
            theirs = owned.owned_ids(self._tables(read_models()[other]), owners, self._dialect)
            found.append(self._column(name).in_(theirs))
        return sa.or_(*found) if found else sa.false()

    def _column(self, name: str) -> sa.ColumnElement[Any]:
        column: sa.ColumnElement[Any] = self._tables(self._model).c[name]
        return off_index(column) if self._along else column


class SumsLens(Lens):
    """A sight on rows that are made of no more than is in sight: they say what it masks."""

    def __init__(self, model: Listed, sights: Sights) -> None:
        """Look at what the records of several kinds come to."""
        self._model = model
        self._hidden = []
        self._classes = sorted(classes(model))
        said: dict[str, sa.ColumnElement[Any]] = {
            each: sa.literal_column(f"{model.name}.{mark(each)}") for each in self._classes
        }
        self.marks = [column.label(mark(each)) for each, column in said.items()]
        shown = [said[each] == sa.literal_column("0") for each in sorted(sights.shown)]
        self.condition = sa.and_(*shown) if shown else None

    def hidden(self, row: Row) -> frozenset[str]:
        """Return what is masked in a row, by its marks, which are taken out of it."""
        said = [(each, row.pop(mark(each))) for each in self._classes]
        return frozenset(each for each, yes in said if yes)


def mark(class_: str) -> str:
    """Return the column that says, of what several records come to, whether one masks a class."""
    return f"hides_{class_.replace('-', '_')}"


def showing(
    model: Listed, sight: Sight | Sights | None, class_: str, dialect: str, tables: Tables
) -> sa.ColumnElement[bool]:
    """Return the condition that a row in sight shows a class of fields."""
    if sight is None or class_ not in sight.masked_somewhere():
        return sa.true()
    condition = lens_for(model, sight.showing(class_), dialect, tables, along=True).condition
    return sa.true() if condition is None else condition


@lru_cache(maxsize=500)
def lens_of(
    model: Listed,
    sight: Sight | Sights | None,
    dialect: str,
    tables: Tables = the_table,
    *,
    along: bool = False,
) -> Lens:
    """Return a lens on rows; making one costs more than looking through it."""
    if isinstance(sight, Sights):
        return SumsLens(model, sight)
    return Lens(model, sight, dialect, tables, along=along)


def lens_for(
    model: Listed,
    sight: Sight | Sights | None,
    dialect: str,
    tables: Tables = the_table,
    *,
    along: bool = False,
) -> Lens:
    """Return a lens on rows; none is kept of DuckDB, whose tables have the moment in them."""
    if dialect == "duckdb" and not isinstance(sight, Sights):
        return Lens(model, sight, dialect, tables)
    return lens_of(model, sight, dialect, tables, along=along)


def narrowed(
    query: sa.Select[Any],
    model: Listed,
    sights: Iterable[Sight | Sights | None],
    dialect: str,
    tables: Tables = the_table,
    *,
    along: bool = False,
) -> sa.Select[Any]:
    """Return a query for no more than what each of some sights shows."""
    for sight in sights:
        query = lens_for(model, sight, dialect, tables, along=along).narrow(query)
    return query


def subject_of(model: Listed, row: Row, above: Row | None = None) -> Subject:
    """Return where a row belongs; `above` is the row whose owners own it, too, if there is one."""
    scope, units = model.scope, frozenset[str]()
    if scope.unit is not None and row[scope.unit]:
        found = row[scope.unit]
        units = frozenset({found} if isinstance(found, str) else found)
    owners = set(scope.owned_by(row))
    if above is not None and scope.through is not None:
        owners.update(read_models()[scope.through[1]].scope.owned_by(above))
    return Subject(units, frozenset(owners))


def visible(
    connection: sa.Connection, model: Listed, ids: Iterable[str], sight: Sight
) -> dict[str, frozenset[str]]:
    """Return those of some records that are in sight as they are now, with what is masked."""
    dialect, table = connection.dialect.name, model.table
    lens = lens_of(model, sight, dialect, along=True)
    query = sa.select(table.c.id, *lens.marks).where(owned.among(table.c.id, set(ids), dialect))
    rows = connection.execute(lens.narrow(query)).mappings()
    return {row["id"]: lens.hidden(row) for row in map(dict, rows)}


def off_index(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """Return a column that SQLite does not look up in an index: a `+` before it tells it so."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)
