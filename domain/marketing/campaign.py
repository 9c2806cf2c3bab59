"""Campaigns: marketing to chosen customers, from the plan to what it brought."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    applies,
    command,
    starts,
)
from domain.kernel.time.correction import Fields, corrected, correction
from domain.kernel.types.values import (
    LARGEST,
    Amount,
    Cost,
    Count,
    Currency,
    EmployeeCode,
    Line,
    NearDay,
    OpportunityId,
    Prose,
    Sensitive,
    UnitCode,
    Worth,
)
from domain.marketing.campaign_course import PlanRequired, Status
from domain.marketing.campaign_outreach import Outreach


class CampaignKind(StrEnum):
    """What a campaign is for."""

    NEW_BUSINESS = "new-business"
    CROSS_SELLING = "cross-selling"
    RETENTION = "retention"
    WIN_BACK = "win-back"
    CARE = "care"
    PRODUCT_LAUNCH = "product-launch"


Units = Annotated[list[UnitCode], Field(min_length=1, max_length=500)]
"""The units that carry out a campaign."""

Ratio = Annotated[Decimal, Field(decimal_places=4)]
"""A share of something: 1 is all of it."""


class PeriodReversed(RuleViolation):
    """A campaign ends no earlier than it starts."""


class CloseRequired(RuleViolation):
    """A campaign is evaluated only after it was closed."""


class CostTooLarge(RuleViolation):
    """The costs of a campaign come to no more than 9,999,999,999,999,999.99."""


class CampaignEvaluated(RuleViolation):
    """The costs and orders of an evaluated campaign stand."""


def ratio(part: Decimal | int, whole: Decimal | int, step: str) -> Decimal | None:
    """Return part / whole rounded half up to `step`, or `None` when the whole is nothing."""
    if not whole:
        return None
    return (Decimal(part) / Decimal(whole)).quantize(Decimal(step), ROUND_HALF_UP)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan(Fields):
    """What a campaign is to do, where, when, and for how much."""

    name: str | None = None
    goal: str | None = None
    kind: CampaignKind | None = None
    units: list[str] | None = None
    budget: Cost | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    manager: str | None = None


class Campaign(Outreach, Aggregate):
    """A marketing campaign of some units, with a goal, a budget and a period."""

    titles = {"budget": "预算", "goal": "目标", "units": "参与单位"}

    class Planned(Plan, Aggregate.Created):
        """{who} planned the campaign "{name}"[, from {starts_on}][ to {ends_on}].

        [Its budget is {budget} {currency}. ][{manager} leads it.]
        """

        currency: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the plan."""
            aggregate.outline = Plan.among(vars(self))

    class PlanRevised(Plan, Aggregate.Event):
        """{who} revised the plan: {changes}."""

        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the revised plan."""
            aggregate.outline = corrected(aggregate.outline, vars(self))

    class OpportunityLinked(Aggregate.Event):
        """{who} linked the opportunity {opportunity_id} to the campaign."""

        opportunity_id: str
        on: date | None = None

    class CostRecorded(Aggregate.Event):
        """{who} recorded a cost of {amount}[ {currency}] for "{purpose}"."""

        amount: Cost
        purpose: str
        on: date | None = None

    class Evaluated(Aggregate.Event):
        """{who} evaluated the campaign: "{conclusion}".

        Of {contacted} contacted {responded} responded.
        It won {orders_won} orders[, worth {won_amount} {currency}].
        """

        conclusion: str
        targets: int
        contacted: int
        responded: int
        response_rate: Ratio | None
        cost: Cost
        cost_per_response: Cost | None
        orders_won: int
        won_amount: Worth
        roi: Annotated[Ratio | None, Sensitive("cost")]
        on: date | None = None

    outline: dict[str, Any]
    opportunities: set[str] = starts(set)
    cost = starts(Decimal)
    evaluated = starts(bool)

    @classmethod
    @command
    def plan(
        cls,
        name: Line,
        goal: Prose,
        kind: CampaignKind,
        units: Units,
        budget: Amount,
        starts_on: NearDay,
        ends_on: NearDay,
        currency: Currency = "CNY",
        manager: EmployeeCode | None = None,
    ) -> Campaign:
        """Plan a campaign; all its amounts are in the `currency` of its budget."""
        plan = Plan.among(locals())
        if ends_on < starts_on:
            raise PeriodReversed("ends_on")
        return cls._create(cls.Planned, currency=currency, **plan)

    @property
    def units(self) -> frozenset[str]:
        """The units that carry the campaign out."""
        return frozenset(self.outline["units"])

    @property
    def owners(self) -> frozenset[str]:
        """Who manages the campaign."""
        manager = self.outline["manager"]
        return frozenset({manager} if manager else ())

    def entrust(self, employee: str) -> None:
        """Make the employee its manager, unless somebody is."""
        if self.outline["manager"] is None:
            self.trigger_event(self.PlanRevised, manager=employee, on=self.begun)

    @command(only=(Status.PLANNED, PlanRequired))
    def revise_plan(
        self,
        name: Line | None = None,
        goal: Prose | None = None,
        kind: CampaignKind | None = None,
        units: Units | None = None,
        budget: Amount | None = None,
        starts_on: NearDay | None = None,
        ends_on: NearDay | None = None,
        manager: EmployeeCode | None = None,
    ) -> None:
        """Revise the plan before it is submitted: what is given changes."""
        given = Plan.among(locals())
        changes = correction(self.outline, given)
        if not changes:
            raise NothingChanged
        plan = self.outline | changes
        if plan["ends_on"] < plan["starts_on"]:
            raise PeriodReversed("ends_on" if ends_on else "starts_on")
        self.trigger_event(self.PlanRevised, **changes)

    @command
    def link_opportunity(self, opportunity_id: OpportunityId) -> None:
        """Link an opportunity that the campaign brought about."""
        if self.now.evaluated:
            raise CampaignEvaluated
        if opportunity_id in self.opportunities:
            raise NothingChanged("opportunity_id")
        self.trigger_event(self.OpportunityLinked, opportunity_id=opportunity_id)

    @applies(OpportunityLinked)
    def _opportunity_linked(self, opportunity_id: str) -> None:
        self.opportunities.add(opportunity_id)

    @command
    def record_cost(self, amount: Amount, purpose: Line) -> None:
        """Record what was spent, and for what."""
        if self.now.evaluated:
            raise CampaignEvaluated
        if self.now.cost + amount > LARGEST:
            raise CostTooLarge("amount")
        self.trigger_event(self.CostRecorded, amount=amount, purpose=purpose)

    @applies(CostRecorded)
    def _cost_recorded(self, amount: Decimal) -> None:
        self.cost += amount

    @command(only=(Status.CLOSED, CloseRequired))
    def evaluate(self, conclusion: Prose, orders_won: Count, won_amount: Amount) -> None:
        """Evaluate the closed campaign by its responses, its cost and the orders it won.

        The response rate counts customers, and is a share of the targets; the return on
        investment is what was won beyond the cost, as a share of the cost.
        """
        if self.now.evaluated:
            raise CampaignEvaluated
        counts = self.counts
        self.trigger_event(
            self.Evaluated,
            conclusion=conclusion,
            **counts,
            response_rate=ratio(counts["responded"], counts["targets"], "0.0001"),
            cost=self.cost,
            cost_per_response=ratio(self.cost, counts["responded"], "0.01"),
            orders_won=orders_won,
            won_amount=won_amount,
            roi=ratio(won_amount - self.cost, self.cost, "0.0001"),
        )

    @applies(Evaluated)
    def _evaluated(self) -> None:
        self.evaluated = True
