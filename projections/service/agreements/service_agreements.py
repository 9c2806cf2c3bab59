"""Service agreements as they are now: one row each, with all their versions."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import recorded_day
from domain.kernel.time.effective_day import effective_day
from domain.service.agreements.agreement_clauses import ClauseMeasure
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import Day, Json, Text, holds, one_of, until
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.reviews import REVIEW_FOLDS, UNDECIDED
from projections.kernel.todo import Todo
from projections.service.agreements.agreement_shapes import AgreementVersion

service_agreements = ReadModel(
    "service_agreements",
    "service-agreement",
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("contract_number", Text),
    sa.Column("counts_from", Day),
    sa.Column("in_force_from", Day, info=until("over_on", "in_force_on")),
    sa.Column("until", Day),
    sa.Column("over_on", Day),
    sa.Column("notice_hours", sa.Integer, nullable=False, default=0),
    sa.Column(
        "measures",
        Json,
        nullable=False,
        default=[],
        info={"list": True} | one_of(*ClauseMeasure),
    ),
    sa.Column("versions", Json, nullable=False, default=[], info=holds(list[AgreementVersion])),
    sa.Column("ended_on", Day),
    sa.Column("close_reason", Text),
    order="-counts_from",
    indexes=[["customer_id", "status"], ["unit", "counts_from"], ["status", "counts_from"]],
    sorts=["counts_from", "changed_at", "over_on"],
    filters=["status", "unit"],
    search=["name", "contract_number"],
    belongs=Belongs(
        customer=OfCustomer(
            end=Stays("What was promised to a customer who leaves is ended by a decision."),
            shown=("name", "status", "in_force_from", "over_on", "measures"),
        )
    ),
    todos=[
        Todo(
            command="service-agreement.end",
            text="Decide how {name} ends, as the file of its customer was closed",
            when={"status": "drafted,submitted,approved"},
            at="unit",
            since="customer_closed_on",
            due="customer_closed_on",
        )
    ],
)
"""`counts_from` is the first day of the latest version, `in_force_from` of the first approved one;
from `over_on` the agreement promises nothing. On a day the promise is that of the latest version
approved whose day has come; `measures` are those of the latest version."""

service_agreements.dates("ended_on", "service-agreement.ended")


@service_agreements.on("service-agreement.drafted", "service-agreement.amendment-drafted")
def _drafted(row: Row, event: Recorded) -> Row:
    told = {name: event.data[name] for name in ("valid_from", "clauses")}
    drafted = {"version": len(row["versions"]) + 1, **told, "approved_on": None}
    stated = service_agreements.stated(event)
    last = stated.get("until")
    over = {} if last is None else {"over_on": last + timedelta(days=1)}
    return {**stated, **UNDECIDED, **over, **_latest([*row["versions"], drafted])}


@service_agreements.on("service-agreement.draft-revised")
def _draft_revised(row: Row, event: Recorded) -> Row:
    *before, last = row["versions"]
    told = {name: value for name, value in event.data.items() if value is not None}
    return _latest([*before, last | told])


@service_agreements.on("service-agreement.approved")
def _approved(row: Row, event: Recorded) -> Row:
    *before, last = row["versions"]
    versions = [*before, last | {"approved_on": recorded_day(event.time).isoformat()}]
    first = date.fromisoformat(versions[0]["valid_from"])
    told = {"in_force_from": first, "versions": versions}
    return {**REVIEW_FOLDS["approved"](row, event), **told}


@service_agreements.on("service-agreement.ended")
def _ended(row: Row, event: Recorded) -> Row:
    day = effective_day(event.type, event.data, event.time)
    over = day if row["over_on"] is None else min(day, row["over_on"])
    return {"over_on": over, "close_reason": event.data["reason"]}


def _latest(versions: list[Row]) -> Row:
    """Return what a row tells of its latest version."""
    last = versions[-1]
    return {
        "versions": versions,
        "counts_from": date.fromisoformat(last["valid_from"]),
        "measures": sorted({each["measure"] for each in last["clauses"]}),
    }
