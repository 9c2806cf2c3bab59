"""Service statements as they are now: one row each, with the result of each clause."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import COARSE, Day, Id, Instant, Json, Text, holds
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo
from projections.service.agreements.agreement_shapes import StatedClause

_PERIOD = COARSE | {"form": ("[12][0-9]{3}(-(Q[1-4]|0[1-9]|1[0-2]))?", "2026-02")}

service_statements = ReadModel(
    "service_statements",
    "service-statement",
    sa.Column("agreement_id", Id, nullable=False, default=""),
    sa.Column("period", Text, nullable=False, default="", info=_PERIOD),
    sa.Column("last_day", Day),
    sa.Column("count_on", Day),
    sa.Column("counted_to", sa.BigInteger),
    sa.Column("stated_at", Instant),
    sa.Column("clauses", Json, nullable=False, default=[], info=holds(list[StatedClause])),
    sa.Column("promised", sa.Integer, nullable=False, default=0),
    sa.Column("breached", sa.Integer, nullable=False, default=0),
    sa.Column("restated", sa.Integer, nullable=False, default=0),
    sa.Column("reason", Text),
    sa.Column("confirmed_to", sa.BigInteger),
    sa.Column("accepted_by", Text),
    sa.Column("document_number", Text),
    sa.Column("objection", Text),
    order="-last_day",
    indexes=[["agreement_id", "last_day"], ["customer_id", "state"], ["unit", "last_day"]],
    sorts=["last_day", "changed_at", "breached"],
    filters=["state", "unit", "agreement_id", "period", "breached"],
    belongs=Belongs(
        customer=OfCustomer(
            in_any_state=True,
            end=Stays("What was promised is counted, whoever the customer is by then."),
        )
    ),
    todos=[
        Todo(
            command="service-statement.count",
            text="Answer the objection to the statement of {period}",
            when={"state": "contested"},
            at="unit",
            since="changed_at",
        )
    ],
)
"""`promised` are the clauses that were counted, `breached` those of them that were not met."""

service_statements.keeps("service-statement.transferred", "reason")


@service_statements.on("service-statement.count-fell-due")
def _fell_due(_row: Row, _event: Recorded) -> Row:
    return {"count_on": None}


@service_statements.on("service-statement.stated")
def _stated(_: Row, event: Recorded) -> Row:
    return _told(event)


@service_statements.on("service-statement.restated")
def _restated(row: Row, event: Recorded) -> Row:
    return {**_told(event), "restated": row["restated"] + 1}


def _told(event: Recorded) -> Row:
    clauses: Sequence[Row] = event.data["clauses"]
    return {
        **service_statements.stated(event),
        "stated_at": event.time,
        "promised": len(clauses),
        "breached": sum(not each["met"] for each in clauses),
        "accepted_by": None,
        "document_number": None,
        "objection": None,
    }
