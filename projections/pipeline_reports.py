"""The reports on opportunities: what is open, what was won and lost, the way through the stages."""

from __future__ import annotations

from domain.sales_stage import Stage
from projections.reports import Dimension, Measure, Report
from projections.standpoint import seen

_JOINS = {
    "customer": f"LEFT JOIN {seen('customers')} AS customer ON customer.id = base.customer_id"
}

_LINE = '[{"product":"VARCHAR","quantity":"DOUBLE","monthly":"DOUBLE",' + (
    '"one_off":"DOUBLE","months":"DOUBLE"}]'
)
_WORTH = "line.quantity * (line.one_off + line.monthly * line.months)"


def _by_product(source: str) -> str:
    """Return a source with a row per product line, the opportunity's amounts split among them.

    By what the lines come to; evenly where they come to nothing.
    """
    amount, weighted = (
        f"CAST({name} * CASE WHEN total > 0 THEN {_WORTH} / total ELSE 1 / count END "
        f"AS DECIMAL(38, 10)) AS {name}"
        for name in ("amount", "weighted_amount")
    )
    return f"""
        SELECT * EXCLUDE (line, total, count) REPLACE ({amount}, {weighted}),
            line.product AS product
        FROM (
            SELECT * EXCLUDE (parts), len(parts) AS count, unnest(parts) AS line,
                list_sum(list_transform(parts, lambda line: {_WORTH})) AS total
            FROM (
                SELECT *, coalesce(nullif(from_json(lines, '{_LINE}'), []), [NULL]) AS parts
                FROM ({source})
            )
        )"""


_WHO = (
    Dimension("unit", "Unit", "base.unit", tree=True),
    Dimension("manager", "Account manager", "base.manager"),
    Dimension("source", "Source", "base.source"),
    Dimension("customer", "Customer", "customer.name", join="customer"),
    Dimension("industry", "Customer's industry", "customer.industry", join="customer"),
    Dimension("category", "Customer's category", "customer.category", join="customer"),
    Dimension("grade", "Customer's grade", "customer.grade", join="customer"),
    Dimension("region", "Customer's region", "customer.region", join="customer"),
)
_PRODUCT = Dimension("product", "Product line", "base.product", grain="product")
_CURRENCY = Dimension("currency", "Currency", "base.currency")
_STAGE = Dimension("stage", "Stage", "base.stage", order=tuple(Stage))


def _sum(of: str) -> str:
    return f"CAST(round(sum({of}), 2) AS DECIMAL(38, 2))"


def _sum_where(of: str, condition: str) -> str:
    return f"CAST(round(sum({of}) FILTER (WHERE {condition}), 2) AS DECIMAL(38, 2))"


_OPEN = f"FROM {seen('opportunities')} WHERE status = 'open'"
_ENDED = f"FROM {seen('opportunities')} WHERE status <> 'open'"

pipeline = Report(
    name="pipeline",
    title="Pipeline: open opportunities",
    source=_OPEN,
    grains={"product": _by_product(_OPEN)},
    joins=_JOINS,
    on="base.expected_close",
    period="the expected close",
    dimensions=(_STAGE, *_WHO, _PRODUCT, _CURRENCY),
    measures=(
        Measure("opportunities", "Opportunities", "open opportunities", "{records}"),
        Measure(
            "amount",
            "Amount",
            "sum of the amounts; by product, split by what the product lines come to",
            _sum("base.amount"),
            money=True,
            sensitive="amount",
        ),
        Measure(
            "weighted_amount",
            "Weighted amount",
            "sum of each amount times its probability",
            _sum("base.weighted_amount"),
            money=True,
            sensitive="amount",
        ),
        Measure(
            "average_probability",
            "Average probability",
            "mean probability in percent, each opportunity counting the same",
            "round(avg(base.probability), 2)",
        ),
    ),
)

