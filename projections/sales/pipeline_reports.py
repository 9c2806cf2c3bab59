"""The reports on opportunities: what is open, what was won and lost, the way through the stages."""

from __future__ import annotations

from domain.sales.opportunity_source import Source
from domain.sales.opportunity_stage import Stage
from projections.customers.customer_dimensions import customer_join, of_customer
from projections.kernel.reports.dimensions import Dimension, currency
from projections.kernel.reports.measures import Measure, across, count, mean, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen

_BEHIND = {"customer": ("customers", "[customer.id]")}

_LINES = '[{"product":"VARCHAR","quantity":"BIGINT","monthly":"DECIMAL(18,2)",' + (
    '"one_off":"DECIMAL(18,2)","months":"BIGINT"}]'
)


def _hundredths(amount: str) -> str:
    return f"CAST(CAST({amount} AS DECIMAL(38, 2)) * 100 AS HUGEINT)"


_WORTH = "line.quantity * (line.one_off::DECIMAL(38, 2) + line.monthly * line.months)"
_AMOUNTS = ("amount", "weighted_amount")


def _by_product(source: str) -> str:
    """Return a source with a row per product line, the opportunity's amounts split among them.

    By what the lines come to; evenly where they come to nothing. The parts are whole hundredths
    and add up to the amount: what rounding down leaves goes, one each, to the lines with the
    largest remainders, the first ones first.
    """
    line = f"'{_LINES}'"
    steps = (
        f"*, coalesce(nullif(from_json(lines, {line}), []), [NULL]) AS parts",
        "* EXCLUDE (parts), unnest(parts) AS line, unnest(range(len(parts))) AS place",
        f"*, coalesce({_hundredths(_WORTH)}, 0) AS worth",
        "*, sum(worth) OVER parts AS total",
        # An amount times a weight is to be less than 2^127.
        f"*, CASE WHEN total > 0 THEN worth // (total // {10**18} + 1) ELSE 1 END AS weight",
        "*, sum(weight) OVER parts AS weights",
        ", ".join(
            ["*"]
            + [f"{_hundredths(each)} * weight // weights AS {each}_down" for each in _AMOUNTS]
            + [f"{_hundredths(each)} * weight % weights AS {each}_rest" for each in _AMOUNTS]
        ),
        f"* REPLACE ({', '.join(map(_rounded, _AMOUNTS))}), line.product AS product",
    )
    for columns in steps:
        source = f"SELECT {columns} FROM ({source}) WINDOW parts AS (PARTITION BY id)"
    return source


def _rounded(amount: str) -> str:
    """Return the SQL of a line's part of an amount, by its hundredths rounded down and the rest."""
    rank = f"row_number() OVER (PARTITION BY id ORDER BY {amount}_rest DESC, place)"
    left = f"{_hundredths(amount)} - sum({amount}_down) OVER parts"
    part = f"{amount}_down + CASE WHEN {rank} <= {left} THEN 1 ELSE 0 END"
    return f"CAST({part} AS DECIMAL(36, 0)) * 0.01::DECIMAL(2, 2) AS {amount}"


_WHO = (
    Dimension("unit", "Unit", "base.unit", of="units", tree=True),
    Dimension("manager", "Account manager", "base.manager", of="employees"),
    Dimension("source", "Source", "base.source", values=tuple(Source)),
    *of_customer("industry", "category", "grade", "region"),
)
_PRODUCT = Dimension("product", "Product line", "base.product", grain="product")
_CURRENCY = currency()
_STAGE = Dimension("stage", "Stage", "base.stage", order=tuple(Stage))


_OPEN = f"FROM {seen('opportunities')} WHERE status = 'open'"
_ENDED = f"FROM {seen('opportunities')} WHERE status <> 'open'"

pipeline = Report(
    name="pipeline",
    title="Pipeline: open opportunities",
    records="opportunities",
    source=_OPEN,
    grains={"product": _by_product(_OPEN)},
    joins=customer_join(),
    behind=_BEHIND,
    on="base.expected_close",
    period="the expected close",
    dimensions=(_STAGE, *_WHO, _PRODUCT, _CURRENCY),
    measures=(
        Measure("opportunities", "Opportunities", "open opportunities", count()),
        Measure(
            "amount",
            "Amount",
            "sum of the amounts; by product, split in hundredths by what the lines come to",
            total("base.amount"),
            money=True,
            sensitive="amount",
        ),
        Measure(
            "weighted_amount",
            "Weighted amount",
            "sum of each amount times its probability",
            total("base.weighted_amount"),
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
    joins=customer_join(),
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
            "sum of the amounts agreed; by product, split in hundredths by what the lines come to",
            total("base.amount", where="base.status = 'won'"),
            money=True,
            sensitive="amount",
        ),
        Measure("lost", "Lost", "opportunities lost", count("base.status = 'lost'")),
        Measure(
            "lost_amount",
            "Amount lost",
            "sum of the amounts last expected of opportunities lost",
            total("base.amount", where="base.status = 'lost'"),
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
    SELECT id, title, unit, manager, source, customer_id, currency, stay.stage AS stage,
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
    joins=customer_join(),
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
