"""Sums for summaries: amounts and lists put together by SQLite, PostgreSQL and DuckDB alike."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from domain.kernel.types.values import LARGEST
from projections.kernel.columns import Json, Money, hundredths

_MOST = hundredths(LARGEST)
_PART = 10**9


class capped_sum(FunctionElement[Decimal]):
    """The sum of amounts of a `Money` column as one more such: 0 of none, at most the `LARGEST`."""

    type = Money()
    inherit_cache = True


@compiles(capped_sum)
def _summed(element: Any, compiler: Any, **told: Any) -> str:
    amount = compiler.process(element.clauses, **told)
    return f"CAST(least(coalesce(sum({amount}), 0), {_MOST}) AS BIGINT)"


@compiles(capped_sum, "duckdb")
def _summed_decimals(element: Any, compiler: Any, **told: Any) -> str:
    amount = compiler.process(element.clauses, **told)
    return f"CAST(least(coalesce(sum({amount}), 0), {LARGEST}) AS DECIMAL(18, 2))"


@compiles(capped_sum, "sqlite")
def _summed_in_parts(element: Any, compiler: Any, **told: Any) -> str:
    """Sum the upper and the lower digits apart: SQLite's sums end at 2^63 with an error."""
    amount = compiler.process(element.clauses, **told)
    lower = f"sum({amount} % {_PART})"
    upper = f"(sum({amount} / {_PART}) + {lower} / {_PART})"
    whole = f"{upper} * {_PART} + {lower} % {_PART}"
    return f"CASE WHEN {upper} > {_MOST // _PART} THEN {_MOST} ELSE coalesce({whole}, 0) END"


class decimal_text(FunctionElement[str]):
    """The text of an amount, with its two decimals; none is below nothing."""

    type = sa.Text()
    inherit_cache = True


@compiles(decimal_text)
def _in_text(element: Any, compiler: Any, **told: Any) -> str:
    amount = compiler.process(element.clauses, **told)
    cents = f"100 + ({amount}) - ({amount}) / 100 * 100"
    return f"(CAST(({amount}) / 100 AS TEXT) || '.' || substr(CAST({cents} AS TEXT), 2))"


@compiles(decimal_text, "duckdb")
def _cast_to_text(element: Any, compiler: Any, **told: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **told)} AS VARCHAR)"


def json_object(fields: Mapping[str, sa.ColumnElement[Any]]) -> sa.ColumnElement[str]:
    """Return the JSON text of an object: numbers of things, amounts, and codes that need no escape.

    Written out, as each database puts other blanks and digits into its own.
    """
    text: sa.ColumnElement[str] = sa.literal("{", sa.Text)
    for place, (name, value) in enumerate(fields.items()):
        text = text + sa.literal(f'{"," if place else ""}"{name}":', sa.Text) + _json(value)
    return text + sa.literal("}", sa.Text)


def json_list(
    text: sa.ColumnElement[str], *, of: sa.ColumnElement[Any], by: sa.ColumnElement[Any]
) -> sa.ColumnElement[Any]:
    """Return the JSON list of some texts of each group `of`, in the order `by`.

    It stands in each row of its group, as SQLite orders what it puts together in windows only.
    """
    joined = sa.func.aggregate_strings(text, ",").over(
        partition_by=of, order_by=by.nulls_first(), rows=(None, None)
    )
    return sa.type_coerce(sa.literal("[", sa.Text) + joined + sa.literal("]", sa.Text), Json)


def _json(value: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    if isinstance(value.type, sa.Integer):
        return sa.cast(value, sa.Text)
    plain = decimal_text(value) if isinstance(value.type, Money) else value
    quote = sa.literal('"', sa.Text)
    return sa.func.coalesce(quote + plain + quote, sa.literal("null", sa.Text), type_=sa.Text)
