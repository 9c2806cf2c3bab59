"""Columns of read models in DuckDB and Arrow: their types, and how values go in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
import pyarrow as pa
import sqlalchemy as sa

from projections.kernel.columns import Instant, Json, Money

Encode = Callable[[Sequence[Any]], list[Any]]
Decode = Callable[[Any], Any]


def stored(type_: sa.types.TypeEngine[Any]) -> tuple[str, Any, Encode | None, Decode | None]:
    """Return the types of a column in DuckDB and Arrow, and how its values go in and out."""
    match type_:
        case Money():
            return "DECIMAL(18,2)", pa.decimal128(18, 2), None, None
        case Instant():
            return "TIMESTAMPTZ", pa.timestamp("us", "UTC"), None, _in_utc
        case Json():
            return "JSON", pa.string(), _written, orjson.loads
        case sa.Boolean():
            return "BOOLEAN", pa.bool_(), None, None
        case sa.Integer():
            return "BIGINT", pa.int64(), None, None
        case sa.Float():
            return "DOUBLE", pa.float64(), None, None
        case sa.Date():
            return "DATE", pa.date32(), None, None
    return "VARCHAR", pa.string(), None, None


def _in_utc(value: datetime) -> datetime:
    return value.astimezone(UTC)


def _written(values: Sequence[Any]) -> list[str | None]:
    """Write values as JSON, each object once: most versions share theirs with the one before."""
    known: dict[int, str] = {}
    written: list[str | None] = []
    for value in values:
        if value is None:
            written.append(None)
            continue
        text = known.get(id(value))
        if text is None:
            text = known[id(value)] = orjson.dumps(value, default=str).decode()
        written.append(text)
    return written
