"""Billing terms: what accounts, runs and bills have in common: months, holders, what is refused."""

from __future__ import annotations

import calendar
from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, StringConstraints
from pydantic.fields import Field
from pydantic_core import PydanticCustomError

from domain.kernel.aggregate import RuleViolation
from domain.kernel.time.business_day import today
from domain.kernel.types.days import AHEAD
from domain.kernel.types.values import Line


class AccountClosed(RuleViolation):
    """A closed billing account gets no bill and joins nothing."""


class RunBalanced(RuleViolation):
    """Bills of a balanced month change only by a correction or cancellation with a reason."""


class RunState(StrEnum):
    """Whether all bills of a billing system for a month are in."""

    ANNOUNCED = "announced"
    BALANCED = "balanced"


class RunTerms(NamedTuple):
    """What a run gives to its bills: whether it takes no more of them, and the unit that sends."""

    balanced: bool
    unit: str


def _come(month: str) -> str:
    if month > f"{today() + AHEAD:%Y-%m}":
        raise PydanticCustomError("past", "This is in the future")
    return month


Month = Annotated[
    str,
    StringConstraints(pattern=r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$"),
    AfterValidator(_come),
    Field(examples=["2024-03", "2024-04"]),
]
"""A month that has begun, as in 2026-03."""

System = Line
"""What a billing system is called."""


def first_day(month: str) -> date:
    """Return the first day of a month."""
    return date.fromisoformat(f"{month}-01")


def last_day(month: str) -> date:
    """Return the last day of a month."""
    begin = first_day(month)
    return begin.replace(day=calendar.monthrange(begin.year, begin.month)[1])


class Billed(NamedTuple):
    """What an account gives to its bills: who holds it since which day, its unit, its currency."""

    holders: tuple[tuple[date, str], ...]
    unit: str
    currency: str

    def holder(self, day: date) -> str | None:
        """Return the customer who held the account on a day, if anybody did."""
        return next((who for since, who in reversed(self.holders) if since <= day), None)
