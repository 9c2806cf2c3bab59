"""Estates: what a customer that goes into another one leaves to it, and what came of that."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.customers.customer_credit import Rated
from domain.customers.customer_profile import Category, Details, Grade, ProfileReach, Purchase
from domain.customers.customer_requirements import Requirement
from domain.customers.customer_standing import State
from domain.customers.customer_team import TeamRole
from domain.kernel.types.values import Value


class Choice(StrEnum):
    """A field whose value a merge may take from the duplicate."""

    NAME = "name"
    SHORT_NAME = "short_name"
    INDUSTRY = "industry"
    REGION = "region"
    REGISTRATION_NUMBER = "registration_number"
    WEBSITE = "website"
    FOUNDED = "founded"
    EMPLOYEES = "employees"
    ANNUAL_REVENUE = "annual_revenue"
    IT_BUDGET = "it_budget"
    CURRENCY = "currency"
    CATEGORY = "category"
    REACH = "reach"
    GRADE = "grade"
    UNIT = "unit"
    MANAGER = "manager"
    PARENT_ID = "parent_id"
    CREDIT = "credit"


SENSITIVE = ("annual_revenue", "it_budget", "credit")
"""Fields whose values are not repeated where conflicts are listed."""

NUMBER = "registration_number"
PARENT = "parent_id"
UNIT = "unit"
MANAGER = "manager"

TAKEN = "Another customer has the number by now."
ABSENT = "The head office is closed or merged by now."
BELOW = "The head office is below the customer by now."
ENDED = "The unit has ended since."
LEFT = "The employee has left since."
HIDDEN = "The values are not repeated here."
GONE = "It was taken away since."
CORRECTED = "The person went back as corrected since."
"""Why a value from before a merge cannot be had again, or is not proposed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chosen(Details):
    """The fields that a merge, or its undoing, changes; those not given stay."""

    category: Category | None = None
    reach: ProfileReach | None = None
    grade: Grade | None = None
    unit: str | None = None
    manager: str | None = None
    parent_id: str | None = None
    credit: Rated | None = None


class Bought(Value):
    """What is bought from a competitor, as a merge takes it over."""

    competitor: str
    product: str
    monthly: Decimal | None
    currency: str
    until: date | None


class Difference(Value):
    """What was changed since the merge: the field, its value before the merge, and now.

    `because` says why what it was cannot be had again; where it is so nevertheless, why that
    cannot last.
    """

    field: str
    was: str | None = None
    now: str | None = None
    because: str | None = None


@dataclasses.dataclass(frozen=True)
class Estate:
    """What a customer that is merged leaves to the other one."""

    fields: Mapping[str, Any]
    contacts: Mapping[str, dict[str, Any]]
    purchases: Mapping[tuple[str, str], Purchase]
    requirements: Mapping[str, dict[str, Any]]
    team: Mapping[str, TeamRole]


