"""The report on planned work: done in its time, what it interrupted, what was found."""

from __future__ import annotations

from dataclasses import replace

from domain.service.maintenance_terms import WorkKind, WorkRisk, WorkState
from projections.kernel.reports.dimensions import MANAGER, UNIT, Dimension
from projections.kernel.reports.measures import Measure, count, mean, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen
from projections.kernel.warehouse.days import business_day

_DONE = f"base.state = '{WorkState.DONE}'"
_TIMES = '[{"since":"TIMESTAMPTZ","until":"TIMESTAMPTZ"}]'
_TOOK = f"""list_sum(list_transform(
    from_json(base.interruptions, '{_TIMES}'),
    lambda each: date_diff('second', each.since, each.until)
)) / 60"""
"""Minutes for which products in use were interrupted, all together."""

maintenance = Report(
    name="maintenance",
    zh="维护作业",
    title="Planned work: done in its time, what it interrupted, what was found",
    records="maintenances",
    source=f"SELECT *, {business_day('starts_at', 'created_at')} AS planned_for "
    f"FROM {seen('maintenances')}",
    on="base.planned_for",
    period="the beginning of the work as planned",
    dimensions=(
        Dimension("state", "State", "base.state", order=tuple(WorkState), zh="状态"),
        Dimension("kind", "Kind of work", "base.kind", values=tuple(WorkKind), zh="作业类型"),
        Dimension("risk", "Risk", "base.risk", order=tuple(WorkRisk), zh="风险等级"),
        replace(UNIT, note="that keeps it"),
        MANAGER,
    ),
    measures=(
        Measure("works", "Works", "works planned, whatever became of them", count(), zh="作业数"),
        Measure(
            "done", "Done", "of these, works that were done", count(_DONE), zh="已完工", better="up"
        ),
        Measure(
            "in_time",
            "In time",
            "of those done, works finished by the end of their time with all done",
            count(f"{_DONE} AND base.completed AND base.finished_at <= base.until"),
            zh="按时完工",
            better="up",
        ),
        Measure(
            "postponed",
            "Postponed",
            "works that were put to another time at least once",
            count("base.moves > 0"),
            zh="延期作业",
            better="down",
        ),
        Measure(
            "objected",
            "Objected to",
            "works that a customer objected to",
            count("base.objections <> '[]'"),
            zh="有异议作业",
            better="down",
        ),
        Measure(
            "with_findings",
            "With findings",
            "of those done, works at which something was found",
            count(f"{_DONE} AND base.findings <> '[]'"),
            zh="有发现作业",
        ),
        Measure(
            "planned_minutes",
            "Minutes planned",
            "minutes of interruption planned of the works done",
            total("base.interruption_minutes", "BIGINT", where=_DONE),
            zh="计划中断分钟",
        ),
        Measure(
            "minutes_each",
            "Minutes each",
            "mean minutes for which a work done interrupted products in use, added over these",
            mean(_TOOK, "DOUBLE", where=_DONE),
            "round({}, 1)",
            zh="平均中断分钟",
            kind="ratio",
            better="down",
        ),
    ),
)
