"""Customers as they are now: one row each, for lists, pages and the detection of duplicates."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from domain.customers.customer_contacts import DecisionRole, OfContact
from domain.customers.customer_credit import CreditRating, Rated
from domain.customers.customer_profile import normal_number
from domain.kernel.aggregate import Recorded
from domain.kernel.time.effective_day import STATED
from domain.kernel.types.personal import Each
from projections.customers.merges.name_key import name_key
from projections.customers.merges.name_words import name_words
from projections.customers.row_shapes import Contact, MergedInto, RivalPurchase, StatedRequirement
from projections.kernel.belonging import Belongs, OfCustomer, Stays
from projections.kernel.columns import (
    COARSE,
    CURRENCY,
    DERIVED,
    Day,
    Id,
    Json,
    Money,
    Text,
    holds,
    one_of,
)
from projections.kernel.payload_values import day, money
from projections.kernel.read_model import ReadModel, Row

_OF_CONTACTS = {name: name for name in ("phone", "email", "birthday", "preferences")}
_CONTACTS = {
    "sensitive": _OF_CONTACTS,
    "personal": Each(dict.fromkeys(("name", "title", *_OF_CONTACTS), OfContact)),
} | holds(dict[str, Contact])

_CREDIT = {"sensitive": "credit"}

customers = ReadModel(
    "customers",
    "customer",
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("short_name", Text),
    sa.Column("name_key", Text, nullable=False, default=""),
    sa.Column("name_words", Text, nullable=False, default=""),
    sa.Column("state_on", Day),
    sa.Column("state_reason", Text),
    sa.Column("lost_to", Text),
    sa.Column("category", Text, info=COARSE),
    sa.Column("reach", Text, info=COARSE),
    sa.Column("grade", Text, info=COARSE),
    sa.Column("industry", Text, info=COARSE),
    sa.Column("region", Text),
    sa.Column("parent_id", Id),
    sa.Column("registration_number", Text),
    sa.Column("registration_key", Text),
    sa.Column("website", Text),
    sa.Column("founded", sa.Integer),
    sa.Column("employees", sa.Integer),
    sa.Column("annual_revenue", Money, info={"sensitive": "revenue"}),
    sa.Column("it_budget", Money, info={"sensitive": "it-budget"}),
    sa.Column("currency", Text, info=CURRENCY),
    sa.Column("registered_on", Day),
    sa.Column("credit", Text, info=_CREDIT | one_of(*CreditRating)),
    sa.Column("credit_limit", Money, info=_CREDIT),
    sa.Column("credit_until", Day),
    sa.Column("credit_basis", Text),
    sa.Column(
        "requirements", Json, nullable=False, default={}, info=holds(dict[str, StatedRequirement])
    ),
    sa.Column("rival_until", Day),
    sa.Column("contacts", Json, nullable=False, default={}, info=_CONTACTS),
    sa.Column("contact_count", sa.Integer, nullable=False, default=0, info=DERIVED),
    sa.Column("decision_phone", sa.Boolean, nullable=False, default=False, info=DERIVED),
    sa.Column("decision_birthday", sa.Boolean, nullable=False, default=False, info=DERIVED),
    sa.Column("purchases", Json, nullable=False, default=[], info=holds(list[RivalPurchase])),
    sa.Column("merged", Json, info=holds(MergedInto)),
    order="name",
    indexes=[
        ["unit", "name"],
        ["manager", "name"],
        ["parent_id", "name"],
        ["registration_key"],
    ],
    sorts=["name", "changed_at", "annual_revenue", "registered_on"],
    filters=["state", "grade", "industry", "category", "unit"],
    search=["name", "short_name"],
    rotated="name_words",
    belongs=Belongs(
        customer=OfCustomer(
            column="parent_id",
            follow="follow-parent",
            name="place-under",
            end=Stays("A subsidiary may outlive its head office."),
        ),
    ),
)
"""`lost_to` is the competitor that gained a lapsed customer, also after its file was closed;
`rival_until` the first day on which a contract with a competitor ends; `contacts` by contact id,
with their number, and whether a telephone and a birthday of any decision maker are known;
`team` the role of each employee, `purchases` what is bought from competitors; the `credit` is rated
`credit_until` a day, the limit is in the currency of the revenue; `requirements` by code;
`merged` tells of
one that was merged into another: `into` which, by which `merge_id`, by whom, when and why."""

_STEPS = (
    *("customer.engaged", "customer.activated", "customer.suspended", "customer.lapsed"),
    *("customer.won-back", "customer.closed"),
)

customers.becomes("state_reason", {"customer.resumed": None})
customers.becomes("lost_to", {"customer.resumed": None})
customers.becomes("manager", {"customer.manager-released": None})
customers.dates("state_on", "customer.registered", *_STEPS, "customer.resumed")
customers.dates("registered_on", "customer.registered")


def _details(event: Recorded) -> Row:
    """Return the columns for the details that an event states."""
    changes = customers.stated(event)
    if "name" in changes:
        changes["name_key"] = name_key(changes["name"])
        changes["name_words"] = name_words(changes["name"])
    if "registration_number" in changes:
        number = changes["registration_number"]
        changes["registration_key"] = None if number is None else normal_number(number)
    if "credit" in changes:
        changes |= _credit(changes["credit"] or dict.fromkeys(Rated.__dataclass_fields__))
    return changes


@customers.on("customer.registered", "customer.details-corrected")
def _details_stated(row: Row, event: Recorded) -> Row:
    return _details(event)


@customers.on(*_STEPS)
def _state_changed(row: Row, event: Recorded) -> Row:
    ends = event.type == "customer.closed"  # who gained it before stays so
    return {
        "state_reason": event.data.get("reason"),
        "lost_to": row["lost_to"] if ends else event.data.get("competitor"),
    }


@customers.on("customer.contact-added", "customer.contact-corrected")
def _contact_stated(row: Row, event: Recorded) -> Row:
    data = dict(event.data)
    key, cleared = data.pop("contact_id"), data.pop("cleared", None) or ()
    data.pop(STATED, None)  # when it was so is the event's, not the person's
    known = row["contacts"].get(key, {})
    contact = {**known, **{name: value for name, value in data.items() if value is not None}}
    for name in cleared:
        contact.pop(name, None)
    return _people({**row["contacts"], key: contact})


@customers.on("customer.contact-removed", "customer.contact-erased")
def _contact_removed(row: Row, event: Recorded) -> Row:
    return _people(_without(row["contacts"], event.data["contact_id"]))


@customers.on("customer.purchase-recorded")
def _purchase_recorded(row: Row, event: Recorded) -> Row:
    bought = {name: value for name, value in event.data.items() if name != STATED}
    return _purchases([*_other_purchases(row, event), bought])


@customers.on("customer.purchase-ended")
def _purchase_ended(row: Row, event: Recorded) -> Row:
    return _purchases(_other_purchases(row, event))


@customers.on("customer.credit-rated")
def _credit_rated(row: Row, event: Recorded) -> Row:
    return _credit(event.data)


@customers.on("customer.requirement-stated")
def _requirement_stated(row: Row, event: Recorded) -> Row:
    told = {name: event.data[name] for name in ("kind", "text", "until")}
    return {"requirements": {**row["requirements"], event.data["code"]: told}}


@customers.on("customer.requirement-waived")
def _requirement_waived(row: Row, event: Recorded) -> Row:
    return {"requirements": _without(row["requirements"], event.data["code"])}


@customers.on("customer.merged-into")
def _merged_into(row: Row, event: Recorded) -> Row:
    told = {
        "into": event.data["survivor_id"],
        "merge_id": event.data["merge_id"],
        "by": event.principal.id,
        "by_kind": event.principal.kind,
        "at": event.time.isoformat().replace("+00:00", "Z"),
        "reason": event.data["reason"],
    }
    return {"merged": told, "name_words": "", **_people({})}  # it looks like nobody any more


@customers.on("customer.separated")
def _separated(row: Row, event: Recorded) -> Row:
    return {
        "name_words": name_words(row["name"]),
        **_details(event),
        "merged": None,
        **_people(row["contacts"] | _contacts(event)),
    }


@customers.on("customer.absorbed")
def _absorbed(row: Row, event: Recorded) -> Row:
    purchases = [*row["purchases"], *event.data["purchases"]]
    return {
        **_details(event),
        **_people(row["contacts"] | _contacts(event)),
        **_purchases(purchases),
        "requirements": row["requirements"] | (event.data.get("requirements") or {}),
        "team": row["team"] | event.data["team"],
    }


@customers.on("customer.gave-back")
def _gave_back(row: Row, event: Recorded) -> Row:
    gone = {tuple(each) for each in event.data["purchases"]}
    left = [p for p in row["purchases"] if (p["competitor"], p["product"]) not in gone]
    contacts, team = event.data["contacts"], event.data["team"]
    waived = event.data.get("requirements") or ()
    return {
        **_details(event),
        **_people({key: each for key, each in row["contacts"].items() if key not in contacts}),
        **_purchases(left),
        "requirements": {k: each for k, each in row["requirements"].items() if k not in waived},
        "team": {who: role for who, role in row["team"].items() if who not in team},
    }


def _contacts(event: Recorded) -> Row:
    return {
        key: {name: value for name, value in each.items() if value is not None}
        for key, each in (event.data["contacts"] or {}).items()
    }


def _people(contacts: dict[str, Row]) -> Row:
    """Return contacts, and what is known of them without saying it."""
    who = [e for e in contacts.values() if e.get("decision_role") == DecisionRole.DECISION_MAKER]
    return {
        "contacts": contacts,
        "contact_count": len(contacts),
        "decision_phone": any(each.get("phone") for each in who),
        "decision_birthday": any(each.get("birthday") for each in who),
    }


def _credit(rated: Row) -> Row:
    """Return the columns for a credit rating, as an event tells it."""
    return {
        "credit": rated["rating"],
        "credit_limit": money(rated["limit"]),
        "credit_until": day(rated["until"]),
        "credit_basis": rated["basis"],
    }


def _other_purchases(row: Row, event: Recorded) -> list[Row]:
    this = (event.data["competitor"], event.data["product"])
    return [each for each in row["purchases"] if (each["competitor"], each["product"]) != this]


def _purchases(purchases: list[Row]) -> Row:
    ends = [each["until"] for each in purchases if each.get("until")]
    return {"purchases": purchases, "rival_until": day(min(ends, default=None))}


def _without(known: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in known.items() if name != key}
