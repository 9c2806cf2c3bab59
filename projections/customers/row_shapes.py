"""Row shapes: what the columns of customers have that hold lists and objects."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import NotRequired

from typing_extensions import TypedDict

from domain.customers.customer_contacts import DecisionRole, Relationship
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


class MergedInto(TypedDict):
    """Into which customer one was merged, by which merge, by whom, when and why."""

    into: str
    merge_id: str
    by: str
    by_kind: ActorKind
    at: datetime
    reason: str
