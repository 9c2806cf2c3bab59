"""Periods: months, quarters and years of the business, by which clauses are counted."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, NamedTuple

from pydantic import Field, StringConstraints

from domain.kernel.time.business_day import begin_of
from domain.service.agreements.agreement_clauses import ClausePeriod

PeriodName = Annotated[
    str,
    StringConstraints(pattern=r"^[12][0-9]{3}(-(Q[1-4]|0[1-9]|1[0-2]))?$"),
    Field(examples=["2026-02"]),
]
"""A month (2026-02), a quarter (2026-Q1) or a year (2026)."""

_MONTHS = {ClausePeriod.MONTH: 1, ClausePeriod.QUARTER: 3, ClausePeriod.YEAR: 12}
_NAME = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?", re.ASCII)


class Period(NamedTuple):
    """A period by its first day, and the first day after it."""

    kind: ClausePeriod
    first: date
    after: date

    @classmethod
    def named(cls, name: str) -> Period:
        """Return the period of a name. Raises `ValueError`."""
        found = _NAME.fullmatch(name)
        if found is None:
            raise ValueError(name)
        year, quarter, month = found.groups()
        if month is not None:
            return cls.of(ClausePeriod.MONTH, date(int(year), int(month), 1))
        if quarter is not None:
            return cls.of(ClausePeriod.QUARTER, date(int(year), int(quarter) * 3, 1))
        return cls.of(ClausePeriod.YEAR, date(int(year), 1, 1))

    @classmethod
    def of(cls, kind: ClausePeriod, day: date) -> Period:
        """Return the period of a kind in which a day is."""
        length = _MONTHS[kind]
        begun = (day.month - 1) // length * length
        months = day.year * 12 + begun + length
        return cls(kind, date(day.year, begun + 1, 1), date(months // 12, months % 12 + 1, 1))

    @property
    def name(self) -> str:
        """What it is called."""
        year = f"{self.first:%Y}"
        if self.kind is ClausePeriod.YEAR:
            return year
        quarter = f"Q{(self.first.month + 2) // 3}"
        return f"{year}-{quarter if self.kind is ClausePeriod.QUARTER else f'{self.first:%m}'}"

    @property
    def months(self) -> int:
        """How many months it has."""
        return _MONTHS[self.kind]

    @property
    def begin(self) -> datetime:
        """The moment at which it begins where the business is."""
        return begin_of(self.first)

    @property
    def end(self) -> datetime:
        """The moment at which it is over."""
        return begin_of(self.after)
