"""Summarising: what rows come to is made anew for the records that a batch has touched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from projections.kernel.fold import Folded
from projections.kernel.listed import Listed
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.rows import tables
from projections.kernel.rows.locks import key_locks
from projections.kernel.rows.shadow_tables import Shadows
from projections.kernel.rows.store import as_one_of
from projections.kernel.summary import KEYS, Summary, is_wanted
from projections.kernel.visibility.row_security import Tables, the_table

_AT_ONCE = 20_000
"""Rows that are made in one transaction, where nobody waits for all of them."""


class Touched(dict[Summary, set[str]]):
    """The keys of summaries whose rows have to be made anew, as a batch is brought into rows."""

    def concerns(self, model: ReadModel) -> bool:
        """Tell whether anything is made of the rows of a read model."""
        return any(model.name in summary.of for summary in self)

    def rows(self, model: ReadModel, rows: Iterable[Row]) -> None:
        """Note rows of a source as they were or have become."""
        rows = list(rows)
        for summary, keys in self.items():
            if model.name in summary.of:
                key = summary.key_of(model.name)
                keys.update(row[key] for row in rows if row[key])

    def folded(self, model: ReadModel, before: Mapping[str, Row], folded: Folded) -> None:
        """Note what rows of a source were, and all that they have been since.

        Somebody else may have written a state in between, which then is no more than passed over.
        """
        self.rows(model, [*(before[id_] for id_ in folded.rows if id_ in before), *folded.versions])


def bring_up(connection: sa.Connection, touched: Touched, *, gone: bool = False) -> None:
    """Make the rows of the touched keys anew, from the rows of the sources as they now are.

    What others have committed is seen, as nobody else is at work on these keys meanwhile. Only
    where rows of the sources may be `gone` are there any to remove.
    """
    wanted = {summary: sorted(keys) for summary, keys in touched.items() if keys}
    key_locks(connection, {each.name: keys for each, keys in wanted.items()})
    for summary, keys in wanted.items():
        make(connection, summary, keys, gone=gone)


def make(
    connection: sa.Connection,
    summary: Summary,
    keys: Collection[str],
    table: sa.Table | None = None,
    sources: Tables = the_table,
    *,
    gone: bool = True,
) -> None:
    """Make the rows of some keys anew, in a table of the summary's shape; remove what is gone."""
    dialect = connection.dialect.name
    usual = table is None and sources is the_table
    made = _usual(summary, dialect) if usual else _statements(summary, dialect, table, sources)
    listed = {KEYS: as_one_of(connection.dialect, keys)}
    for statement in made if gone else made[:1]:
        connection.execute(statement, listed)


@cache
def _usual(summary: Summary, dialect: str) -> Sequence[sa.UpdateBase]:
    """Return the statements for the tables in use: to put them together costs more than to run."""
    return _statements(summary, dialect)


def _statements(
    summary: Summary, dialect: str, table: sa.Table | None = None, sources: Tables = the_table
) -> Sequence[sa.UpdateBase]:
    """Return what makes the rows of the `KEYS`, and what removes those of records there are not."""
    table = summary.table if table is None else table
    # Without a condition SQLite takes ON CONFLICT for that of a join.
    rows = summary.select(sources, dialect).where(sa.true())
    names = [column.name for column in table.columns]
    insert = tables.upsert(table, dialect, changed=True).from_select(names, rows)
    first = sources(summary.sources[0]).c.id
    there = sa.select(first).where(first == table.c.id).exists()
    return insert, table.delete().where(is_wanted(table.c.id, dialect), ~there)


def differences(
    summary: Summary, table: sa.Table | None = None, sources: Tables = the_table
) -> sa.Select[Any]:
    """Return the query for the ids of rows that are not what the sources come to."""
    kept = sa.select(summary.table if table is None else table)
    made = summary.select(sources)
    apart = sa.union_all(
        sa.select(sa.except_(kept, made).subquery("kept").c.id),
        sa.select(sa.except_(made, kept).subquery("made").c.id),
    ).subquery("apart")
    return sa.select(apart.c.id).distinct()


class Fresh:
    """The tables of summaries in the making, of shadows where there are any and of rows in use."""

    def __init__(self, engine: sa.Engine, summaries: Sequence[Summary], shadows: Shadows) -> None:
        """Describe the tables; nothing is made yet."""
        self.summaries = summaries
        self._engine = engine
        self._shadows = {each.model.name: each.table for each in shadows.each}
        self._tables = [
            each.table.to_metadata(sa.MetaData(), name=f"{each.name}_next") for each in summaries
        ]

    @property
    def new(self) -> dict[str, Summary]:
        """The summaries by the names of their new tables."""
        tables_ = (table.name for table in self._tables)
        return dict(zip(tables_, self.summaries, strict=True))

    def make(self) -> None:
        """Make the tables with their rows, in several transactions; others write in between."""
        for summary, table in zip(self.summaries, self._tables, strict=True):
            with self._engine.begin() as connection:
                tables.drop(connection, summary, table.name)
                tables.create_table(connection, table)
            self._fill(summary, table)
            for statement in tables.index_statements(self._engine.dialect.name, summary, table):
                with self._engine.begin() as connection:
                    connection.exec_driver_sql(statement)

    def settle(self, connection: sa.Connection) -> None:
        """Put right what has changed since, while nobody else writes rows, and keep the books."""
        for summary, table in zip(self.summaries, self._tables, strict=True):
            keys = connection.scalars(differences(summary, table, self._source)).all()
            make(connection, summary, keys, table, self._source)
            tables.record_fingerprint(connection, summary)

    def _fill(self, summary: Summary, table: sa.Table) -> None:
        first, last = self._source(summary.sources[0]).c.id, ""
        keys: Sequence[str] = [last]
        while keys:
            with self._engine.begin() as connection:
                query = sa.select(first).where(first > last).order_by(first).limit(_AT_ONCE)
                if keys := connection.scalars(query).all():
                    make(connection, summary, keys, table, self._source, gone=False)
                    last = keys[-1]

    def _source(self, model: Listed) -> sa.FromClause:
        found: sa.Table = self._shadows.get(model.name, model.table)
        return found