sales = Report(
    name="sales",
    title="Sales: opportunities won, lost and abandoned",
    source=_ENDED,
    grains={"product": _by_product(_ENDED)},
    joins=_JOINS,
    on="base.closed_on",
    period="the close",
    dimensions=(
        Dimension("outcome", "Outcome", "base.status", order=("won", "lost", "abandoned")),
        *_WHO,
        _PRODUCT,
        _STAGE,
        Dimension("reason", "Reason of the loss, or why it was abandoned", "base.close_reason"),
        Dimension("competitor", "Competitor that won", "base.lost_to"),
        _CURRENCY,
    ),
    measures=(
        Measure("won", "Won", "opportunities won", "{records} FILTER (WHERE base.status = 'won')"),
        Measure(
            "won_amount",
            "Amount won",
            "sum of the amounts agreed; by product, split by what the product lines come to",
            _sum_where("base.amount", "base.status = 'won'"),
            money=True,
            sensitive="amount",
        ),
        Measure(
            "lost", "Lost", "opportunities lost", "{records} FILTER (WHERE base.status = 'lost')"
        ),
        Measure(
            "lost_amount",
            "Amount lost",
            "sum of the amounts last expected of opportunities lost",
            _sum_where("base.amount", "base.status = 'lost'"),
            money=True,
            sensitive="amount",
        ),
        Measure(
            "abandoned",
            "Abandoned",
            "opportunities abandoned",
            "{records} FILTER (WHERE base.status = 'abandoned')",
        ),
        Measure(
            "win_rate",
            "Win rate",
            "won as a share of won and lost",
            "round({records} FILTER (WHERE base.status = 'won') / "
            "nullif({records} FILTER (WHERE base.status IN ('won', 'lost')), 0), 4)",
        ),
        Measure(
            "average_days_to_win",
            "Average days to win",
            "mean days from opening to close of opportunities won",
            "round(avg(base.closed_on - base.opened_on) FILTER (WHERE base.status = 'won'), 2)",
        ),
    ),
)

_ORDER = ", ".join(f"'{stage}'" for stage in Stage)
_STAYS = f"""
    SELECT id, unit, manager, source, customer_id, currency, stay.stage AS stage,
        CAST(stay."from" AS DATE) AS entered_on, stay.days AS days,
        CASE
            WHEN following IS NULL THEN status
            WHEN list_position([{_ORDER}], following) > list_position([{_ORDER}], stay.stage)
                THEN 'advanced'
            WHEN following = stay.stage THEN 'reopened'
            ELSE 'moved-back'
        END AS outcome
    FROM (
        SELECT *, stays[place] AS stay, stays[place + 1].stage AS following
        FROM (
            SELECT *, unnest(generate_series(1, len(stays))) AS place
            FROM (
                SELECT *, from_json(stages, '[{{"stage":"VARCHAR","from":"VARCHAR",
                    "days":"BIGINT"}}]') AS stays
                FROM {seen("opportunities")}
            )
        )
    )"""

stages = Report(
    name="stages",
    title="Stages: how opportunities go on from each stage, and after how long",
    source=_STAYS,
    joins=_JOINS,
    on="base.entered_on",
    period="the entry into the stage",
    dimensions=(_STAGE, *_WHO, _CURRENCY),
    measures=(
        Measure("entered", "Entered", "times that an opportunity entered the stage", "{records}"),
        *(
            Measure(
                outcome.replace("-", "_"),
                title,
                definition,
                f"{{records}} FILTER (WHERE base.outcome = '{outcome}')",
            )
            for outcome, title, definition in (
                ("advanced", "Advanced", "stays that ended with a later stage"),
                ("won", "Won", "stays that ended with the sale won"),
                ("lost", "Lost", "stays that ended with the sale lost"),
                ("abandoned", "Abandoned", "stays that ended with the sale abandoned"),
                ("moved-back", "Moved back", "stays that ended with an earlier stage"),
                ("reopened", "Reopened", "stays that ended with a close that was reopened"),
                ("open", "Still there", "stays that have not ended"),
            )
        ),
        Measure(
            "conversion",
            "Conversion",
            "advanced and won as a share of all stays that ended",
            "round({records} FILTER (WHERE base.outcome IN ('advanced', 'won')) / "
            "nullif({records} FILTER (WHERE base.outcome <> 'open'), 0), 4)",
        ),
        Measure(
            "average_days",
            "Average days",
            "mean days in the stage of stays that ended",
            "round(avg(base.days), 2)",
        ),
        Measure(
            "median_days",
            "Median days",
            "median days in the stage of stays that ended",
            "round(median(base.days), 2)",
        ),
    ),
)
