"""The report on visits: how many were held, how soon they were told of, what was found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from domain.care.visit import FindingKind, VisitPurpose, VisitState
from projections.customers.customer_dimensions import CUSTOMER_BEHIND, customer_join, of_customer
from projections.kernel.reports.dimensions import MANAGER, UNIT, Dimension
from projections.kernel.reports.measures import Measure, Part, across, count, mean, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen
from projections.kernel.warehouse.days import business_day

_HELD = f"base.state = '{VisitState.DONE}'"
_KINDS = '[{"kind":"VARCHAR"}]'

_FOUND = {
    FindingKind.COMPLAINT: ("complaints", "Complaints", "投诉"),
    FindingKind.FAULT: ("faults", "Faults", "故障"),
    FindingKind.LEAD: ("leads", "Leads", "商机"),
    FindingKind.RISK: ("risks", "Risks", "风险"),
    FindingKind.PRAISE: ("praise", "Praise", "表扬"),
}


def _of_kind(kind: FindingKind) -> Part:
    listed = f"list_filter(from_json(base.findings, '{_KINDS}'), lambda each: each.kind = '{kind}')"
    return total(f"len({listed})", "BIGINT", where=_HELD)


def _found() -> Iterator[Measure]:
    for kind, (name, title, zh) in _FOUND.items():
        told = f"findings of the kind {kind} at the visits held"
        yield Measure(name, title, told, _of_kind(kind), zh=zh)


visits = Report(
    name="visits",
    zh="客户走访",
    title="Visits: held, missed, how soon they were told of, what was found",
    records="visits",
    source=f"SELECT *, coalesce({business_day('happened_at', 'created_at')}, day) AS visited_on "
    f"FROM {seen('visits')}",
    joins=customer_join(),
    behind=CUSTOMER_BEHIND,
    on="base.visited_on",
    period="the visit: of those not held, the day planned",
    dimensions=(
        Dimension("state", "State", "base.state", order=tuple(VisitState), zh="状态"),
        Dimension("purpose", "Purpose", "base.purpose", values=tuple(VisitPurpose), zh="走访目的"),
        replace(UNIT, note="that keeps it"),
        MANAGER,
        *of_customer("industry", "category", "grade", "region"),
    ),
    measures=(
        Measure(
            "visits", "Visits", "visits planned, whatever became of them", count(), zh="走访数"
        ),
        Measure(
            "held",
            "Held",
            "of these, visits that were held",
            count(_HELD),
            zh="已走访",
            better="up",
        ),
        Measure(
            "missed",
            "Missed",
            "of these, visits of which nothing was recorded three days after their day",
            count(f"base.state = '{VisitState.MISSED}'"),
            zh="未走访",
            better="down",
        ),
        Measure(
            "cancelled",
            "Cancelled",
            "of these, visits that were cancelled",
            count(f"base.state = '{VisitState.CANCELLED}'"),
            zh="已取消",
        ),
        Measure(
            "customers_visited",
            "Customers visited",
            "customers that were called on at least once",
            across("count(DISTINCT {})", f"CASE WHEN {_HELD} THEN base.customer_id END"),
            zh="走访客户数",
            better="up",
        ),
        Measure(
            "late",
            "Recorded late",
            "of those held, visits recorded later than seven days after",
            count(f"{_HELD} AND base.late_because IS NOT NULL"),
            zh="补录数",
            better="down",
        ),
        Measure(
            "mood",
            "Mood",
            "mean mood of the customers, from 1 to 5, where it was told",
            mean("base.mood"),
            "round({}, 2)",
            zh="客户情绪",
            unit="points",
            kind="ratio",
            better="up",
        ),
        *_found(),
    ),
)
