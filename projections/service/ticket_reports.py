"""The report on service tickets: how many, how fast they were resolved, how well."""

from __future__ import annotations

from dataclasses import replace

from domain.service.service_ticket import Channel, ServiceTicketKind, Severity
from domain.service.ticket_handling import UNRESOLVED, HandlingLevel, Status
from projections.customers.customer_dimensions import CUSTOMER_BEHIND, customer_join, of_customer
from projections.kernel.reports.dimensions import UNIT, Dimension
from projections.kernel.reports.measures import Measure, Part, across, count, mean
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen
from projections.kernel.warehouse.days import business_day
from projections.service.sla_measures import SLA_MEASURES

_OPEN = ", ".join(f"'{status}'" for status in UNRESOLVED)


def _seconds(of: str, share: float) -> Part:
    return across(f"quantile_cont({{}}, {share})", f"base.{of}")


_IN_HOURS = "round({} / 3600, 2)"


tickets = Report(
    name="tickets",
    title="Service tickets",
    records="service_tickets",
    source=f"SELECT *, {business_day('opened_at', 'created_at')} AS opened_on "
    f"FROM {seen('service_tickets')}",
    joins=customer_join(),
    behind=CUSTOMER_BEHIND,
    on="base.opened_on",
    period="the opening",
    dimensions=(
        Dimension("kind", "Kind", "base.kind", values=tuple(ServiceTicketKind), zh="类型"),
        Dimension(
            "priority",
            "Priority",
            "CAST(base.priority AS VARCHAR)",
            order=("1", "2", "3", "4"),
            zh="优先级",
        ),
        Dimension("severity", "Severity", "base.severity", order=tuple(Severity), zh="严重程度"),
        replace(UNIT, note="that works on it"),
        Dimension("level", "Level", "base.level", order=tuple(HandlingLevel), zh="处理级别"),
        Dimension("channel", "Channel", "base.channel", values=tuple(Channel), zh="渠道"),
        Dimension("owner", "Owner", "base.owner", of="employees", zh="处理人"),
        Dimension("status", "Status", "base.status", order=tuple(Status), zh="状态"),
        *of_customer("industry", "category", "grade"),
    ),
    measures=(
        Measure(
            "opened",
            "Opened",
            "tickets opened, whatever became of them",
            count(),
            zh="受理数",
            known_as="tickets",
        ),
        Measure(
            "open",
            "Open",
            "of these, tickets that still need work or wait for the customer",
            count(f"base.status IN ({_OPEN})"),
            zh="未结",
            better="down",
        ),
        Measure(
            "resolved",
            "Resolved",
            "of these, tickets resolved, confirmed or closed",
            count("base.status IN ('resolved', 'confirmed', 'closed')"),
            zh="已解决",
            better="up",
        ),
        Measure(
            "withdrawn",
            "Withdrawn",
            "of these, tickets withdrawn",
            count("base.status = 'withdrawn'"),
            zh="已撤回",
        ),
        Measure(
            "median_hours",
            "Median hours to resolve",
            "median hours from opening to resolution, waits for the customer left out",
            _seconds("resolution_seconds", 0.5),
            _IN_HOURS,
            zh="解决时长中位数（小时）",
            kind="ratio",
            unit="hours",
            better="down",
        ),
        Measure(
            "p90_hours",
            "90th percentile of hours to resolve",
            "hours within which 90 % were resolved, waits for the customer left out",
            _seconds("resolution_seconds", 0.9),
            _IN_HOURS,
            zh="解决时长九十分位（小时）",
            kind="ratio",
            unit="hours",
            better="down",
        ),
        Measure(
            "median_response_hours",
            "Median hours to respond",
            "median hours from opening to the first acceptance by an owner",
            _seconds("response_seconds", 0.5),
            _IN_HOURS,
            zh="响应时长中位数（小时）",
            kind="ratio",
            unit="hours",
            better="down",
        ),
        Measure(
            "reopened",
            "Reopened",
            "of these, tickets reopened at least once",
            count("base.reopened > 0"),
            zh="重新打开",
            better="down",
        ),
        Measure(
            "escalated",
            "Escalated",
            "of these, tickets escalated at least once",
            count("base.escalation > 0"),
            zh="已升级",
            better="down",
        ),
        Measure(
            "satisfaction",
            "Satisfaction",
            "mean score of the confirmed tickets, 1 to 5",
            mean("base.satisfaction"),
            "round({}, 2)",
            zh="满意度",
            kind="ratio",
            unit="points",
            better="up",
        ),
        *SLA_MEASURES,
    ),
    zh="服务工单",
)
