"""Billing accounts: whose an account of the billing system is, from which day on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from domain.billing.billing_terms import AccountClosed, Billed
from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    begins,
    command,
    starts,
)
from domain.kernel.parts.in_unit import InUnit
from domain.kernel.parts.of_customer import OfCustomer
from domain.kernel.types.values import Code, Currency, CustomerId, Id, Line, UnitCode


class AccountState(StrEnum):
    """Whether something is billed through an account."""

    OPEN = "open"
    CLOSED = "closed"


class AccountNumberTaken(RuleViolation):
    """A billing account number is given once."""


class AccountElsewhere(RuleViolation):
    """An account belongs to one customer at a time."""


class JoinedOnce(RuleViolation):
    """A billing account belongs to one arrangement at a time."""


class ArrangementRequired(RuleViolation):
    """Only a billing account that joined an arrangement leaves it."""


class BillingAccount(InUnit, OfCustomer, Aggregate):
    """An account of the billing system, and the customer who holds it, if that is known."""

    titles = {
        "account_number": "账户号码",
        "arrangement_id": "统一付费协议",
        "close_reason": "销户原因",
        "closed_on": "销户日期",
        "opened_on": "开户日期",
    }

    class Opened(Aggregate.Created, changes=("account_number", "customer_id", "unit", "currency")):
        """{who} opened the billing account {account_number} at {unit}[ for {customer_id}]."""

        account_number: str
        customer_id: str | None
        unit: str
        currency: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Have its first holder hold it from the beginning: nobody did before."""
            if self.customer_id is not None:
                aggregate._holders.append((date.min, self.customer_id))

    class CustomerNamed(OfCustomer.CustomerNamed, changes="customer_id"):
        """{who} named {customer_id} as the customer[, before {was.customer_id}]."""

        def apply(self, aggregate: Any) -> None:
            """Have the customer hold it for as long as the one held it who was named by mistake."""
            since, _ = aggregate._holders.pop() if aggregate._holders else (date.min, None)
            aggregate._holders.append((since, self.customer_id))

    class Assigned(Aggregate.Event, changes="customer_id"):
        """{who} assigned the account to {customer_id}."""

        customer_id: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Note who holds it from the day on."""
            aggregate._holders.append((self.effective_day, self.customer_id))

    class Reassigned(Aggregate.Event, changes="customer_id"):
        """{who} gave the account to {customer_id}[, before {was.customer_id}].

        The reason was "{reason}".
        """

        customer_id: str
        reason: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Note who holds it from the day on."""
            aggregate._holders.append((self.effective_day, self.customer_id))

    class Joined(Aggregate.Event, changes="arrangement_id"):
        """{who} had the account join the billing arrangement {arrangement_id}."""

        arrangement_id: str
        on: date | None = None

    class Left(Aggregate.Event, changes="arrangement_id"):
        """{who} had the account leave its billing arrangement, because "{reason}"."""

        reason: str
        arrangement_id: str | None = None
        on: date | None = None

    class Closed(Aggregate.Event, to=AccountState.CLOSED):
        """{who} closed the account, because "{reason}"."""

        reason: str
        on: date | None = None

    state = begins(AccountState.OPEN, ends=(AccountState.CLOSED,), ended=AccountClosed)
    account_number: str
    currency: str
    arrangement_id: str | None = starts(lambda: None)
    _holders: list[tuple[date, str]] = starts(list)

    @classmethod
    @command(states=Opened)
    def open(
        cls,
        account_number: Code,
        unit: UnitCode,
        customer_id: CustomerId | None = None,
        currency: Currency = "CNY",
    ) -> None:
        """Open a billing account, of a customer or of one who is yet to be found."""

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The number of the account, for ever."""
        return {AccountNumberTaken: self.account_number}

    @property
    def billed(self) -> Billed:
        """What it gives to its bills."""
        return Billed(tuple(self._holders), self.unit, self.currency)

    @property
    def closed(self) -> bool:
        """Whether it gets no bill any more."""
        return self.state is AccountState.CLOSED

    @command
    def assign(self, customer_id: CustomerId) -> None:
        """Assign an account that nobody holds to a customer, from a day on."""
        if customer_id == self.customer_id:
            raise NothingChanged("customer_id")
        if self.customer_id is not None:
            raise AccountElsewhere("customer_id")
        self.trigger_event(self.Assigned, customer_id=customer_id)

    @command(states=Reassigned)
    def reassign(self, customer_id: CustomerId, reason: Line) -> None:
        """Give the account to another customer from a day on, for a reason."""

    @command
    def join(self, arrangement_id: Id) -> None:
        """Have the account join a billing arrangement, by which others pay with it."""
        if self.arrangement_id == arrangement_id:
            raise NothingChanged("arrangement_id")
        if self.arrangement_id is not None:
            raise JoinedOnce("arrangement_id")
        self.trigger_event(self.Joined, arrangement_id=arrangement_id)

    @command
    def leave(self, reason: Line) -> None:
        """Have the account leave its billing arrangement, for a reason."""
        if self.arrangement_id is None:
            raise ArrangementRequired
        self.trigger_event(self.Left, reason=reason)

    @command(states=Closed)
    def close(self, reason: Line) -> None:
        """Close the account, for a reason."""
