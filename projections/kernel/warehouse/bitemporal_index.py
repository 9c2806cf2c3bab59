"""Lookback: all versions of rows in SQLite, indexed in the order of lists with when each was so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from projections.kernel import full_text as search
from projections.kernel.columns import Day
from projections.kernel.listed import Listed
from projections.kernel.lists.list_query import sortable
from projections.kernel.read_model import ReadModel
from projections.kernel.visibility import owner_index as owned

NEVER = 2**62
"""A position that no journal comes to: the end of what is so still."""

MOMENT = ("then_since", "then_until", "then_ceded", "then_lost")
"""When a version was so. At a position P it was the row of its record if `since` <= P < `until`;
on a day V, by what was known at P, if `since` <= P < `lost`, `in_force` <= V, and either
P < `until` or V < `ceded`: of later days another one told at `until`."""

_PARAMETERS = (sa.bindparam("point", type_=sa.BigInteger), sa.bindparam("day", type_=Day))


def as_of(model: Listed) -> sa.FromClause:
    """Return the rows of a read model at a position, the parameter `point` of the query."""
    return _rows(model, "then_since <= :point AND then_until > :point", 1)


def true_at(model: Listed) -> sa.FromClause:
    """Return the rows by what was true on a day and known at a position: `day` and `point`."""
    told = "then_since <= :point AND then_lost > :point AND in_force <= :day"
    return _rows(model, f"{told} AND (then_until > :point OR then_ceded > :day)", 2)


@cache
def _rows(model: Listed, condition: str, parameters: int) -> sa.FromClause:
    # As text, because a select of all columns would be walked again by every query around it.
    query = sa.text(f"SELECT * FROM {model.name} WHERE {condition}")
    columns = [sa.column(each.name, each.type) for each in model.table.columns]
    return query.bindparams(*_PARAMETERS[:parameters]).columns(*columns).subquery(model.name)


def table_statements(model: ReadModel) -> Iterator[str]:
    """Yield the SQL that makes the table of the versions of a read model."""
    columns = [sa.Column(each.name, each.type) for each in model.table.columns]
    moment = [
        sa.Column(n, Day if n == "then_ceded" else sa.BigInteger) for n in (*MOMENT, "then_part")
    ]
    table = sa.Table(model.name, sa.MetaData(), *columns, *moment)
    yield str(sa.schema.CreateTable(table).compile(dialect=sqlite.dialect()))
    yield f"CREATE UNIQUE INDEX {model.name}_version ON {model.name} (id, version, then_part)"


def index_statements(model: ReadModel) -> Iterator[str]:
    """Yield the SQL that makes the indexes: those of the lists, of words, and by owners.

    What was not so at the moment asked for is passed over in the index; no row of it is read.
    """
    able = sortable(model)
    for number, names in enumerate(each for each in model.orders if each[0] in able):
        columns = ", ".join((*names, "then_since", "then_until", "in_force", "then_ceded"))
        yield f"CREATE INDEX {model.name}_{number} ON {model.name} ({columns})"
    if model.search:
        yield from search.ever_statements(model.name)
    if model.scope.owners:
        yield from owned.index_statements("sqlite", model.name, "ever")


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
