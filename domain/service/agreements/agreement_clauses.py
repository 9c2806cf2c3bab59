"""Clauses: what a service agreement promises of what, in which period, and what a miss earns."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from domain.kernel.aggregate import RuleViolation
from domain.kernel.types.values import (
    CalendarCode,
    Code,
    Id,
    Number,
    Reference,
    Value,
)
from domain.service.service_terms import Seconds, ServiceTicketKind, Severity

Percent = Annotated[Number, Field(gt=0, le=100, examples=["99.9"])]
"""A part of a whole, in percent; a decimal string in JSON."""


class ClauseMeasure(StrEnum):
    """What a clause promises of our service."""

    RESPONSE = "response"
    RESOLUTION = "resolution"
    COMPLAINT_ANSWER = "complaint-answer"
    AVAILABILITY = "availability"
    RESTORE_MEAN = "restore-mean"


CASES = (ClauseMeasure.RESPONSE, ClauseMeasure.RESOLUTION, ClauseMeasure.COMPLAINT_ANSWER)
"""Measures of a share of cases, each of which is in time or is not."""


class ClausePeriod(StrEnum):
    """For how long a clause is counted at a time."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class ClausesRequired(RuleViolation):
    """An agreement promises something."""


class ClauseCodeTaken(RuleViolation):
    """The code of a clause is given once in an agreement."""


class TargetMisfit(RuleViolation):
    """A clause has the kind of target that its measure asks for."""


class CreditsFall(RuleViolation):
    """Less attainment never earns less credit."""


Named = Field(min_length=1, max_length=500)


class Scope(Value):
    """What a clause is about: all of the customer's, or these alone; each that is told narrows."""

    kinds: Annotated[tuple[ServiceTicketKind, ...], Named] | None = None
    severities: Annotated[tuple[Severity, ...], Named] | None = None
    product_ids: (
        Annotated[tuple[Annotated[Id, Reference("product", live=False)], ...], Named] | None
    ) = None
    products_in_use: (
        Annotated[tuple[Annotated[Id, Reference("product-in-use", live=False)], ...], Named] | None
    ) = None
    sites: Annotated[tuple[Annotated[Id, Reference("site", live=False)], ...], Named] | None = None


class ClauseTarget(Value):
    """What is promised: a time, in the hours of the clause's calendar, or a part of the period."""

    seconds: Seconds | None = None
    percent: Percent | None = None


class CreditStep(Value):
    """What is given back, in percent of the fee, where less than so many percent is attained."""

    below: Percent
    percent_of_fee: Percent


class Clause(Value):
    """One promise of an agreement, by which its attainment is counted period by period.

    Of a response or a resolution a share of the cases is in time; what a circuit was available is a
    part of the period; outages last for no longer than a time, on average.
    """

    code: Code
    measure: ClauseMeasure
    scope: Scope = Scope()
    target: ClauseTarget
    share_percent: Percent | None = None
    calendar: CalendarCode
    period: ClausePeriod = ClausePeriod.MONTH
    credits: Annotated[tuple[CreditStep, ...], Field(min_length=1, max_length=20)] | None = None
    cap_percent: Percent | None = None

    @property
    def of_cases(self) -> bool:
        """Whether a share of cases is promised."""
        return self.measure in CASES

    @property
    def fits(self) -> bool:
        """Whether it has the kind of target that its measure asks for."""
        timed = self.measure is not ClauseMeasure.AVAILABILITY
        return (
            (self.target.seconds is not None) is timed
            and (self.target.percent is None) is timed
            and (self.share_percent is not None) is self.of_cases
        )

    @property
    def required(self) -> Decimal:
        """How many percent are to be attained; a mean that is just kept attains a hundred."""
        return self.share_percent or self.target.percent or Decimal(100)

    @property
    def most(self) -> Decimal:
        """How many percent of the fee are given back at most."""
        steps = self.credits or ()
        highest = max((each.percent_of_fee for each in steps), default=Decimal(0))
        return highest if self.cap_percent is None else min(highest, self.cap_percent)


_EXAMPLES: list[list[dict[str, Any]]] = [
    [
        {
            "code": "circuits",
            "measure": "availability",
            "target": {"percent": "99.9"},
            "calendar": "cn-office",
            "credits": [
                {"below": "99.9", "percent_of_fee": "5"},
                {"below": "99", "percent_of_fee": "25"},
            ],
        }
    ],
    [
        {
            "code": "faults",
            "measure": "resolution",
            "scope": {"kinds": ["fault"]},
            "target": {"seconds": 14_400},
            "share_percent": "95",
            "calendar": "cn-office",
        }
    ],
]

Clauses = Annotated[list[Clause], Field(max_length=50, examples=_EXAMPLES)]
"""What a version of an agreement promises."""


def require_clauses(clauses: Sequence[Clause]) -> None:
    """Refuse clauses that promise nothing, or contradict themselves or one another."""
    if not clauses:
        raise ClausesRequired("clauses")
    if len({each.code for each in clauses}) < len(clauses):
        raise ClauseCodeTaken("clauses")
    for place, each in enumerate(clauses):
        if not each.fits:
            raise TargetMisfit(f"clauses/{place}/target")
        steps = sorted(each.credits or (), key=lambda step: step.below, reverse=True)
        for more, less in pairwise(steps):
            if less.below == more.below or less.percent_of_fee < more.percent_of_fee:
                raise CreditsFall(f"clauses/{place}/credits")
