"""The report on contracts: what is in force on a day, what is left of it, what went on."""

from __future__ import annotations

from domain.sales.contract_course import ENDS, RUNNING, UNSIGNED
from projections.customers.customer_dimensions import CUSTOMER_BEHIND, customer_join
from projections.kernel.reports.dimensions import Dimension
from projections.kernel.reports.measures import Measure, count, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen
from projections.sales.contract_sources import (
    DIMENSIONS,
    PRODUCT,
    SIGNED,
    each_product,
    whole,
)

_SUSPENSIONS = '[{"first":"DATE","last":"DATE"}]'
_LINES = '[{"product":"VARCHAR","quantity":"BIGINT","one_off":"DECIMAL(18,2)","from":"DATE"}]'


def _of_month(until: str) -> str:
    """Return the SQL of the fees of the month that begins with `m`, of its days before another.

    It is in hundredths, rounded half up.
    """
    fee = "CAST(CAST(fees[n].monthly AS DECIMAL(38, 2)) * 100 AS HUGEINT)"
    upto = f"""least(fees[n + 1]."from", {until})"""
    days = f"""greatest(0, date_diff('day', greatest(fees[n]."from", m), {upto}))"""
    of = "date_diff('day', m, m + INTERVAL 1 MONTH)"
    whole = f"coalesce(list_sum([{fee} * {days} FOR n IN range(1, len(fees))]), 0)"
    return f"(2 * {whole} + {of}) // (2 * {of})"


_LEFT = f"""CAST(coalesce(list_sum([
        {_of_month("m + INTERVAL 1 MONTH")} - {_of_month("least(last + 1, m + INTERVAL 1 MONTH)")}
        FOR m IN generate_series(date_trunc('month', last + 1), last_day, INTERVAL 1 MONTH)
    ]), 0) AS DECIMAL(36, 0)) * CAST(0.01 AS DECIMAL(2, 2)) + coalesce(list_sum([
        each.quantity * each.one_off FOR each IN from_json(lines, '{_LINES}')
        IF coalesce(each."from", starts_on) > last AND coalesce(each."from", starts_on) <= last_day
        AND each.product = coalesce(of_product, each.product)
    ]), 0)"""
"""What is left of a contract after a day: its worth, less that which it has if it ends then."""


def _standing(contracts: str, product: str) -> str:
    """Return a source of contracts as they stand on the last day of each span, by their terms."""
    return f"""SELECT *, standing IN ('in-force', 'suspended') AS held,
        coalesce(list_filter(fees, lambda fee: fee."from" <= last)[-1].monthly, 0) AS fee,
        {_LEFT.replace("of_product", product)} AS remaining,
        len([each FOR each IN from_json(former_ends, '["DATE"]')
            IF each BETWEEN first AND last]) AS renewed,
        CAST(status IN ({SIGNED}) AND last_day BETWEEN first AND last AS INTEGER) AS ended
    FROM (
        SELECT *, CASE
            WHEN status NOT IN ({SIGNED}) THEN status
            WHEN last < starts_on THEN 'signed'
            WHEN last > last_day THEN if(status = 'terminated', 'terminated', 'expired')
            WHEN len(list_filter(from_json(suspensions, '{_SUSPENSIONS}'),
                lambda each: each.first <= spans.last AND spans.last <= coalesce(
                each.last, spans.last))) > 0 THEN 'suspended'
            ELSE 'in-force'
        END AS standing
        FROM ({contracts}) CROSS JOIN spans
    ) LEFT JOIN (
        SELECT replaces_id AS id, list(other ORDER BY other) AS others
        FROM (SELECT replaces_id, id AS other FROM {seen("contracts")} WHERE status IN ({SIGNED}))
        WHERE replaces_id <> other GROUP BY replaces_id
    ) USING (id)"""


def _ending(days: int) -> Measure:
    return Measure(
        f"ending_{days}",
        f"Ending within {days} days",
        f"contracts in force whose last day is at most {days} days away",
        count(f"base.held AND base.last_day <= base.last + {days}"),
        zh=f"{days} 天内到期",
        kind="stock",
    )


contracts_report = Report(
    name="contracts",
    title="Contracts: what is in force on a day",
    records="contracts",
    source=_standing(whole(), "NULL"),
    grains={"product": _standing(each_product(), "product")},
    joins=customer_join(),
    behind={"": ("contracts", "base.others"), **CUSTOMER_BEHIND},
    on="base.last",
    period="the day that the figures are of: the last one of each period asked for",
    spanning=True,
    dimensions=(
        Dimension(
            "status",
            "Status on the day, by the terms",
            "base.standing",
            order=(*UNSIGNED, *RUNNING, *ENDS),
            zh="当日状态（按条款）",
        ),
        *DIMENSIONS,
        PRODUCT,
    ),
    measures=(
        Measure(
            "contracts",
            "Contracts",
            "contracts of whatever status",
            count(),
            zh="合同数",
            kind="stock",
        ),
        Measure(
            "value",
            "Value",
            "sum of what the contracts are worth over their terms, of whatever status but void; by "
            "product, split in hundredths by what the lines come to",
            total("base.value", where="base.standing <> 'void'"),
            money=True,
            sensitive="amount",
            zh="合同价值",
            kind="stock",
            better="up",
        ),
        Measure(
            "in_force",
            "In force",
            "signed contracts whose term has begun and not ended, suspended or not",
            count("base.held"),
            zh="履行中",
            kind="stock",
            better="up",
        ),
        Measure(
            "monthly_fee",
            "Monthly fee",
            "sum of the monthly fees of the day of contracts in force; none while suspended",
            total("base.fee", where="base.held"),
            money=True,
            sensitive="amount",
            zh="月费",
            kind="stock",
            better="up",
        ),
        Measure(
            "remaining",
            "Remaining",
            "sum of what is left of contracts in force after the day: what each is worth less what "
            "it is worth if it ends with the day; by product each rounded by itself",
            total("CAST(base.remaining AS DECIMAL(38, 2))", where="base.held"),
            money=True,
            sensitive="amount",
            zh="剩余价值",
            kind="stock",
            better="up",
        ),
        *map(_ending, (30, 60, 90)),
        Measure(
            "renewal_rate",
            "Renewal rate",
            "of the terms whose last day lies in the period, the share that went on: the contract "
            "was renewed, or a signed one replaces it",
            {
                "renewed": total("base.renewed + if(base.others IS NULL, 0, base.ended)"),
                "due": total("base.renewed + base.ended"),
            },
            "round({renewed} / nullif({due}, 0), 4)",
            zh="续签率",
            kind="ratio",
            unit="share",
            better="up",
        ),
    ),
    zh="合同存量",
)
