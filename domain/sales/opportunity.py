"""Opportunities: a possible sale, from the first lead to a contract won, lost or abandoned."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from domain.kernel.aggregate import (
    Aggregate,
    MovedMeanwhile,
    NothingChanged,
    RuleViolation,
    applies,
    command,
)
from domain.kernel.types.days import Day, NearDay
from domain.kernel.types.values import (
    LARGEST,
    Amount,
    Currency,
    CustomerId,
    EmployeeCode,
    Id,
    Line,
    UnitCode,
    Worth,
)
from domain.sales.opportunity_offer import (
    AmountTooLarge,
    CloseBeforeOpening,
    Lines,
    ProductLine,
    amount_of,
)
from domain.sales.opportunity_source import Source
from domain.sales.opportunity_stage import PROBABILITY, Percent, Stage, Status
from domain.sales.opportunity_team import DealTeam


class CompetitorRequired(RuleViolation):
    """Only a competitor that was added is dropped."""


class Opportunity(DealTeam, Aggregate):
    """A possible sale to a customer, or to somebody who is not yet tied to one."""

    revives = True

    class Opened(Aggregate.Created):
        """{who} opened the opportunity "{title}" at {unit}[ for {customer_id}].

        The stage is {stage}[, the amount {amount} {currency}].
        """

        dated: ClassVar[str] = "opened_on"

        title: str
        unit: str
        customer_id: str | None
        manager: str | None
        stage: Stage
        probability: int
        lines: list[ProductLine]
        amount: Worth | None
        currency: str
        expected_close: date | None
        source: Source | None
        opened_on: date | None

    class CustomerNamed(Aggregate.Event):
        """{who} named {customer_id} as the customer[, before {was.customer_id}]."""

        customer_id: str
        on: date | None = None

    class Retitled(Aggregate.Event):
        """{who} changed the title[ from "{was.title}"] to "{title}"."""

        title: str
        on: date | None = None

    class ManagerAssigned(Aggregate.Event):
        """{who} assigned {manager} as account manager[, before {was.manager}]."""

        manager: str
        on: date | None = None

    class Transferred(Aggregate.Event):
        """{who} transferred the sale[ from {was.unit}] to {unit}, because "{reason}"."""

        unit: str
        reason: str
        on: date | None = None

    class CompetitorAdded(Aggregate.Event):
        """{who} noted the competitor {competitor}[: "{note}"]."""

        competitor: str
        note: str | None = None
        on: date | None = None

    class CompetitorDropped(Aggregate.Event):
        """{who} noted that the competitor {competitor} is out of the race."""

        competitor: str
        on: date | None = None

    @classmethod
    @command
    def open(
        cls,
        title: Line,
        unit: UnitCode,
        customer_id: CustomerId | None = None,
        manager: EmployeeCode | None = None,
        lines: Lines | None = None,
        amount: Amount | None = None,
        currency: Currency = "CNY",
        probability: Percent | None = None,
        expected_close: NearDay | None = None,
        source: Source | None = None,
        opened_on: Day | None = None,
    ) -> Opportunity:
        """Open a lead. Without an `amount` it is what the lines come to, if there are any."""
        if expected_close and opened_on and expected_close < opened_on:
            raise CloseBeforeOpening("expected_close")
        if amount is None and lines:
            amount = amount_of(lines)
            if amount > LARGEST:
                raise AmountTooLarge("lines")
        return cls._create(
            cls.Opened,
            title=title,
            unit=unit,
            customer_id=customer_id,
            manager=manager,
            stage=Stage.LEAD,
            probability=PROBABILITY[Stage.LEAD] if probability is None else probability,
            lines=lines or [],
            amount=amount,
            currency=currency,
            expected_close=expected_close,
            source=source,
            opened_on=opened_on,
        )

    @applies(Opened)
    def __init__(
        self,
        title: str,
        unit: str,
        customer_id: str | None,
        manager: str | None,
        stage: Stage,
        probability: int,
        lines: list[ProductLine],
        amount: Decimal | None,
        expected_close: date | None,
    ) -> None:
        self.start(stage, probability, amount)
        self.title = title
        self.unit = unit
        self.customer_id = customer_id
        self.manager = manager
        self.lines = lines
        self.expected_close = expected_close
        self.competitors: set[str] = set()
        self.team: dict[str, str] = {}

    @property
    def retired(self) -> bool:
        """Whether the opportunity has ended."""
        return self.status is not Status.OPEN

    def entrust(self, employee: str) -> None:
        """Make the employee its manager, unless somebody is."""
        if self.manager is None:
            self.trigger_event(self.ManagerAssigned, manager=employee, on=self.begun)

    @command
    def name_customer(self, customer_id: CustomerId) -> None:
        """Name the customer of the opportunity."""
        self.require_open()
        if customer_id == self.customer_id:
            raise NothingChanged("customer_id")
        self.trigger_event(self.CustomerNamed, customer_id=customer_id)

    @applies(CustomerNamed)
    def _customer_named(self, customer_id: str) -> None:
        self.customer_id = customer_id

    @command(system=True)
    def follow_customer(self, customer_id: Id, former_id: Id) -> None:
        """Follow the customer, open or not, where a merge or its undoing brought it."""
        if former_id != self.now.customer_id:
            raise MovedMeanwhile
        self.trigger_event(self.CustomerNamed, customer_id=customer_id)

    @command
    def retitle(self, title: Line) -> None:
        """Give the opportunity another title."""
        self.require_open()
        if title == self.title:
            raise NothingChanged("title")
        self.trigger_event(self.Retitled, title=title)

    @applies(Retitled)
    def _retitled(self, title: str) -> None:
        self.title = title

    @command
    def assign_manager(self, manager: EmployeeCode) -> None:
        """Assign the account manager who pursues the opportunity."""
        self.require_open()
        if manager == self.manager:
            raise NothingChanged("manager")
        self.trigger_event(self.ManagerAssigned, manager=manager)

    @applies(ManagerAssigned)
    def _manager_assigned(self, manager: str) -> None:
        self.manager = manager

    @command
    def transfer(self, unit: UnitCode, reason: Line) -> None:
        """Transfer the opportunity to another unit, for a reason."""
        self.require_open()
        if unit == self.unit:
            raise NothingChanged("unit")
        self.trigger_event(self.Transferred, unit=unit, reason=reason)

    @applies(Transferred)
    def _transferred(self, unit: str) -> None:
        self.unit = unit

    @command
    def add_competitor(self, competitor: Line, note: Line | None = None) -> None:
        """Note a competitor who is after the same sale."""
        self.require_open()
        if competitor in self.competitors:
            raise NothingChanged("competitor")
        self.trigger_event(self.CompetitorAdded, competitor=competitor, note=note)

    @applies(CompetitorAdded)
    def _competitor_added(self, competitor: str) -> None:
        self.competitors.add(competitor)

    @command
    def drop_competitor(self, competitor: Line) -> None:
        """Note that a competitor is out of the race."""
        self.require_open()
        if competitor not in self.competitors:
            raise CompetitorRequired("competitor")
        self.trigger_event(self.CompetitorDropped, competitor=competitor)

    @applies(CompetitorDropped)
    def _competitor_dropped(self, competitor: str) -> None:
        self.competitors.remove(competitor)
