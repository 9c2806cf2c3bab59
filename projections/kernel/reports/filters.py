"""Filtering: the condition that a filter of a report makes, and the values that it may have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.read_model import read_models
from projections.kernel.reports.dimensions import UNSEEN, Dimension
from projections.kernel.reports.record_names import key_of
from projections.kernel.reports.report_scope import Standpoint, seen
from projections.kernel.reports.spans import EVER
from projections.kernel.warehouse.facts import quote

if TYPE_CHECKING:
    from projections.kernel.reports.report import Asked, Report

_VALUE = "value"
_HAVING = re.compile(r"([a-z0-9_.-]+?)(<=|>=|!=|=|<|>)(-?\d{1,15}(?:\.\d{1,6})?)")


def condition(
    report: Report, key: str, grouped: Sequence[str], parameter: str, standpoint: Standpoint
) -> tuple[Dimension, str]:
    """Return the dimension that a filter is about and its SQL, with the values as parameter."""
    below = key.endswith("_under")
    dimension = report.dimension(key.removesuffix("_under"), key)
    if below and not dimension.tree:
        raise BadParameter(key, f"there is nothing below a {dimension.name}")
    if standpoint.now and dimension.name == "unit":
        dimension = dimension.placed()
    # Of a list the whole is looked at, so that a record with two of the values counts once.
    whole = dimension.within and dimension.name not in grouped
    found = dimension.within if whole else f"[coalesce({dimension.sql}, '')]"
    test = f"list_has_any({found}, ${parameter}::VARCHAR[])"
    return (replace(dimension, grain="") if whole else dimension), test


def refuse_nobodys(
    cursor: DuckDBPyConnection, asked: Asked, key: str, values: Sequence[str], now: int
) -> None:
    """Refuse a filter by what there is not: its answer would be empty without a word.

    That is what a closed set or the calendar does not have, and what neither is the key of a
    record in sight nor stands in a row in sight, then or `now`. Raises `BadParameter`.
    """
    name = key.removesuffix("_under")
    dimension, test = condition(asked.report, name, (), _VALUE, asked.standpoint)
    for value in filter(None, values):
        if not dimension.names(value):
            raise BadParameter(key, f"{value[:100]!r} is none: {dimension.told()}")
        if dimension.closed or value == UNSEEN:
            continue
        below = asked.standpoint.under(value) if key != name else None
        given = {_VALUE: [value] if below is None else sorted(below)}
        looks = _looks(asked, dimension, test, now)
        if not any(look.execute(cursor, sql, given).fetchall() for look, sql in looks):
            raise BadParameter(key, f"nothing in sight is called {value[:100]!r}")


def _looks(asked: Asked, dimension: Dimension, test: str, now: int) -> Iterator[tuple[Asked, str]]:
    """Yield queries that find something where a value is one that there is, quick ones first."""
    bare = replace(
        asked,
        grain=dimension.grain,
        joins=tuple(filter(None, [dimension.join])),
        conditions=(),
        values={},
        spans=EVER if asked.spans else (),
    )
    present = replace(
        bare, position=now, standpoint=replace(asked.standpoint, valid_at=None, narrowed=())
    )
    if dimension.of:
        key = key_of(read_models()[dimension.of])
        listed = f"list_contains(${_VALUE}::VARCHAR[], {key})"
        yield present, f"SELECT 1 FROM {seen(dimension.of)} WHERE {listed} LIMIT 1"
    for each in [bare] if bare == present else [bare, present]:
        yield each, each.query(["1"], "LIMIT 1", [test])


def having_of(having: str, columns: Collection[str]) -> str:
    """Return the condition on figures that conditions with commas between make, as `tickets>=5`.

    Raises `BadParameter` for one about what is none of the columns.
    """
    tests = list[str]()
    for each in filter(None, having.split(",")):
        found = _HAVING.fullmatch(each.strip())
        if found is None or found[1] not in columns:
            detail = f"{each[:100]!r} is no column of figures, sign and number, as in tickets>=5"
            raise BadParameter("having", f"{detail}; there are {', '.join(columns)}")
        tests.append(f"CAST({quote(found[1])} AS DOUBLE) {found[2]} {found[3]}")
    return f"WHERE {' AND '.join(tests)}" if tests else ""
