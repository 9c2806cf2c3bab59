"""Opportunities: a possible sale, from the first lead to a contract won, lost or abandoned."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from domain.kernel.aggregate import (
    Aggregate,
    RuleViolation,
    applies,
    command,
    keyed,
)
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.parts.staffed import Staffed
from domain.kernel.types.days import Day, NearDay
from domain.kernel.types.values import (
    LARGEST,
    Amount,
    ContractId,
    Currency,
    CustomerId,
    EmployeeCode,
    Line,
    UnitCode,
    Worth,
)
from domain.sales.opportunity_offer import (
    AmountTooLarge,
    CloseBeforeOpening,
    Lines,
    Offer,
    ProductLine,
    amount_of,
)
from domain.sales.opportunity_source import Source
from domain.sales.opportunity_stage import PROBABILITY, Percent, Stage


class CompetitorRequired(RuleViolation):
    """Only a competitor that was added is dropped."""


class DealTeamMemberRequired(RuleViolation):
    """Only a member of the opportunity's team is removed from it."""


class Opportunity(Offer, Staffed[Line], InUnit, OfCustomer, Aggregate):
    """A possible sale to a customer, or to somebody who is not yet tied to one."""

    titles = {
        "amount": "金额",
        "expected_close": "预计成交日期",
        "opened_on": "开始日期",
        "probability": "成功率",
        "renews_id": "续约合同",
        "source": "来源",
    }
    revives = True
    NotInTeam = DealTeamMemberRequired
    competitors: set[str] = keyed("competitor", required=CompetitorRequired)
    title: str

    class Opened(
        Aggregate.Created,
        changes=(
            "title",
            "unit",
            "customer_id",
            "manager",
            "stage",
            "probability",
            "lines",
            "expected_close",
        ),
    ):
        """{who} opened the opportunity "{title}" at {unit}[ for {customer_id}].

        The stage is {stage}[, the amount {amount} {currency}].[ It is to
        renew the contract {renews_id}.]
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
        renews_id: str | None = None

    class Retitled(Aggregate.Event, changes="title"):
        """{who} changed the title[ from "{was.title}"] to "{title}"."""

        title: str
        on: date | None = None

    class CompetitorAdded(Aggregate.Event, puts="competitors"):
        """{who} noted the competitor {competitor}[: "{note}"]."""

        competitor: str
        note: str | None = None
        on: date | None = None

    class CompetitorDropped(Aggregate.Event, drops="competitors"):
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
        renews_id: ContractId | None = None,
    ) -> Opportunity:
        """Open a lead. Without an `amount` it is what the lines come to, if there are any.

        It may be to renew a contract.
        """
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
            renews_id=renews_id,
        )

    @applies(Opened)
    def __init__(self, amount: Decimal | None) -> None:
        self.expect(amount)

    @command(states=Retitled)
    def retitle(self, title: Line) -> None:
        """Give the opportunity another title."""

    @command(states=CompetitorAdded)
    def add_competitor(self, competitor: Line, note: Line | None = None) -> None:
        """Note a competitor who is after the same sale."""

    @command(states=CompetitorDropped)
    def drop_competitor(self, competitor: Line) -> None:
        """Note that a competitor is out of the race."""
