"""Both times of rows: when each state of a row was known, and of which days, as two intervals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import groupby
from operator import itemgetter

import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.kernel.read_model import ReadModel
from projections.kernel.warehouse.facts import insert, quote
from projections.kernel.warehouse.moments import NEVER, WHOLE

INTERVALS = {
    "known_from_position": "the position from which it was known",
    "known_from": "when that was recorded",
    "known_to_position": "the position from which something else was known; empty: it still is",
    "known_to": "when that was recorded",
    "valid_from": "the first day of the business of which it was true",
    "valid_to": "the last day of which it was true; empty: it still is",
}
"""What the columns are that say when a state was known, and of which days."""

_STEPS = pa.schema(
    [
        ("id", pa.string()),
        ("told", pa.int64()),
        ("place", pa.int64()),
        ("then_since", pa.int64()),
        ("then_until", pa.int64()),
        ("then_last", pa.date32()),
    ]
)


def both_times(cursor: DuckDBPyConnection, model: ReadModel, position: int) -> str:
    """Return the SQL of the states of rows up to a position, with the columns of `INTERVALS`.

    Of every position and day there is the one state of each record that was known and true then,
    also where something was told late. Uses temporary tables of the cursor.
    """
    name = model.name
    columns = ", ".join(quote(column.name) for column in model.table.columns)
    retold, times = f"retold_{name}", f"told_{name}"
    past = f"store.ended_{name} ANTI JOIN {retold} USING (id)"
    ended = f"valid_to_position <= {position}"
    states = _states(model)
    _make_steps(cursor, model, position)
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {times} AS "
        f"SELECT DISTINCT told, changed_at AS recorded FROM ({states}) "
        f"WHERE place = {WHOLE} AND id IN (SELECT id FROM {retold})"
    )
    return (
        f"SELECT {columns}, position AS known_from_position, changed_at AS known_from, "
        f"CASE WHEN {ended} THEN valid_to_position END AS known_to_position, "
        f"CASE WHEN {ended} THEN valid_to END AS known_to, "
        f"in_force AS valid_from, CAST(NULL AS DATE) AS valid_to "
        f"FROM {past} WHERE position <= {position} UNION ALL "
        f"SELECT {columns}, valid_to_position, valid_to, NULL, NULL, in_force, next_in_force - 1 "
        f"FROM {past} WHERE {ended} AND next_in_force > in_force UNION ALL "
        f"SELECT {columns}, position, changed_at, NULL, NULL, in_force, NULL "
        f"FROM store.present_{name} ANTI JOIN {retold} USING (id) "
        f"WHERE position <= {position} UNION ALL "
        f"SELECT {columns}, then_since, came.recorded, then_until, gone.recorded, in_force, "
        f"then_last FROM ({states}) JOIN {retold} USING (id, told, place) "
        f"JOIN {times} AS came ON came.told = then_since "
        f"LEFT JOIN {times} AS gone ON gone.told = then_until"
    )


def _states(model: ReadModel) -> str:
    """Return the SQL of all states of rows in the order in which they were told."""
    was = "* EXCLUDE (valid_to_position, valid_to, next_in_force)"
    whole = f"position AS told, {WHOLE} AS place"
    return (
        f"SELECT {was}, {whole} FROM store.ended_{model.name} UNION ALL "
        f"SELECT *, {whole} FROM store.present_{model.name} UNION ALL "
        f"SELECT * FROM store.revised_{model.name}"
    )


def _make_steps(cursor: DuckDBPyConnection, model: ReadModel, position: int) -> None:
    """Note when each state was so of the records of which something was told late."""
    late = f"SELECT id FROM store.revised_{model.name} WHERE told <= {position}"
    found = cursor.execute(
        f"SELECT id, told, place, in_force FROM ({_states(model)}) "
        f"WHERE told <= {position} AND id IN ({late}) ORDER BY id, told, place"
    ).fetchall()
    table = f"retold_{model.name}"
    times = "then_since BIGINT, then_until BIGINT, then_last DATE"
    cursor.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} (id VARCHAR, told BIGINT, place BIGINT, {times})"
    )
    rows = list(_steps(found))
    insert(cursor, table, pa.Table.from_pylist(rows, schema=_STEPS))


def _steps(found: list[tuple[str, int, int, date]]) -> Iterator[dict[str, object]]:
    for id_, group in groupby(found, key=itemgetter(0)):
        states = list(group)
        told = [(position, day.isoformat()) for _, position, _, day in states]
        for number, since, until, ceded, lost in steps(told):
            end = lost if ceded else until
            yield {
                "id": id_,
                "told": states[number][1],
                "place": states[number][2],
                "then_since": since,
                "then_until": None if end == NEVER else end,
                "then_last": date.fromisoformat(ceded) - timedelta(1) if ceded else None,
            }


def steps(told: Sequence[tuple[int, str]]) -> Iterator[tuple[int, int, int, str | None, int]]:
    """Yield when each of the states of a record was so, of which something was told late.

    On any day, the state counts that was told last of those in force by then. So of the plane of
    positions and days each state has what lies behind its own position and day, without what lies
    behind those told later: a staircase, which is cut here into steps of one height.

    Args:
        told: The position and the day (ISO) of each state, in the order in which they were told.

    Yields the number of the state, then `since`, `until`, `ceded` and `lost` of a step of it.
    """
    for number, (since, day) in enumerate(told):
        ceded: str | None = None
        for position, on in told[number + 1 :]:
            if ceded is not None and on >= ceded:
                continue
            if position > since:
                yield (number, since, position if ceded is None else 0, ceded, position)
            since, ceded = position, on
            if on <= day:
                break
        else:
            yield (number, since, NEVER if ceded is None else 0, ceded, NEVER)
