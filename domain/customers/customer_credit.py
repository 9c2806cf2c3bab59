"""Credit: how far a customer is trusted to pay, until when, and on what basis."""

from __future__ import annotations

import dataclasses
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from domain.customers.customer_standing import Standing
from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, command, starts
from domain.kernel.time.correction import Fields
from domain.kernel.types.values import Amount, LastDay, Line, Sensitive


class CreditRating(StrEnum):
    """How far a customer is trusted to pay, from the best down."""

    AAA = "AAA"
    AA = "AA"
    A = "A"
    B = "B"
    C = "C"
    D = "D"


class RatingTooLong(RuleViolation):
    """A credit rating is good for twelve months at most."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rated(Fields):
    """A credit rating; its limit is in the currency of the customer's revenue."""

    rating: Annotated[CreditRating, Sensitive("credit")]
    limit: Annotated[Decimal | None, Sensitive("credit")] = None
    until: date
    basis: str | None = None


class Credit(Standing):
    """The credit rating of the customer."""

    class CreditRated(Rated, Aggregate.Event):
        """{who} rated the customer's credit {rating} until {until}[, up to {limit}][: {basis}]."""

        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the rating."""
            aggregate.rated = Rated.among(vars(self))

    rated: dict[str, Any] | None = starts(lambda: None)

    @command
    def rate_credit(
        self,
        rating: CreditRating,
        until: LastDay,
        limit: Amount | None = None,
        basis: Line | None = None,
    ) -> None:
        """Rate the customer's credit until a day, in place of the rating before.

        The `limit` is in the currency of the customer's revenue.
        """
        rated = Rated.among(locals())
        if rated == self.rated:
            raise NothingChanged
        if until > _year_after(self.stated_day):
            raise RatingTooLong("until")
        self.trigger_event(self.CreditRated, **rated)


def _year_after(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if leap else day.day)
