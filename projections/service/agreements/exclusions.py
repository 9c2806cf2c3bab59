"""Exclusions as they are now: one row each, with what does not count in which clause."""

from __future__ import annotations

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.service.agreements.exclusion import ExclusionReason
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import COARSE, Id, Instant, Text, one_of
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo

exclusions = ReadModel(
    "exclusions",
    "exclusion",
    sa.Column("agreement_id", Id, nullable=False, default=""),
    sa.Column("clause", Text, nullable=False, default=""),
    sa.Column("ticket_id", Id),
    sa.Column("product_in_use_id", Id),
    sa.Column("starts_at", Instant),
    sa.Column("ends_at", Instant),
    sa.Column("reason", Text, info=COARSE | one_of(*ExclusionReason)),
    sa.Column("explanation", Text),
    sa.Column("note", Text),
    sa.Column("refusal", Text),
    order="-changed_at",
    indexes=[["agreement_id", "clause"], ["customer_id", "state"], ["unit", "state"]],
    sorts=["changed_at", "starts_at"],
    filters=["state", "reason", "unit", "agreement_id", "ticket_id"],
    belongs=Belongs(
        customer=OfCustomer(
            in_any_state=True,
            end=Stays("What was promised is counted, whoever the customer is by then."),
        )
    ),
    todos=[
        Todo(
            command="exclusion.agree",
            text="Decide about an exclusion from the clause {clause}",
            when={"state": "proposed"},
            at="unit",
            since="changed_at",
        )
    ],
)

exclusions.keeps("exclusion.transferred", "reason")


@exclusions.on("exclusion.refused")
def _refused(_: Row, event: Recorded) -> Row:
    return {"refusal": event.data["reason"]}
