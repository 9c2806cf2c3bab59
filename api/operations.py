"""The operation log: every attempt to command, accepted or refused, newest first."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Response

from adapters.journal_tables import operations
from adapters.transaction import EPOCH, instant
from api.cursors import Cursor, page
from api.reading import Limit, TheParts, json_response, known_only, moment_of

router = APIRouter(tags=["operation"], dependencies=[Depends(known_only)])

Text = Annotated[str | None, Query(max_length=200)]

_SHOWN = [c for c in operations.columns if c.name not in ("time_us", "digest")]


@router.get("/operations")
def log(
    parts: TheParts,
    cursor: Cursor,
    actor: Text = None,
    command: Annotated[str | None, Query(max_length=100, examples=["customer.regrade"])] = None,
    target: Annotated[str | None, Query(max_length=36, description="the id of a record")] = None,
    accepted: bool | None = None,
    refusal: Annotated[str | None, Query(max_length=100, examples=["parent-cycle"])] = None,
    from_: Annotated[str | None, Query(alias="from", max_length=40)] = None,
    to: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = 50,
) -> Response:
    """List attempts to command: who, what, on which record, from where, how it ended, how long.

    `from` and `to` are days or instants, both inclusive.
    """
    query = sa.select(operations.c.time_us, *_SHOWN).order_by(operations.c.number.desc())
    exact: dict[str, Any] = {"actor": actor, "command": command, "target": target}
    exact |= {"accepted": accepted, "refusal": refusal}
    for name, value in exact.items():
        if value is not None:
            query = query.where(operations.c[name] == value)
    if from_ is not None:
        start = moment_of(from_, "from", time.min)
        query = query.where(operations.c.time_us >= _microseconds(start))
    if to is not None:
        end = moment_of(to, "to", time.max)
        query = query.where(operations.c.time_us <= _microseconds(end))
    if cursor.after:
        query = query.where(operations.c.number < cursor.after[0])
    with parts.journal.engine.connect() as connection:
        rows = connection.execute(query.limit(limit + 1)).all()
    items = [
        {"time": instant(row.time_us), **{c.name: row._mapping[c.name] for c in _SHOWN}}
        for row in rows[:limit]
    ]
    last = [items[-1]["number"]] if len(rows) > limit else None
    return json_response(*page(cursor, items, last))


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // (instant(1) - EPOCH)
