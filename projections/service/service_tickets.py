"""Service tickets as they are now: one row each, with the clock of response and resolution."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.types.values import Personal
from projections.kernel.belonging import Belongs, InUnit, KeptBy, OfCustomer, Stays
from projections.kernel.columns import COARSE, Instant, Text
from projections.kernel.payload_values import moment, moment_of
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.todo import Todo

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
    sa.Column("running_since", Instant),
    sa.Column("waiting_since", Instant),
    sa.Column("awaited", Text),
    sa.Column("wait_until", Instant),
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
    sorts=["opened_at", "changed_at"],
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
            command="service-ticket.close",
            text="Close {title}",
            when={"status": "resolved,confirmed"},
            who="owner",
            since="resolved_at",
        ),
    ),
)
"""The clock runs while a ticket needs work from us: `worked_seconds` up to `running_since`. It
stands still while the ticket waits for its customer and after its resolution;
`resolution_seconds` is where it stood at the last resolution. At `wait_until` a wait is over,
whether or not the deadline `end_wait` has said so yet."""

service_tickets.dates("opened_at", "service-ticket.opened")
service_tickets.dates("closed_at", "service-ticket.closed")
service_tickets.dates("running_since", "service-ticket.opened", "service-ticket.reopened")
service_tickets.counts("reopened", "service-ticket.reopened")
service_tickets.becomes("contact", {"service-ticket.contact-erased": None})
service_tickets.becomes("owner", {"service-ticket.transferred": None})


@service_tickets.on("service-ticket.accepted")
def _accepted(row: Row, event: Recorded) -> Row:
    if row["responded_at"] is not None:
        return {}
    at = moment_of(event)
    return {"responded_at": at, "response_seconds": _seconds(row["opened_at"], at)}


@service_tickets.on("service-ticket.progress-recorded")
def _progress_recorded(row: Row, event: Recorded) -> Row:
    return {"last_note": event.data["note"]}


@service_tickets.on("service-ticket.wait-begun")
def _wait_begun(row: Row, event: Recorded) -> Row:
    at = moment_of(event)
    waits = {"waiting_since": at, "awaited": event.data["awaited"]}
    return waits | {"wait_until": moment(event.data.get("until"))} | _stopped(row, at)


@service_tickets.on("service-ticket.resumed")
def _resumed(row: Row, event: Recorded) -> Row:
    at = moment_of(event)
    return {"running_since": at} | _waited(row, at)


@service_tickets.on("service-ticket.resolved")
def _resolved(row: Row, event: Recorded) -> Row:
    at = moment_of(event)
    changes = _stopped(row, at) | {"resolved_at": at}
    changes["resolution_seconds"] = changes["worked_seconds"]
    return changes | {"cause": event.data["cause"], "action": event.data["action"]}


@service_tickets.on("service-ticket.reopened")
def _reopened(row: Row, event: Recorded) -> Row:
    return dict.fromkeys(("resolved_at", "resolution_seconds", "closed_at", "satisfaction"))


@service_tickets.on("service-ticket.withdrawn")
def _withdrawn(row: Row, event: Recorded) -> Row:
    at = moment_of(event)
    return {"closed_at": at} | _stopped(row, at) | _waited(row, at)


def _stopped(row: Row, at: datetime) -> Row:
    """Return the clock stopped at a moment."""
    worked = row["worked_seconds"] + _seconds(row["running_since"], at)
    return {"running_since": None, "worked_seconds": worked}


def _waited(row: Row, at: datetime) -> Row:
    """Return the wait, if there was one, ended at a moment."""
    waiting = row["waiting_seconds"] + _seconds(row["waiting_since"], at)
    over = dict.fromkeys(("waiting_since", "awaited", "wait_until"))
    return {**over, "waiting_seconds": waiting}


def _seconds(start: datetime | None, end: datetime) -> int:
    return 0 if start is None else max(round((end - start).total_seconds()), 0)
