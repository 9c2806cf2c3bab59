"""Bill runs as they are now: one row each, with what was announced and whether it is in."""

from __future__ import annotations

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs
from projections.kernel.columns import MONTH, Day, Money, Text
from projections.kernel.read_model import ReadModel, Row

bill_runs = ReadModel(
    "bill_runs",
    "bill-run",
    sa.Column("system", Text, nullable=False, default=""),
    sa.Column("month", Text, nullable=False, default="", info=MONTH),
    sa.Column("bills", sa.Integer, nullable=False, default=0),
    sa.Column("total", Money, info={"sensitive": "revenue"}),
    sa.Column("announced_on", Day),
    sa.Column("balanced_on", Day),
    sa.Column("reopened", sa.Integer, nullable=False, default=0),
    sa.Column("reopened_for", Text),
    order="-month",
    indexes=[["system", "month"], ["unit", "month"]],
    sorts=["month", "changed_at"],
    filters=["state", "unit"],
    belongs=Belongs(ended=("balanced",)),
)
"""`bills` and `total` are as announced last; `reopened` says how often, `reopened_for` why."""

bill_runs.dates("announced_on", "bill-run.announced")
bill_runs.dates("balanced_on", "bill-run.balanced")
bill_runs.becomes("balanced_on", {"bill-run.reopened": None})
bill_runs.counts("reopened", "bill-run.reopened")


@bill_runs.on("bill-run.reopened")
def _reopened(row: Row, event: Recorded) -> Row:
    return {**bill_runs.stated(event), "reopened_for": event.data["reason"]}
