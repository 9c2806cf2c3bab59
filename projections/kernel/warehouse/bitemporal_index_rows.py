"""What of the histories of a warehouse goes into its lookback: what is new behind a position."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from projections.kernel.columns import Instant, Money
from projections.kernel.read_model import ReadModel
from projections.kernel.warehouse.bitemporal_index import NEVER, steps
from projections.kernel.warehouse.elements import growing
from projections.kernel.warehouse.facts import quote
from projections.kernel.warehouse.row_history import WHOLE

AT_ONCE = 5_000
"""Versions that are fetched together."""

LONG = 16_384
"""From how many bytes on a list is left out, so that a page with it is made from the warehouse."""

Rows = list[tuple[Any, ...]]
Run = Callable[[str, Rows], object]
"""Runs a statement of SQLite for each of some rows of parameters."""


class Versions:
    """The versions of the rows of one read model, as SQLite keeps them."""

    def __init__(self, model: ReadModel) -> None:
        """Bring over the history of a read model."""
        self.model, name = model, model.name
        self._past, self._present = f"store.kept_{name}", f"store.present_{name}"
        self._revised = f"store.revised_{name}"
        lists = growing(model)
        self._columns = ", ".join(
            _short(column.name) if column.name in lists else _kept(column)
            for column in model.table.columns
        )
        marks = ", ".join("?" * (len(model.table.columns) + 5))
        self._insert = f"INSERT OR REPLACE INTO {name} VALUES ({marks})"

    def changed(self, cursor: DuckDBPyConnection, after: int) -> bool:
        """Tell whether there is anything new behind a position."""
        query = f"SELECT 1 FROM {self._present} WHERE position > ? LIMIT 1"
        return bool(cursor.execute(query, [after]).fetchall())

    def bring(self, cursor: DuckDBPyConnection, after: int, run: Run) -> None:
        """Bring over what is new behind a position; what is there already stays as it is.

        Versions that were followed by another get its position and day; of records of which
        something was told late, all states are brought anew.
        """
        name, retold = self.model.name, f"WITH retold AS (SELECT DISTINCT id FROM {self._revised}) "
        if after:
            ended = (
                f"{retold} SELECT valid_to_position, CAST(next_in_force AS VARCHAR), id, version "
                f"FROM {self._past} ANTI JOIN retold USING (id) "
                "WHERE valid_to_position > ? AND position <= ?"
            )
            update = (
                f"UPDATE {name} SET then_until = ?, then_ceded = ? WHERE id = ? AND version = ?"
            )
            for rows in _fetched(cursor, ended, [after, after]):
                run(update, rows)
        came = (
            f"{retold} SELECT {self._columns}, position, valid_to_position, "
            f"CAST(next_in_force AS VARCHAR), {NEVER}, 0 "
            f"FROM {self._past} ANTI JOIN retold USING (id) WHERE position > ? UNION ALL "
            f"SELECT {self._columns}, position, {NEVER}, NULL, {NEVER}, 0 "
            f"FROM {self._present} ANTI JOIN retold USING (id) WHERE position > ?"
        )
        for rows in _fetched(cursor, came, [after, after]):
            run(self._insert, rows)
        self._bring_retold(cursor, after, run)

    def _bring_retold(self, cursor: DuckDBPyConnection, after: int, run: Run) -> None:
        states = (
            f"SELECT {self._columns}, id, told, CAST(in_force AS VARCHAR) FROM ("
            f"SELECT * EXCLUDE (valid_to_position, valid_to, next_in_force), position AS told, "
            f"{WHOLE} AS place FROM {self._past} UNION ALL "
            f"SELECT *, position, {WHOLE} FROM {self._present} UNION ALL FROM {self._revised}) "
            f"WHERE id IN (SELECT id FROM {self._revised}) "
            f"AND id IN (SELECT id FROM {self._present} WHERE position > ?) "
            "ORDER BY id, told, place"
        )
        found = (row for rows in _fetched(cursor, states, [after]) for row in rows)
        for id_, group in groupby(found, key=lambda row: row[-3]):
            rows = list(group)
            cut = enumerate(steps([row[-2:] for row in rows]))
            run(f"DELETE FROM {self.model.name} WHERE id = ?", [(id_,)])
            run(self._insert, [(*rows[n][:-3], *moment, part) for part, (n, *moment) in cut])


def _fetched(cursor: DuckDBPyConnection, query: str, values: Sequence[Any]) -> Iterator[Rows]:
    cursor.execute(query, values)
    while rows := cursor.fetchmany(AT_ONCE):
        yield rows


def _short(name: str) -> str:
    """Return a list that may grow, or nothing for a long one, which most versions would repeat."""
    return f"CASE WHEN strlen({quote(name)}) < {LONG} THEN {quote(name)} END"


def _kept(column: sa.Column[Any]) -> str:
    """Return a column of DuckDB with its values as SQLite has them."""
    name = quote(column.name)
    match column.type:
        case Money():
            return f"CAST(CAST({name} AS DECIMAL(38, 2)) * 100 AS BIGINT)"
        case Instant():
            return f"epoch_us({name})"
        case sa.Date():
            return f"CAST({name} AS VARCHAR)"
        case sa.Boolean():
            return f"CAST({name} AS TINYINT)"
    return name
