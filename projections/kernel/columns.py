"""Columns of read models: types that mean the same in SQLite, PostgreSQL and DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PART = 10**9
_MICROSECOND = timedelta(microseconds=1)

Reader = Callable[[Any], Any]
"""Turns a value of the database into one of ours; it is called for each, so types give theirs
themselves: SQLAlchemy calls a `process_result_value` through two others."""

# By code point, so that both databases sort alike and a prefix is a range of the index.
Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text of any length, sorted by code point."""

Id = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
"""The id of a record."""


def _native(dialect: sa.Dialect) -> bool:
    """Tell whether the database has decimals, instants and JSON of its own that are exact."""
    return dialect.name == "duckdb"


def hundredths(amount: Decimal) -> int:
    """Return an amount in hundredths. Raises `ValueError` when it has more than two decimals."""
    whole = int(shifted := amount.scaleb(2))
    if whole != shifted:
        raise ValueError(f"{amount} has more than two decimals")
    return whole


def microseconds(moment: datetime) -> int:
    """Return an aware moment in microseconds since 1970 UTC."""
    return (moment - _EPOCH) // _MICROSECOND


def json_text(value: Any) -> str:
    """Return a list or an object as JSON."""
    return orjson.dumps(value, default=str).decode()


def _amount(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value).scaleb(-2)


def _moment(value: int | None) -> datetime | None:
    return None if value is None else _EPOCH + timedelta(0, 0, int(value))


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


def _parsed(value: str | None) -> Any:
    return None if value is None else orjson.loads(value)


class Money(TypeDecorator[Decimal]):
    """An amount with two decimals, kept as whole hundredths: it filters, sorts and sums exactly.

    `Decimal` in Python; DuckDB has DECIMAL(18, 2).
    """

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return the type of the database behind it."""
        return dialect.type_descriptor(sa.Numeric(18, 2) if _native(dialect) else sa.BigInteger())

    def process_bind_param(self, value: Decimal | None, dialect: sa.Dialect) -> Any:
        """Turn an amount into hundredths; more than two decimals are refused."""
        return value if value is None or _native(dialect) else hundredths(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Reader | None:
        """Return what turns hundredths into an amount with two decimals."""
        return super().result_processor(dialect, coltype) if _native(dialect) else _amount


class exact_sum(FunctionElement[Decimal]):
    """The sum of amounts of a `Money` column, however large it becomes."""

    type = Money()
    inherit_cache = True


@compiles(exact_sum)
def _summed(element: Any, compiler: Any, **told: Any) -> str:
    return f"sum({compiler.process(element.clauses, **told)})"


@compiles(exact_sum, "sqlite")
def _summed_in_parts(element: Any, compiler: Any, **told: Any) -> str:
    """Sum the upper and the lower digits apart: SQLite's sums end at 2^63 with an error."""
    amount = compiler.process(element.clauses, **told)
    upper, lower = f"sum({amount} / {_PART})", f"sum({amount} % {_PART})"
    text = f"printf('%d%09d', {upper} + {lower} / {_PART}, {lower} % {_PART})"
    return f"CASE WHEN count({amount}) > 0 THEN {text} END"


class Instant(TypeDecorator[datetime]):
    """A moment, kept as microseconds since 1970 UTC.

    An aware `datetime` in UTC in Python; DuckDB has TIMESTAMP WITH TIME ZONE.
    """

    impl = sa.BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return the type of the database behind it."""
        native = sa.DateTime(timezone=True)
        return dialect.type_descriptor(native if _native(dialect) else sa.BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Turn a moment into microseconds."""
        return value if value is None or _native(dialect) else microseconds(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Reader | None:  # noqa: ARG002
        """Return what turns microseconds, or the database's own moment, into one in UTC."""
        return _in_utc if _native(dialect) else _moment


class Json(TypeDecorator[Any]):
    """Lists and objects, kept as JSON text; not for filtering or sorting."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Return the type of the database behind it."""
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any | None, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        """Write JSON."""
        return None if value is None else json_text(value)

    def result_processor(self, dialect: sa.Dialect, coltype: object) -> Reader | None:  # noqa: ARG002
        """Return what reads JSON."""
        return _parsed


Day = sa.Date
"""A calendar day."""

COARSE = {"coarse": True}
"""Marks a column with few values: many rows share each, so that an index on it alone is no help."""


CURRENCY = COARSE | {"form": ("[A-Z]{3}", "CNY")}
"""Marks a column with codes of currencies: the pattern of these, and an example."""


MONTH = COARSE | {"form": ("[0-9]{4}-(0[1-9]|1[0-2])", "2026-03")}
"""Marks a column with months."""

DERIVED = {"derived": True}
"""Marks a column that says nothing but what others say: none of its changes is told."""


HOLDS, REPORTED = "holds", "reported"


REACHES_BELOW = {"list": True, "of": "unit", "below": True}
"""Marks a column with a list of units, each with all below it."""


def until(column: str, name: str, by_now: str = "") -> dict[str, str]:
    """Mark a column with the first day of what ends on the day in another `column`.

    By `name` a list is asked for what is so on a day, by `by_now`, if there is one, for what is so,
    or is not, on the day that is asked about.
    """
    return {"until": column, "during": name, "by_now": by_now}


def within(name: str) -> dict[str, str]:
    """Mark a column with days: by `name` a list is asked for those of a month, quarter or year."""
    return {"within": name}


def before(name: str) -> dict[str, str]:
    """Mark a column with instants: by `name` a list is asked for what comes before one."""
    return {"before": name}


def reached(name: str) -> dict[str, str]:
    """Mark a column with instants: by `name` a list is asked for what has reached its own, or not.

    That is a comparison with the moment that is asked about, and right at any of the past.
    """
    return {"reached": name}


def holds(shape: Any) -> dict[str, Any]:
    """Mark a column of JSON with the type of what it has, as the API tells it."""
    return {HOLDS: shape}


def reported(shape: Any) -> dict[str, Any]:
    """Mark a column of JSON as `holds` does, and as one whose elements reports are made of.

    The warehouse keeps these with types of its own besides: so they sum up as fast as columns do.
    """
    return {HOLDS: shape, REPORTED: True}


ACTOR, PERMISSION = "actor", "permission"
"""What columns name besides records: whoever did something, and what a role may allow."""


def naming(kind: str) -> dict[str, str]:
    """Mark a column with the kind of what it names, where no command's field says it."""
    return {"of": kind}


def one_of(*values: str) -> dict[str, tuple[str, ...]]:
    """Mark a column with all values that it may have, where the domain's field does not say."""
    return {"values": tuple(map(str, values))}