@dataclasses.dataclass
class Absorption:
    """What came to a customer by a merge: the values before, those taken, and what was added.

    `offered` is what the duplicate had of purchases, requirements and team, whether it was new here
    or not.
    """

    before: dict[str, Any]
    taken: dict[str, Any]
    contacts: dict[str, dict[str, Any]]
    purchases: dict[tuple[str, str], Purchase]
    requirements: dict[str, dict[str, Any]]
    team: dict[str, TeamRole]
    offered: set[tuple[str, ...]]

    @classmethod
    def of(cls, fact: Any, before: Mapping[str, Any], after: Mapping[str, Any]) -> Absorption:
        """Return what came by a fact, given all values before it and after it."""
        taken = {name: value for name, value in after.items() if value != before[name]}
        return cls(
            before={name: before[name] for name in taken},
            taken=taken,
            contacts={key: dict(vars(each)) for key, each in (fact.contacts or {}).items()},
            purchases={
                (each.competitor, each.product): Purchase(each.monthly, each.currency, each.until)
                for each in fact.purchases
            },
            requirements=kept_as(fact.requirements),
            team=dict(fact.team),
            offered=set(fact.offered),
        )

    def restored(
        self,
        own: Mapping[str, Any],
        later: Collection[Absorption],
        barred: Collection[str],
        lost: Mapping[str, str],
    ) -> tuple[dict[str, Any], list[Difference]]:
        """Return the values that come back when the merge is undone, and what is to be decided.

        Args:
            own: The values that the customer has now, by name.
            later: The merges after this one; what they took too comes back when they are undone.
            barred: The fields that cannot be as before: what was taken goes, nothing comes back.
            lost: Why nobody could give the customer what it had before, by name of the field.
        """
        values: dict[str, Any] = {}
        kept: list[Difference] = []
        for name, value in self.taken.items():
            before = self.before[name]
            if any(name in each.taken for each in later):
                continue
            if own[name] == value:
                values[name] = None if name in barred else before
            now = values.get(name, own[name])
            if now != before:
                kept.append(difference(name, before, now, lost.get(name)))
        if values.get(MANAGER) is not None and MANAGER in lost:
            kept.append(leaver(values[MANAGER]))
        return values, kept

    def missed(
        self,
        contacts: Mapping[str, Any],
        purchases: Mapping[Any, Any],
        requirements: Mapping[str, Any],
        team: Mapping[str, Any],
    ) -> list[Difference]:
        """Return what was taken away since, or of people corrected, given what is there now."""
        return [
            *_gone("contacts", self.contacts, contacts),
            *_gone("purchases", self.purchases, purchases),
            *_gone("requirements", self.requirements, requirements),
            *_gone("team", self.team, team),
            *(
                Difference(field=f"contacts/{key}", because=CORRECTED)
                for key, each in self.contacts.items()
                if key in contacts and contacts[key] != each
            ),
        ]


@dataclasses.dataclass
class Return:
    """What goes back when a merge is undone, and what was changed since."""

    contacts: dict[str, dict[str, Any]]
    kept: list[Difference]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What undoing merges came to at a customer, by merge; whether it is closed."""

    id: str
    closed: bool
    returns: Mapping[str, Return]


def changes(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a fact that gives these values; what is nothing is cleared."""
    cleared = tuple(sorted(name for name, value in values.items() if value is None))
    return {**dict.fromkeys(each.value for each in Choice), **values, "cleared": cleared}


def kept_as(requirements: Mapping[str, Requirement] | None) -> dict[str, dict[str, Any]]:
    """Return what a fact tells of requirements, as a customer keeps them."""
    return {code: dict(vars(each)) for code, each in (requirements or {}).items()}


def of_requirement(code: str) -> tuple[str, ...]:
    """Return what tells a requirement from what else is offered by a duplicate."""
    return ("requirement", code, "")


def told(purchase: Purchase) -> dict[str, Any]:
    """Return what is bought, and until when, by name."""
    return {field.name: getattr(purchase, field.name) for field in dataclasses.fields(purchase)}


def lost(
    id: str,
    above: Collection[str],
    head: State | None,
    ended: bool | None,
    left: bool | None,
    holders: Collection[str],
) -> dict[str, str]:
    """Return by name the fields of a customer that nobody could give it as before, each with why.

    Args:
        id: The customer.
        above: The head office before, and what is above that now.
        head: The state of that head office.
        ended: Whether the unit before has ended.
        left: Whether the account manager before has left.
        holders: Who has the registration number before.
    """
    found: dict[str, str] = {}
    if head in (State.CLOSED, State.MERGED):
        found[PARENT] = ABSENT
    if id in above:
        found[PARENT] = BELOW
    if ended:
        found[UNIT] = ENDED
    if left:
        found[MANAGER] = LEFT
    if {*holders} - {id}:
        found[NUMBER] = TAKEN
    return found


def difference(name: str, was: Any, now: Any, because: str | None = None) -> Difference:
    """Return a field that was changed since; what is sensitive is not repeated."""
    if name in SENSITIVE:
        return Difference(field=name, because=HIDDEN)
    return Difference(field=name, was=_text(was), now=_text(now), because=because)


def leaver(manager: str) -> Difference:
    """Return that a customer comes back to an account manager who has left since."""
    return difference(MANAGER, manager, manager, LEFT)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _gone(field: str, came: Mapping[Any, Any], there: Collection[Any]) -> Iterator[Difference]:
    for key in came:
        if key not in there:
            was = " / ".join(key) if isinstance(key, tuple) else key
            yield Difference(field=field, was=was, because=GONE)
