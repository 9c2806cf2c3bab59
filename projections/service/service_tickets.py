"""Service tickets as they are now: one row each, with the clock of response and resolution."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.types.values import Personal
from domain.service.service_terms import Escalation
from domain.service.ticket_clock import Run
from projections.kernel.belonging import Belongs, InUnit, KeptBy, OfCustomer, Stays
from projections.kernel.columns import COARSE, Instant, Json, Text, before, holds, reached
from projections.kernel.payload_values import moment, moment_of
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo
from projections.service.ticket_figures import RunSpan, clock_of, figured, spans_of
from projections.service.ticket_shapes import Lost, RelatedTicket

service_tickets = ReadModel(
    "service_tickets",
    "service-ticket",
    sa.Column("title", Text, nullable=False, default=""),
    sa.Column("description", Text),
    sa.Column("kind", Text, nullable=False, default="", info=COARSE),
    sa.Column("severity", Text, nullable=False, default="", info=COARSE),
    sa.Column("channel", Text, info=COARSE),
    sa.Column("contact", Text, info={"personal": Personal()}),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column("level", Text, info=COARSE),
    sa.Column("owner", Text),
    sa.Column("escalation", sa.Integer, nullable=False, default=0),
    sa.Column("opened_at", Instant),
    sa.Column("responded_at", Instant),
    sa.Column("resolved_at", Instant),
    sa.Column("closed_at", Instant),
    sa.Column("response_seconds", sa.Integer),
    sa.Column("resolution_seconds", sa.Integer),
    sa.Column("waiting_seconds", sa.Integer, nullable=False, default=0),
    sa.Column("worked_seconds", sa.Integer, nullable=False, default=0),
    sa.Column("paused_seconds", sa.Integer, nullable=False, default=0),
    sa.Column("running_since", Instant),
    sa.Column("waiting_since", Instant),
    sa.Column("awaited", Text),
    sa.Column("wait_until", Instant),
    sa.Column("priority", sa.Integer, info=COARSE | {"form": ("[1-4]", "2")}),
    sa.Column("response_due_at", Instant),
    sa.Column("resolution_due_at", Instant, info=before("due_before")),
    sa.Column("legal_due_at", Instant),
    sa.Column("next_escalation_at", Instant),
    sa.Column("follow_up_due_at", Instant),
    sa.Column("follow_up_at", Instant),
    sa.Column("follow_up_reached", sa.Boolean),
    sa.Column("follow_up_satisfied", sa.Boolean),
    sa.Column("follow_up_score", sa.Integer),
    sa.Column("response_met", sa.Boolean),
    sa.Column("resolution_met", sa.Boolean),
    sa.Column("at_risk_at", Instant, info=reached("at_risk")),
    sa.Column("breached_at", Instant, info=reached("breached")),
    sa.Column("remind_at", Instant),
    sa.Column("reminded_at", Instant),
    sa.Column("close_at", Instant),
    sa.Column("turned_known_at", Instant),
    sa.Column("ladder", Json, nullable=False, default=[], info=holds(list[Escalation])),
    sa.Column("provisional", sa.Boolean, nullable=False, default=False),
    sa.Column("outages", Json, nullable=False, default=[], info=holds(list[Lost])),
    sa.Column("related", Json, nullable=False, default=[], info=holds(list[RelatedTicket])),
    sa.Column("terms", Json, info=holds(dict[str, Any])),
    sa.Column("spans", Json, nullable=False, default=[], info=holds(list[RunSpan])),
    sa.Column("reopened", sa.Integer, nullable=False, default=0),
    sa.Column("satisfaction", sa.Integer),
    sa.Column("cause", Text),
    sa.Column("action", Text),
    sa.Column("last_note", Text),
    order="-opened_at",
    indexes=[
        ["customer_id", "status"],
        ["unit", "opened_at"],
        ["owner", "opened_at"],
    ],
    sorts=["opened_at", "changed_at", "resolution_due_at"],
    filters=["status", "severity", "kind", "unit"],
    search=["title"],
    belongs=Belongs(
        customer=OfCustomer(
            in_any_state=True, end=Stays("A case is seen to, whoever the customer is by then.")
        ),
        unit=InUnit(transfer="rehome"),
        keeper=KeptBy("owner", give="hand-over"),
        stays={"to": Stays("An escalation is told to somebody; the ticket stays its owner's.")},
    ),
    todos=(
        Todo(
            command="service-ticket.assign",
            text="Assign {title}",
            when={"status": "open", "owner": ""},
            since="opened_at",
        ),
        Todo(
            command="service-ticket.accept",
            text="Accept {title}",
            when={"status": "assigned"},
            who="owner",
            since="opened_at",
        ),
        Todo(
            command="service-ticket.resolve",
            text="Resolve {title}",
            when={"status": "in-progress"},
            who="owner",
            since="opened_at",
        ),
        Todo(
            command="service-ticket.resume",
            text="{title} waits for {awaited}",
            when={"status": "waiting"},
            who="owner",
            since="waiting_since",
            due="wait_until",
        ),
        Todo(
            command="service-ticket.resume",
            text="{title} waits for {awaited}",
            when={"status": "waiting", "wait_until": ""},
            who="owner",
            since="waiting_since",
        ),
        Todo(
            command="service-ticket.record-follow-up",
            text="Call back about {title}",
            when={"status": "closed"},
            who="owner",
            since="closed_at",
            due="follow_up_due_at",
        ),
        Todo(
            command="service-ticket.close",
            text="Close {title}",
            when={"status": "resolved,confirmed"},
            who="owner",
            since="resolved_at",
        ),
    ),
)
"""The clock runs while a ticket needs work from us; `spans` are when it ran and stood still. It
stands still while the ticket waits for its customer and after its resolution. `worked_seconds` and
`paused_seconds`, up to the last turn, count in the hours of the terms; `waiting_seconds`, and
`resolution_seconds` where it was resolved, on the wall. No figure is added up: all follow from
spans and `terms`, also when these come late. What is overdue is a comparison with an instant due.
At `wait_until` a wait is over, whether or not the deadline `end_wait` has said so yet."""

service_tickets.dates("opened_at", "service-ticket.opened")
service_tickets.dates("follow_up_at", "service-ticket.follow-up-recorded")
service_tickets.counts("reopened", "service-ticket.reopened")
service_tickets.becomes("contact", {"service-ticket.contact-erased": None})
service_tickets.becomes("owner", {"service-ticket.transferred": None})


@service_tickets.on("service-ticket.opened")
def _opened(row: Row, event: Recorded) -> Row:
    return service_tickets.stated(event) | _turned(row, event, Run.RUNNING)


@service_tickets.on("service-ticket.terms-set")
def _terms_set(row: Row, event: Recorded) -> Row:
    return figured(row, service_tickets.stated(event))


@service_tickets.on("service-ticket.accepted")
def _accepted(row: Row, event: Recorded) -> Row:
    if row["responded_at"] is not None:
        return {}
    at = moment_of(event)
    seconds = max(round((at - (row["opened_at"] or at)).total_seconds()), 0)
    return figured(row, {"responded_at": at, "response_seconds": seconds})


@service_tickets.on("service-ticket.progress-recorded")
def _progress_recorded(row: Row, event: Recorded) -> Row:
    return {"last_note": event.data["note"]}


@service_tickets.on("service-ticket.wait-begun")
def _wait_begun(row: Row, event: Recorded) -> Row:
    told = {"awaited": event.data["awaited"], "wait_until": moment(event.data.get("until"))}
    return told | _turned(row, event, Run.WAITING)


@service_tickets.on("service-ticket.resumed")
def _resumed(row: Row, event: Recorded) -> Row:
    return _OVER | _turned(row, event, Run.RUNNING)


@service_tickets.on("service-ticket.resolved")
def _resolved(row: Row, event: Recorded) -> Row:
    told = {"resolved_at": moment_of(event), **service_tickets.stated(event)}
    return told | _turned(row, event, Run.RESOLVED)


@service_tickets.on("service-ticket.reopened")
def _reopened(row: Row, event: Recorded) -> Row:
    told = dict.fromkeys(("resolved_at", "closed_at", "satisfaction"))
    return told | _turned({**row, **told}, event, Run.RUNNING)


@service_tickets.on("service-ticket.closed")
def _closed(row: Row, event: Recorded) -> Row:
    told = ("at", "reached", "satisfied", "score")
    new = dict.fromkeys(f"follow_up_{name}" for name in told)
    return figured(row, {**new, "closed_at": moment_of(event)})


@service_tickets.on("service-ticket.ladder-climbed")
def _ladder_climbed(row: Row, event: Recorded) -> Row:
    return figured(row, {"ladder": [*row["ladder"], event.data["step"]]})


@service_tickets.on("service-ticket.reminded")
def _reminded(row: Row, event: Recorded) -> Row:
    return figured(row, {"reminded_at": moment(event.data["due_at"])})


@service_tickets.on("service-ticket.follow-up-recorded")
def _follow_up_recorded(row: Row, event: Recorded) -> Row:
    data = event.data
    told = {"follow_up_reached": data["reached"], "follow_up_satisfied": data["satisfied"]}
    return figured(row, {**told, "follow_up_score": data["score"]})


@service_tickets.on("service-ticket.related")
def _related(row: Row, event: Recorded) -> Row:
    told = {"ticket_id": event.data["ticket_id"], "as": event.data["relation"]}
    return {"related": [*row["related"], told]}


@service_tickets.on("service-ticket.outage-recorded")
def _outage_recorded(row: Row, event: Recorded) -> Row:
    return {"outages": [*row["outages"], _lost(event)]}


@service_tickets.on("service-ticket.service-restored", "service-ticket.outage-corrected")
def _outage_changed(row: Row, event: Recorded) -> Row:
    known = (event.data["product_in_use_id"], event.data.get("recorded") or event.data["since"])
    return {
        "outages": [
            _lost(event) if (each["product_in_use_id"], each["since"]) == known else each
            for each in row["outages"]
        ]
    }


def _lost(event: Recorded) -> Row:
    return {name: event.data[name] for name in ("product_in_use_id", "since", "until")}


@service_tickets.on("service-ticket.withdrawn")
def _withdrawn(row: Row, event: Recorded) -> Row:
    told = {**_OVER, "closed_at": moment_of(event)}
    return told | _turned(row, event, Run.WITHDRAWN)


_OVER: Row = {"awaited": None, "wait_until": None}
"""What a wait leaves when it is over."""


def _turned(row: Row, event: Recorded, run: Run) -> Row:
    """Return what changes where the clock begins to run or stands still."""
    at = moment(event.data.get("at")) or event.time
    spans = spans_of(clock_of(row).turned(run, at))
    return figured(row, {"spans": spans, "turned_known_at": event.time})
