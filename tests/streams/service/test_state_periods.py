"""Which period follows: none once the agreement is over, none of a kind that was begun."""

from datetime import date
from typing import Any

import pytest

from streams.service.state_periods import begin_next, begin_periods
from tests.projections.folding import told

APPROVED = told("service-agreement", ("approved", {"level": "own", "note": None}))[0]
STATED = told("service-statement", ("stated", {"counted_to": 9, "clauses": []}))[0]
MONTHLY, YEARLY = ({"period": each} for each in ("month", "year"))


def agreement(period: str | None, over_on: date | None = None) -> dict[str, Any]:
    """Return what the policies know of an agreement."""
    versions = [
        {"valid_from": "2026-01-15", "approved_on": "2026-01-10", "clauses": [MONTHLY]},
        {"valid_from": "2026-03-01", "approved_on": None, "clauses": [YEARLY]},
    ]
    return {"id": "a", "over_on": over_on, "versions": versions, "period": period}


@pytest.mark.parametrize(
    ("period", "over_on", "follows"),
    [
        ("2026-02", None, ["2026-03"]),
        ("2026-12", None, ["2027-01"]),
        ("2026-Q4", None, ["2027-Q1"]),
        ("2026-02", date(2026, 3, 2), ["2026-03"]),
        ("2026-02", date(2026, 3, 1), []),
    ],
)
def test_a_period_follows_while_the_agreement_is_in_force(
    period: str, over_on: date | None, follows: list[str]
) -> None:
    wishes = begin_next(STATED, [agreement(period, over_on)])
    assert [each.body["period"] for each in wishes] == follows  # type: ignore[index]


@pytest.mark.parametrize(("begun", "begins"), [(None, ["2026-01"]), ("2026-04", [])])
def test_the_first_period_of_a_kind_begins_with_the_first_version_approved(
    begun: str | None, begins: list[str]
) -> None:
    wishes = begin_periods(APPROVED, [agreement(begun)])
    assert [each.body["period"] for each in wishes] == begins  # type: ignore[index]
