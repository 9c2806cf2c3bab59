"""Columns of read models: types that mean the same in SQLite, PostgreSQL and DuckDB."""

from __future__ import annotations

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

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> Decimal | None:
        """Turn hundredths into an amount with two decimals."""
        return value if value is None or _native(dialect) else Decimal(value).scaleb(-2)


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

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> datetime | None:
        """Turn microseconds into a moment."""
        if value is None:
            return None
        if _native(dialect):
            return value.astimezone(UTC)  # type: ignore[no-any-return]
        return _EPOCH + timedelta(microseconds=int(value))


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

    def process_result_value(self, value: Any | None, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        """Read JSON."""
        return None if value is None else orjson.loads(value)


Day = sa.Date
"""A calendar day."""

COARSE = {"coarse": True}
"""Marks a column with few values: many rows share each, so that an index on it alone is no help."""


CURRENCY = COARSE | {"form": ("[A-Z]{3}", "CNY")}
"""Marks a column with codes of currencies: the pattern of these, and an example."""


ACTOR, PERMISSION = "actor", "permission"
"""What columns name besides records: whoever did something, and what a role may allow."""


def naming(kind: str) -> dict[str, str]:
    """Mark a column with the kind of what it names, where no command's field says it."""
    return {"of": kind}


def one_of(*values: str) -> dict[str, tuple[str, ...]]:
    """Mark a column with all values that it may have, where the domain's field does not say."""
    return {"values": tuple(map(str, values))}
