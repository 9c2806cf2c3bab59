"""Customers: a key account from its registration to its closing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from domain.customers.customer_contacts import Contacts
from domain.customers.customer_merging import Merging
from domain.customers.customer_profile import (
    Category,
    Details,
    Grade,
    Industry,
    Profile,
    ProfileReach,
    Purchase,
    RegistrationNumber,
    Website,
    normal_number,
)
from domain.customers.customer_standing import State
from domain.customers.customer_team import AccountTeam, TeamRole
from domain.kernel.aggregate import (
    Aggregate,
    MovedMeanwhile,
    NothingChanged,
    RuleViolation,
    applies,
    command,
)
from domain.kernel.types.values import (
    Amount,
    Count,
    Currency,
    CustomerAncestors,
    CustomerId,
    Day,
    Id,
    Line,
    PastYear,
    UnitCode,
)


class RegistrationNumberTaken(RuleViolation):
    """No two customers have the same registration number."""


class ParentCycle(RuleViolation):
    """A customer is not placed under itself or under one of its own subsidiaries."""


class Customer(Merging, Profile, AccountTeam, Contacts, Aggregate):
    """A key account: an organisation, its standing, its people and who looks after it."""

    class Registered(Details, Aggregate.Created):
        """{who} registered the customer "{name}" at {unit}[, under {parent_id}].

        [Its grade is {grade}.]
        """

        dated: ClassVar[str] = "registered_on"

        unit: str
        category: Category | None = None
        reach: ProfileReach | None = None
        grade: Grade | None = None
        parent_id: str | None = None
        registered_on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the details."""
            aggregate.details = Details.among(vars(self))

    class PlacedUnder(Aggregate.Event):
        """{who} placed the customer[ under {parent_id}][, before under {was.parent_id}]."""

        parent_id: str | None
        on: date | None = None

    class Transferred(Aggregate.Event):
        """{who} transferred the customer[ from {was.unit}] to {unit}, because "{reason}"."""

        unit: str
        reason: str
        on: date | None = None

    @classmethod
    @command
    def register(
        cls,
        name: Line,
        unit: UnitCode,
        short_name: Line | None = None,
        category: Category | None = None,
        reach: ProfileReach | None = None,
        grade: Grade | None = None,
        industry: Industry | None = None,
        region: Line | None = None,
        registration_number: RegistrationNumber | None = None,
        parent_id: CustomerId | None = None,
        website: Website | None = None,
        founded: PastYear | None = None,
        employees: Count | None = None,
        annual_revenue: Amount | None = None,
        it_budget: Amount | None = None,
        currency: Currency = "CNY",
        registered_on: Day | None = None,
    ) -> Customer:
        """Register a potential customer, as known since the day `registered_on`."""
        details = Details.among(locals())
        return cls._create(
            cls.Registered,
            unit=unit,
            category=category,
            reach=reach,
            grade=grade,
            parent_id=parent_id,
            registered_on=registered_on,
            **details,
        )

    @applies(Registered)
    def __init__(
        self,
        unit: str,
        category: Category | None,
        reach: ProfileReach | None,
        grade: Grade | None,
        parent_id: str | None,
    ) -> None:
        self.start()
        self.alone()
        self.unit = unit
        self.category = category
        self.reach = reach
        self.grade = grade
        self.parent_id = parent_id
        self.manager: str | None = None
        self.team: dict[str, TeamRole] = {}
        self.contacts: dict[str, dict[str, Any]] = {}
        self.former_contacts: set[str] = set()
        self.erased_contacts: set[str] = set()
        self.purchases: dict[tuple[str, str], Purchase] = {}

    @property
    def retired(self) -> bool:
        """Whether the customer is closed, or merged into another."""
        return self.state in (State.CLOSED, State.MERGED)

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The registration number, held until the customer is closed or merged."""
        number = self.details["registration_number"]
        if number is None or self.retired:
            return {}
        return {RegistrationNumberTaken: normal_number(number)}

    @command
    def place_under(self, parent_id: CustomerId | None, ancestors: CustomerAncestors) -> None:
        """Place the customer under its head office, or under none."""
        self.require_open()
        if parent_id == self.parent_id:
            raise NothingChanged("parent_id")
        if self.id == parent_id or self.id in ancestors:
            raise ParentCycle("parent_id")
        self.trigger_event(self.PlacedUnder, parent_id=parent_id)

    @applies(PlacedUnder)
    def _placed_under(self, parent_id: str | None) -> None:
        self.parent_id = parent_id

    @command(system=True)
    def follow_parent(self, parent_id: Id, former_id: Id, ancestors: CustomerAncestors) -> None:
        """Follow the head office, in whatever state, where a merge or its undoing brought it."""
        if former_id != self.parent_id:
            raise MovedMeanwhile
        if self.id == parent_id or self.id in ancestors:
            raise ParentCycle("parent_id")
        self.trigger_event(self.PlacedUnder, parent_id=parent_id)

    @command
    def transfer(self, unit: UnitCode, reason: Line) -> None:
        """Transfer the customer to another unit, for a reason."""
        self.require_open()
        if unit == self.unit:
            raise NothingChanged("unit")
        self.trigger_event(self.Transferred, unit=unit, reason=reason)

    @applies(Transferred)
    def _transferred(self, unit: str) -> None:
        self.unit = unit
