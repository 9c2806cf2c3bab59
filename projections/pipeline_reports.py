"""The reports on opportunities: what is open, what was won and lost, the way through the stages."""

from __future__ import annotations

from domain.sales_stage import Stage
from projections.dimensions import Dimension
from projections.measures import Measure, across, count, mean, total
from projections.reports import Report
from projections.standpoint import seen

_JOINS = {
    "customer": f"LEFT JOIN {seen('customers')} AS customer ON customer.id = base.customer_id"
}
_BEHIND = {"customer": ("customers", "[customer.id]")}

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


# Amounts split among product lines have more digits than money has.
_CENTS = "CAST(round({}, 2) AS DECIMAL(38, 2))"


_OPEN = f"FROM {seen('opportunities')} WHERE status = 'open'"
_ENDED = f"FROM {seen('opportunities')} WHERE status <> 'open'"

pipeline = Report(
    name="pipeline",
    title="Pipeline: open opportunities",
    records="opportunities",
    source=_OPEN,
    grains={"product": _by_product(_OPEN)},
    joins=_JOINS,
    behind=_BEHIND,
    on="base.expected_close",
    period="the expected close",
    dimensions=(_STAGE, *_WHO, _PRODUCT, _CURRENCY),
    measures=(
        Measure("opportunities", "Opportunities", "open opportunities", count()),
        Measure(
            "amount",
            "Amount",
            "sum of the amounts; by product, split by what the product lines come to",
            total("base.amount"),
            _CENTS,
            money=True,
            sensitive="amount",
        ),
        Measure(
            "weighted_amount",
            "Weighted amount",
            "sum of each amount times its probability",
            total("base.weighted_amount"),
            _CENTS,
            money=True,
            sensitive="amount",
        ),
        Measure(
            "average_probability",
            "Average probability",
            "mean probability in percent, each opportunity counting the same",
            mean("base.probability"),
            "round({}, 2)",
        ),
    ),
)

sales = Report(
    name="sales",
    title="Sales: opportunities won, lost and abandoned",
    records="opportunities",
    source=_ENDED,
    grains={"product": _by_product(_ENDED)},
    joins=_JOINS,
    behind=_BEHIND,
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
        Measure("won", "Won", "opportunities won", count("base.status = 'won'")),
        Measure(
            "won_amount",
            "Amount won",
            "sum of the amounts agreed; by product, split by what the product lines come to",
            total("base.amount", where="base.status = 'won'"),
            _CENTS,
            money=True,
            sensitive="amount",
        ),
        Measure("lost", "Lost", "opportunities lost", count("base.status = 'lost'")),
        Measure(
            "lost_amount",
            "Amount lost",
            "sum of the amounts last expected of opportunities lost",
            total("base.amount", where="base.status = 'lost'"),
            _CENTS,
            money=True,
            sensitive="amount",
        ),
        Measure(
            "abandoned",
            "Abandoned",
            "opportunities abandoned",
            count("base.status = 'abandoned'"),
        ),
        Measure(
            "win_rate",
            "Win rate",
            "won as a share of won and lost",
            {
                "won": count("base.status = 'won'"),
                "ended": count("base.status IN ('won', 'lost')"),
            },
            "round({won} / nullif({ended}, 0), 4)",
        ),
        Measure(
            "average_days_to_win",
            "Average days to win",
            "mean days from opening to close of opportunities won",
            mean("base.closed_on - base.opened_on", where="base.status = 'won'"),
            "round({}, 2)",
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
    records="opportunities",
    source=_STAYS,
    joins=_JOINS,
    behind=_BEHIND,
    on="base.entered_on",
    period="the entry into the stage",
    dimensions=(_STAGE, *_WHO, _CURRENCY),
    measures=(
        Measure("entered", "Entered", "times that an opportunity entered the stage", count()),
        *(
            Measure(
                outcome.replace("-", "_"),
                title,
                definition,
                count(f"base.outcome = '{outcome}'"),
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
            {
                "went_on": count("base.outcome IN ('advanced', 'won')"),
                "ended": count("base.outcome <> 'open'"),
            },
            "round({went_on} / nullif({ended}, 0), 4)",
        ),
        Measure(
            "average_days",
            "Average days",
            "mean days in the stage of stays that ended",
            mean("base.days"),
            "round({}, 2)",
        ),
        Measure(
            "median_days",
            "Median days",
            "median days in the stage of stays that ended",
            across("median({})", "base.days"),
            "round({}, 2)",
        ),
    ),
)
