"""The report on stages: how opportunities go on from each, and after how long."""

from __future__ import annotations

from domain.sales.opportunity_stage import Stage
from projections.customers.customer_dimensions import CUSTOMER_BEHIND, customer_join
from projections.kernel.reports.dimensions import CURRENCY
from projections.kernel.reports.measures import Measure, across, count, mean
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen
from projections.sales.pipeline_reports import STAGE, WHO

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
    behind=CUSTOMER_BEHIND,
    on="base.entered_on",
    period="the entry into the stage",
    dimensions=(STAGE, *WHO, CURRENCY),
    measures=(
        Measure(
            "entered",
            "Entered",
            "times that an opportunity entered the stage",
            count(),
            zh="进入次数",
        ),
        *(
            Measure(
                outcome.replace("-", "_"),
                title,
                definition,
                count(f"base.outcome = '{outcome}'"),
                zh=zh,
            )
            for outcome, title, zh, definition in (
                ("advanced", "Advanced", "推进", "stays that ended with a later stage"),
                ("won", "Won", "赢单", "stays that ended with the sale won"),
                ("lost", "Lost", "丢单", "stays that ended with the sale lost"),
                ("abandoned", "Abandoned", "放弃", "stays that ended with the sale abandoned"),
                ("moved-back", "Moved back", "退回", "stays that ended with an earlier stage"),
                ("reopened", "Reopened", "重新打开", "stays that ended with a close taken back"),
                ("open", "Still there", "仍在该阶段", "stays that have not ended"),
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
            zh="转化率",
            kind="ratio",
            unit="share",
            better="up",
        ),
        Measure(
            "average_days",
            "Average days",
            "mean days in the stage of stays that ended",
            mean("base.days"),
            "round({}, 2)",
            zh="平均停留天数",
            kind="ratio",
            unit="days",
            better="down",
        ),
        Measure(
            "median_days",
            "Median days",
            "median days in the stage of stays that ended",
            across("median({})", "base.days"),
            "round({}, 2)",
            zh="停留天数中位数",
            kind="ratio",
            unit="days",
            better="down",
        ),
    ),
    zh="商机阶段：推进与停留",
)
