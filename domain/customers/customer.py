"""Customers: a key account from its registration to its closing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from domain.customers.customer_contacts import Contacts
from domain.customers.customer_credit import Credit
from domain.customers.customer_profile import (
    Category,
    Details,
    Grade,
    Industry,
    Profile,
    ProfileReach,
    RegistrationNumber,
    Website,
    normal_number,
)
from domain.customers.customer_requirements import Requirements
from domain.customers.customer_team import AccountTeam
from domain.customers.merges.customer_merging import Merging
from domain.kernel.aggregate import (
    Aggregate,
    MovedMeanwhile,
    NothingChanged,
    RuleViolation,
    command,
)
from domain.kernel.parts.in_unit import InUnit
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


class Customer(Merging, Profile, Credit, Requirements, AccountTeam, Contacts, InUnit, Aggregate):
    """A key account: an organisation, its standing, its people and who looks after it."""

    titles = {
        "annual_revenue": "年收入",
        "basis": "评级依据",
        "category": "客户类别",
        "credit": "信用等级",
        "credit_limit": "信用额度",
        "credit_until": "信用有效期",
        "employees": "员工人数",
        "founded": "成立年份",
        "grade": "客户等级",
        "industry": "行业",
        "it_budget": "IT预算",
        "limit": "信用额度",
        "parent_id": "上级客户",
        "rating": "信用等级",
        "region": "地区",
        "registered_on": "登记日期",
        "registration_number": "统一社会信用代码",
        "requirements": "特殊要求",
        "short_name": "简称",
        "website": "网站",
    }

    class Registered(
        Details, Aggregate.Created, changes=("unit", "category", "reach", "grade", "parent_id")
    ):
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

    class PlacedUnder(Aggregate.Event, changes="parent_id"):
        """{who} placed the customer[ under {parent_id}][, before under {was.parent_id}]."""

        parent_id: str | None
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

    parent_id: str | None

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
        if parent_id == self.parent_id:
            raise NothingChanged("parent_id")
        if self.id == parent_id or self.id in ancestors:
            raise ParentCycle("parent_id")
        self.trigger_event(self.PlacedUnder, parent_id=parent_id)

    @command(system=True)
    def follow_parent(self, parent_id: Id, former_id: Id, ancestors: CustomerAncestors) -> None:
        """Follow the head office, in whatever state, where a merge or its undoing brought it."""
        if former_id != self.parent_id:
            raise MovedMeanwhile
        if self.id == parent_id or self.id in ancestors:
            raise ParentCycle("parent_id")
        self.trigger_event(self.PlacedUnder, parent_id=parent_id)
