"""Called: what the records are called that figures are grouped by, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from domain.kernel.commands import every_command
from projections.kernel.listed import Listed
from projections.kernel.read_model import ReadModel, read_models
from projections.kernel.reports.dimensions import UNSEEN, Dimension
from projections.kernel.reports.measures import Measure
from projections.kernel.reports.report_scope import hidden, seen
from projections.kernel.warehouse.facts import literal, quote


def key_of(model: Listed) -> str:
    """Return the column by which others name the records of a read model: code or id.

    It is the code where commands name them by it.
    """
    return "code" if model.kind in _by_code() else "id"


@cache
def _by_code() -> frozenset[str]:
    told = (each for c in every_command().values() for each in (c.references, *c.nested.values()))
    return frozenset(r.kind for each in told for r in each.values() if r.claim is not None)


def label_of(model: ReadModel) -> str:
    """Return the column that says what a record of a read model is called."""
    return next(name for name in ("name", "title", "id") if name in model.table.c)


def named(
    figures: str,
    dimensions: Sequence[Dimension],
    measures: Sequence[Measure],
    top: int | None = None,
) -> str:
    """Return the query that adds to figures, in order, what each record is called.

    Args:
        figures: The query for them, with a column for each dimension and measure.
        dimensions: Those that group by records get a column `<dimension>_name` behind theirs.
        measures: The columns that follow.
        top: How many rows, of each currency: those with the greatest of the first measure.
    """
    columns, joins, order = list[str](), list[str](), list[str]()
    if top is not None:
        money = [quote(each.name) for each in dimensions if each.name == "currency"]
        within = f"PARTITION BY {money[0]}" if money else ""
        others = "".join(f", {quote(each.name)} NULLS LAST" for each in dimensions)
        ranked = f"{within} ORDER BY {quote(measures[0].name)} DESC NULLS LAST{others}"
        figures = f"SELECT *, row_number() OVER ({ranked}) AS place FROM ({figures})"
        figures += f" QUALIFY place <= {top:d}"
        order += (f"figures.{each} NULLS LAST" for each in (*money, "place"))
    for each in dimensions:
        column = f"figures.{quote(each.name)}"
        columns.append(column)
        if each.of:
            called = f"called_{each.name}"
            name = f"{called}.name"
            columns.append(f"{name} AS {quote(f'{each.name}_name')}")
            joins.append(f"LEFT JOIN ({_called(each.of)}) AS {called} ON {called}.key = {column}")
            order.append(f"{name} NULLS LAST")
        listed = ", ".join(map(literal, each.order))
        order.append(f"{f'list_position([{listed}], {column})' if listed else column} NULLS LAST")
    columns += (f"figures.{quote(each.name)}" for each in measures)
    tail = f" ORDER BY {', '.join(order)}" if order else ""
    return f"SELECT {', '.join(columns)} FROM ({figures}) AS figures {' '.join(joins)}{tail}"


def _called(name: str) -> str:
    """Return the query for the names of the records of a read model by their keys.

    Of those that are there, but out of sight, that is said.
    """
    model = read_models()[name]
    key, label = key_of(model), label_of(model)

    def parts() -> Iterator[str]:
        yield f"SELECT {key} AS key, {label} AS name, 0 AS rank FROM {seen(name)}"
        yield f"SELECT {key}, {literal(UNSEEN)}, 1 FROM {hidden(name)}"
        yield f"SELECT {literal(UNSEEN)}, {literal(UNSEEN)}, 1"  # where a value says so itself

    return (
        f"SELECT key, min_by(name, rank) AS name FROM ({' UNION ALL '.join(parts())}) GROUP BY key"
    )
