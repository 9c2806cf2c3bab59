"""The reports on opportunities: what is open, what was won and lost."""

from __future__ import annotations

from domain.sales.opportunity_source import Source
from domain.sales.opportunity_stage import Stage
from projections.customers.customer_dimensions import CUSTOMER_BEHIND, customer_join, of_customer
from projections.kernel.reports.dimensions import CURRENCY, MANAGER, UNIT, Dimension
from projections.kernel.reports.measures import Measure, count, mean, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen

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


WHO = (
    UNIT,
    MANAGER,
    Dimension("source", "Source", "base.source", values=tuple(Source), zh="来源"),
    *of_customer("industry", "category", "grade", "region"),
)
_PRODUCT = Dimension("product", "Product line", "base.product", grain="product", zh="产品")
STAGE = Dimension("stage", "Stage", "base.stage", order=tuple(Stage), zh="阶段")


_OPEN = f"FROM {seen('opportunities')} WHERE status = 'open'"
_ENDED = f"FROM {seen('opportunities')} WHERE status <> 'open'"

pipeline = Report(
    name="pipeline",
    title="Pipeline: open opportunities",
    records="opportunities",
    source=_OPEN,
    grains={"product": _by_product(_OPEN)},
    joins=customer_join(),
    behind=CUSTOMER_BEHIND,
    on="base.expected_close",
    period="the expected close",
    dimensions=(STAGE, *WHO, _PRODUCT, CURRENCY),
    measures=(
        Measure(
            "opportunities",
            "Opportunities",
            "open opportunities",
            count(),
            zh="商机数",
            better="up",
        ),
        Measure(
            "amount",
            "Amount",
            "sum of the amounts; by product, split in hundredths by what the lines come to",
            total("base.amount"),
            money=True,
            sensitive="amount",
            zh="金额",
            better="up",
        ),
        Measure(
            "weighted_amount",
            "Weighted amount",
            "sum of each amount times its probability",
            total("base.weighted_amount"),
            money=True,
            sensitive="amount",
            zh="加权金额",
            better="up",
        ),
        Measure(
            "average_probability",
            "Average probability",
            "mean probability in percent, each opportunity counting the same",
            mean("base.probability"),
            "round({}, 2)",
            zh="平均赢率",
            kind="ratio",
            unit="points",
            better="up",
        ),
    ),
    zh="销售管道：未结商机",
)

sales = Report(
    name="sales",
    title="Sales: opportunities won, lost and abandoned",
    records="opportunities",
    source=_ENDED,
    grains={"product": _by_product(_ENDED)},
    joins=customer_join(),
    behind=CUSTOMER_BEHIND,
    on="base.closed_on",
    period="the close",
    dimensions=(
        Dimension(
            "outcome", "Outcome", "base.status", order=("won", "lost", "abandoned"), zh="结果"
        ),
        *WHO,
        _PRODUCT,
        STAGE,
        Dimension(
            "reason",
            "Reason of the loss, or why it was abandoned",
            "base.close_reason",
            zh="丢单或放弃原因",
        ),
        Dimension("competitor", "Competitor", "base.lost_to", zh="竞争对手", note="that won"),
        CURRENCY,
    ),
    measures=(
        Measure(
            "won",
            "Won",
            "opportunities won",
            count("base.status = 'won'"),
            zh="赢单数",
            better="up",
        ),
        Measure(
            "won_amount",
            "Amount won",
            "sum of the amounts agreed; by product, split in hundredths by what the lines come to",
            total("base.amount", where="base.status = 'won'"),
            money=True,
            sensitive="amount",
            zh="赢单金额",
            better="up",
        ),
        Measure(
            "lost",
            "Lost",
            "opportunities lost",
            count("base.status = 'lost'"),
            zh="丢失",
            better="down",
        ),
        Measure(
            "lost_amount",
            "Amount lost",
            "sum of the amounts last expected of opportunities lost",
            total("base.amount", where="base.status = 'lost'"),
            money=True,
            sensitive="amount",
            zh="丢单金额",
            better="down",
        ),
        Measure(
            "abandoned",
            "Abandoned",
            "opportunities abandoned",
            count("base.status = 'abandoned'"),
            zh="放弃",
            better="down",
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
            zh="赢单率",
            kind="ratio",
            unit="share",
            better="up",
        ),
        Measure(
            "average_days_to_win",
            "Average days to win",
            "mean days from opening to close of opportunities won",
            mean("base.closed_on - base.opened_on", where="base.status = 'won'"),
            "round({}, 2)",
            zh="平均赢单天数",
            kind="ratio",
            unit="days",
            better="down",
        ),
    ),
    zh="销售：赢单、丢单与放弃",
)
