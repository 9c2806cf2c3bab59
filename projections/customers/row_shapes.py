"""Row shapes: what the columns of customers and sites have that hold lists and objects."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired

from typing_extensions import TypedDict

from domain.customers.customer_contacts import DecisionRole, Relationship
from domain.customers.customer_requirements import RequirementKind
from domain.customers.sites.site_access import Medium
from domain.customers.sites.site_equipment import EquipmentKind, EquipmentOwner
from domain.kernel.actors import ActorKind


class Contact(TypedDict):
    """A person to talk to at a customer; what nobody said is not there, what is masked is null."""

    name: str | None
    title: NotRequired[str | None]
    decision_role: NotRequired[DecisionRole]
    influence: NotRequired[int]
    relationship: NotRequired[Relationship]
    birthday: NotRequired[date | None]
    preferences: NotRequired[str | None]
    phone: NotRequired[str | None]
    email: NotRequired[str | None]


class RivalPurchase(TypedDict):
    """What is bought from a competitor, until when."""

    competitor: str
    product: str
    monthly: NotRequired[Decimal | None]
    currency: NotRequired[str | None]
    until: NotRequired[date | None]


class StatedRequirement(TypedDict):
    """What a customer asks for specially, until when."""

    kind: RequirementKind
    text: str
    until: date | None


class MergedInto(TypedDict):
    """Into which customer one was merged, by which merge, by whom, when and why."""

    into: str
    merge_id: str
    by: str
    by_kind: ActorKind
    at: datetime
    reason: str


class SiteAccessPoint(TypedDict):
    """How a site is connected, by whom; what nobody said is not there."""

    medium: Medium
    carrier: str
    capacity_mbps: NotRequired[int]
    ports: NotRequired[int]
    entry: NotRequired[str]
    diverse_from: NotRequired[str]


class EquipmentAtSite(TypedDict):
    """What stands at a site; what nobody said is not there."""

    kind: EquipmentKind
    vendor: str
    model: str
    quantity: int
    owner: EquipmentOwner
    installed_on: NotRequired[date]
    warranty_until: NotRequired[date]
    maintained_by: NotRequired[str]


class UseStep(TypedDict):
    """How many of a product were used from a day on, at which fee a month for all of them."""

    quantity: int
    monthly_fee: Decimal | None
