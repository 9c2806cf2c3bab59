"""What the reports on products in use are made of: what is in use on a day, and what beside it."""

from __future__ import annotations

from projections.kernel.reports.dimensions import UNSEEN
from projections.kernel.reports.report_scope import hidden, seen

_STEPS = '[{"from":"DATE","quantity":"BIGINT","monthly_fee":"DECIMAL(18,2)"}]'


def used() -> str:
    """Return the query of what is in use on the last day of each span, with the last step."""
    return f"""SELECT *, active AND step.quantity IS NOT NULL AS used FROM (
    SELECT *, coalesce(activated_on <= last AND (ceased_on IS NULL OR ceased_on > last), false)
        AS active,
        coalesce(activated_on BETWEEN first AND last, false) AS added,
        coalesce(activated_on IS NOT NULL AND ceased_on BETWEEN first AND last, false) AS gone,
        list_filter(from_json(steps, '{_STEPS}'), lambda each: each."from" <= last)[-1] AS step
    FROM {seen("products_in_use")} CROSS JOIN spans
)"""


def beside(name: str, model: str) -> str:
    """Return the join that gives the record of a model which a row names, in sight or not."""
    key = f"base.{name}_id"
    return (
        f"LEFT JOIN {seen(model)} AS {name} ON {name}.id = {key} "
        f"LEFT JOIN {hidden(model)} AS unseen_{name} ON unseen_{name}.id = {key}"
    )


def told_of(name: str, sql: str) -> str:
    """Return what is told of such a record, as far as it is in sight."""
    return f"CASE WHEN unseen_{name}.id IS NULL THEN {sql} ELSE '{UNSEEN}' END"
