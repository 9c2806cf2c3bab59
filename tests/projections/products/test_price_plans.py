"""The row of a price plan: its versions, and which of them counts on a day."""

from datetime import date

import pytest

from projections.products.price_plans import price_on, price_plans
from tests.domain.replay import golden
from tests.projections.folding import row_after

TOLD = [(each["type"].partition(".")[2], each["data"]) for each in golden("price-plan")["events"]]


@pytest.mark.parametrize(
    ("events", "day", "version"),
    [
        (8, date(2026, 3, 1), None),
        (9, date(2026, 2, 28), None),
        (9, date(2026, 3, 1), 1),
        (12, date(2026, 7, 1), 1),
        (13, date(2026, 6, 30), 1),
        (13, date(2026, 7, 1), 2),
        (14, date(2027, 1, 1), 2),
        (15, date(2027, 1, 1), 3),
        (15, date(2026, 12, 31), 2),
    ],
)
def test_on_a_day_the_latest_version_counts_that_was_approved_and_whose_day_has_come(
    events: int, day: date, version: int | None
) -> None:
    found = price_on(row_after(price_plans, *TOLD[:events]), day)
    assert (found and found[0]) == version


def test_from_its_end_on_a_plan_has_no_price() -> None:
    ended = ("ended", {"reason": "Replaced", "on": "2026-08-01"})
    row = row_after(price_plans, *TOLD[:13], ended)
    assert (row["status"], row["close_reason"]) == ("ended", "Replaced")
    assert price_on(row, date(2026, 8, 1)) is None
    assert price_on(row, date(2026, 7, 31)) is not None


def test_a_row_tells_how_far_its_latest_version_is() -> None:
    approved = row_after(price_plans, *TOLD[:9])
    drafted = row_after(price_plans, *TOLD[:10])
    assert (approved["status"], approved["approved_level"]) == ("approved", "province")
    assert approved["in_force_from"] == drafted["in_force_from"] == date(2026, 3, 1)
    assert (drafted["status"], drafted["approved_level"]) == ("drafted", None)
    assert drafted["counts_from"] == date(2026, 7, 1)
    assert [each["approved_on"] is not None for each in drafted["versions"]] == [True, False]
