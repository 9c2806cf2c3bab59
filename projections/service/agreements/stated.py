"""Stated: what was attained of an agreement in a period, as a statement has it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.lists.point_in_time import Asking
from projections.kernel.read_model import Row
from projections.kernel.visibility.visibility import Sight, View
from projections.service.agreements.attained import A_SECOND, COUNTED, cut, results

_EVERYTHING: Mapping[str, Sight] = dict.fromkeys(
    (each.name for each in COUNTED), Sight((View("statement"),))
)


def stated(asking: Asking, agreement: Row, at: datetime, period: str) -> list[dict[str, Any]]:
    """Return the result of each clause that is counted by a period, none where there is none.

    Args:
        asking: Where to ask: the rows of a moment.
        agreement: The row of the agreement.
        at: The moment up to which is counted; no earlier than the end of the period.
        period: What it is called.
    """
    try:
        found, _, _ = results(asking, agreement, at, _EVERYTHING, period)
    except BadParameter:  # the agreement was ended before
        return []
    return [
        {
            "clause": counted.clause.code,
            "version": counted.version,
            "measure": counted.clause.measure,
            "first_day": counted.period.first.isoformat(),
            "last_day": (counted.period.after - timedelta(days=1)).isoformat(),
            "cases": len(result.verdicts),
            "kept": sum(each.kept for each in result.verdicts),
            "left_out": len(result.left_out),
            "promised_seconds": sum(each.promised // A_SECOND for each in result.circuits),
            "lost_seconds": sum(each.lost // A_SECOND for each in result.circuits),
            "share": None if result.attained is None else str(result.attained / 100),
            "attained_percent": None if result.attained is None else str(cut(result.attained)),
            "required_percent": str(counted.clause.required),
            "met": result.met,
            "credit_percent": str(result.credit_percent),
        }
        for counted, result in found
    ]
