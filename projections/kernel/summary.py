"""Summaries: rows about a record, made of the rows of others: what is open with a customer.

A read model folds one aggregate; what several come to is a function of their rows. So it knows no
order and no repeats, and the past is the same function of the rows of the past.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from domain.kernel.discovery import declared
from projections.kernel.columns import Id, Instant
from projections.kernel.fingerprint import code_of
from projections.kernel.listed import Listed
from projections.kernel.ownership import Scope
from projections.kernel.read_model import ReadModel, read_models, row_tables
from projections.kernel.visibility.row_security import Tables

Rows = Mapping[str, sa.FromClause]
"""The rows of read models, by their names."""

KEYS = "keys"
"""The parameter with the keys for which rows are made."""


@dataclass(frozen=True, slots=True)
class Finds:
    """A filter, by its name, of the list of records that a summary is about: a figure is below."""

    name: str
    column: str


class Summary(Listed):
    """One row per record of the first source, which is a function of the rows of all sources.

    Every row has, before the columns of its summary: `id`, the record; `position` and
    `changed_at`, where and when the latest event was recorded in any row that it is made of. As
    they are kept they are for those who see all records of each source alike; to others they would
    give away the rest.
    """

    def __init__(
        self,
        name: str,
        aggregate: str,
        *columns: sa.Column[Any],
        key: str,
        of: Sequence[str],
        sql: Callable[[Rows], sa.Select[Any]],
        order: str = "id",
        indexes: Sequence[Sequence[str]] = (),
        sorts: Sequence[str] = (),
        filters: Sequence[str] = (),
        finds: Sequence[Finds] = (),
    ) -> None:
        """Declare a summary.

        Args:
            name: The name of its table; with hyphens, the path of its list.
            aggregate: The kind of the records that it is about, as in `customer`.
            columns: What is kept, beside the columns that every row has.
            key: The column by which the sources name the record; the first has it as its `id`.
            of: The read models that it is made of.
            sql: Gives, of the rows of these, the query for `id` and the columns, in their order,
                a row for each row of the first. It means the same in SQLite, PostgreSQL, DuckDB.
            order: As for a read model, as are the others.
            indexes: Columns of each index.
            sorts: Columns by which large lists are sorted.
            filters: Columns by which large lists are filtered.
            finds: The filters that it gives the list of the records that it is about.
        """
        self.finds = tuple(finds)
        self.of = tuple(of)
        self.told_in = sql.__module__
        self._key, self._sql = key, sql
        table = sa.Table(
            name,
            row_tables,
            sa.Column("id", Id, primary_key=True),
            sa.Column("position", sa.BigInteger, nullable=False),
            sa.Column("changed_at", Instant, nullable=False),
            *columns,
        )
        super().__init__(
            aggregate,
            table,
            order=order,
            indexes=indexes,
            sorts=sorts,
            filters=filters,
            search=(),
            scope=Scope(),
        )
        self.kind = self.plural

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of the sources, in their order."""
        return tuple(source.aggregate for source in self.sources)

    @property
    def sources(self) -> tuple[ReadModel, ...]:
        """The read models that it is made of."""
        known = read_models()
        return tuple(known[name] for name in self.of)

    @property
    def plural(self) -> str:
        """What the rows are called, as in `open-business`."""
        return self.name.replace("_", "-")

    @property
    def title(self) -> str:
        """What the schema of a row is called, as in `OpenBusiness`."""
        return self.name.title().replace("_", "")

    def key_of(self, source: str) -> str:
        """Return the column by which a source names the record."""
        return "id" if source == self.of[0] else self._key

    def select(
        self, tables: Tables, keyed: str | None = None, marks: Sequence[str] = ()
    ) -> sa.Select[Any]:
        """Return the query for the rows, with the columns of the table in their order.

        Args:
            tables: Where the rows of the sources are, now or in the past.
            keyed: The name of the row database, for the rows of the `KEYS` alone, which are then
                a parameter of the query; by default for all rows.
            marks: Numbers that some sources have beside their columns: each row has the greatest
                of all that it is made of, or 0, behind its own columns.
        """
        rows = {model.name: self._narrowed(model, tables(model), keyed) for model in self.sources}
        made = self._sql(rows).subquery(f"{self.name}_made")
        told = sa.union_all(
            *(
                sa.select(
                    table.c[self.key_of(name)].label("key"),
                    table.c.position,
                    table.c.changed_at,
                    *(table.c.get(mark, sa.literal_column("0")).label(mark) for mark in marks),
                )
                for name, table in rows.items()
            )
        ).subquery(f"{self.name}_told")
        latest = (
            sa.select(
                told.c.key,
                sa.func.max(told.c.position).label("position"),
                sa.func.max(told.c.changed_at).label("changed_at"),
                *(sa.func.max(told.c[mark]).label(mark) for mark in marks),
            )
            .group_by(told.c.key)
            .subquery(f"{self.name}_latest")
        )
        found = {**dict(made.c.items()), "position": latest.c.position}
        found["changed_at"] = latest.c.changed_at
        columns = [
            sa.type_coerce(found[column.name], column.type).label(column.name)
            for column in self.table.columns
        ]
        told_of = [latest.c[mark] for mark in marks]
        # There is one for each; the outer join has SQLite walk along the records and look it up.
        rows_ = made.outerjoin(latest, latest.c.key == made.c.id)
        return sa.select(*columns, *told_of).select_from(rows_)

    def _narrowed(self, model: ReadModel, table: sa.FromClause, keyed: str | None) -> sa.FromClause:
        if keyed is None:
            return table
        key = table.c[self.key_of(model.name)]
        return sa.select(table).where(is_wanted(key, keyed)).subquery(model.name)

    @cached_property
    def fingerprint(self) -> str:
        """What the rows depend on: columns, indexes, and the function that makes them."""
        parts = [f"{column.name} {column.type!r}" for column in self.table.columns]
        parts += map(repr, (self.indexes, self.of, self._key))
        parts += code_of([self._sql])
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def is_wanted(key: sa.ColumnElement[Any], dialect: str) -> sa.ColumnElement[bool]:
    """Return the condition that a key is one of the `KEYS`, in the row database of this name."""
    if dialect == "postgresql":
        return key == sa.any_(sa.bindparam(KEYS, type_=ARRAY(sa.Text)))
    each = sa.func.json_each(sa.bindparam(KEYS)).table_valued("value").c.value
    return key.in_(sa.select(each))


@cache
def summaries() -> Mapping[str, Summary]:
    """Return every summary by name: those that modules of this layer declare."""
    found = declared("projections", Summary)
    return {each.name: each for each in sorted(found, key=lambda each: each.name)}


@cache
def listed() -> Mapping[str, Listed]:
    """Return every table that is listed, by name: read models and summaries."""
    return {**read_models(), **summaries()}


def kept_with(models: Collection[str]) -> list[Summary]:
    """Return the summaries that can be made of some read models alone."""
    return [each for each in summaries().values() if set(each.of) <= set(models)]
