"""Measures of what tickets were promised: targets kept and missed, waits, calls back, the law."""

from __future__ import annotations

from projections.kernel.reports.measures import Measure, across, count, total


def _kept(of: str, title: str, what: str, zh: str) -> Measure:
    """Return the share of the tickets that kept one of their targets."""
    return Measure(
        f"{of}_met",
        title,
        f"of the tickets {what}, the share that were so in time, by the terms of each",
        {"met": count(f"base.{of}_met"), "missed": count(f"NOT base.{of}_met")},
        "round({met} / nullif({met} + {missed}, 0), 4)",
        zh=zh,
        kind="ratio",
        unit="share",
        better="up",
    )


SLA_MEASURES = (
    _kept("response", "Responses in time", "that were accepted", "按时响应率"),
    _kept(
        "resolution",
        "Resolved in time",
        "that were resolved, or cannot be in time any more",
        "按时解决率",
    ),
    Measure(
        "missed",
        "Missed",
        "of these, tickets that missed a target, of response or resolution, for certain",
        count("NOT base.response_met OR NOT base.resolution_met"),
        zh="超时工单",
        better="down",
    ),
    Measure(
        "missed_by_law",
        "Missed by law",
        "of these, tickets resolved later than the law asks for, whatever they waited for",
        count("base.resolved_at > base.legal_due_at"),
        zh="超法定时限",
        better="down",
    ),
    Measure(
        "target_used",
        "Median of the target used",
        "median share of the time to resolve that resolved tickets used",
        across(
            "median({})",
            "CASE WHEN base.resolved_at IS NOT NULL THEN base.worked_seconds / "
            "CAST(base.terms->'resolution'->>'seconds' AS DOUBLE) END",
        ),
        "round({}, 4)",
        zh="时限占用率中位数",
        kind="ratio",
        unit="share",
        better="down",
    ),
    Measure(
        "paused_share",
        "Share of time paused",
        "of the time that clocks ran or waited, the share for which they waited",
        {"paused": total("base.paused_seconds"), "worked": total("base.worked_seconds")},
        "round({paused} / nullif({paused} + {worked}, 0), 4)",
        zh="暂停时间占比",
        kind="ratio",
        unit="share",
    ),
    Measure(
        "called_back",
        "Called back",
        "of these, tickets whose customer was reached after they were closed",
        count("base.follow_up_reached"),
        zh="回访成功",
        better="up",
    ),
    Measure(
        "satisfied_at_call",
        "Satisfied at the call",
        "of these, tickets whose customer said at the call that it is satisfied",
        count("base.follow_up_reached AND base.follow_up_satisfied"),
        zh="回访满意",
        better="up",
    ),
)
