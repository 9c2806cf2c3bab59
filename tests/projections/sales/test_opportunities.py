"""The opportunity row: its way through the stages and what it is worth."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from projections.kernel.history.fold_at import fold_at
from projections.sales.opportunities import opportunities
from tests.projections.folding import row_after, told


def opened(**changes: Any) -> tuple[str, dict[str, Any]]:
    data = {
        "title": "专线 42 条",
        "unit": "gd-gz",
        "customer_id": "c",
        "manager": "e-1",
        "stage": "lead",
        "probability": 10,
        "lines": [],
        "amount": "1000.05",
        "currency": "CNY",
        "expected_close": "2026-06-30",
        "source": None,
        "opened_on": "2026-01-01",
    }
    return "opened", data | changes


ADVANCED = (
    "advanced",
    {"previous": "lead", "stage": "proposal", "probability": 60, "on": "2026-02-10"},
)


def test_an_open_opportunity_is_worth_its_amount_times_its_probability() -> None:
    assert row_after(opportunities, opened())["weighted_amount"] == Decimal("100.01")
    assert row_after(opportunities, opened(), ADVANCED)["weighted_amount"] == Decimal("600.03")
    assert row_after(opportunities, opened(amount=None))["weighted_amount"] is None
    estimated = ("estimated", {"probability": 100})
    assert row_after(opportunities, opened(), estimated)["weighted_amount"] == Decimal("1000.05")


def test_the_stages_gone_through_are_kept_with_the_days_in_each() -> None:
    lost = ("lost", {"reason": "price", "competitor": "移动", "closed_on": "2026-03-01"})
    row = row_after(opportunities, opened(), ADVANCED, lost)
    assert row["stages"] == [
        {"stage": "lead", "from": "2026-01-01", "to": "2026-02-10", "days": 40},
        {"stage": "proposal", "from": "2026-02-10", "to": "2026-03-01", "days": 19},
    ]
    assert (row["status"], row["stage"]) == ("lost", "proposal")
    assert (row["closed_on"], row["lost_to"]) == (date(2026, 3, 1), "移动")


def test_a_won_opportunity_is_worth_what_was_agreed() -> None:
    won = ("won", {"amount": "900.00", "contract_number": "K-1", "closed_on": "2026-03-01"})
    row = row_after(opportunities, opened(), won)
    assert row["amount"] == row["weighted_amount"] == Decimal("900.00")
    assert row["contract_number"] == "K-1"


@pytest.mark.parametrize("day", ["2025-02-20", "2025-03-01", "2025-03-09"])
def test_a_corrected_win_was_won_from_its_own_day_on(day: str) -> None:
    advanced = (ADVANCED[0], ADVANCED[1] | {"on": "2025-02-10"})
    won = ("won", {"amount": "900.00", "contract_number": "K-1", "closed_on": "2025-03-01"})
    win = {"amount": "950.00", "contract_number": "K-2", "closed_on": day, "reason": "Misread"}
    corrected = [("win-corrected", win | {"since": since}) for since in sorted({day, "2025-03-01"})]
    history = told("opportunity", opened(opened_on="2025-01-01"), advanced, won, *corrected)
    row = fold_at(opportunities, history)
    assert row is not None
    assert (row["amount"], row["closed_on"]) == (950, date.fromisoformat(day))
    assert (row["contract_number"], row["status"]) == ("K-2", "won")
    assert row["stages"][-1]["to"] == day
    assert len(row["stages"]) == 2
    for on in (date(2025, 2, 19), *(date(2025, 3, 1) + timedelta(n) for n in range(-9, 9))):
        then = fold_at(opportunities, history, on)
        assert then is not None
        ended = on >= date.fromisoformat(day)
        assert then["status"] == ("won" if ended else "open")
        assert then["amount"] == (950 if ended else Decimal("1000.05"))
        assert then["stages"][-1]["to"] == (day if ended else None)


def test_a_reopened_opportunity_has_the_amount_expected_before_its_win() -> None:
    won = ("won", {"amount": "900.00", "closed_on": "2026-03-01"})
    row = row_after(opportunities, opened(), ADVANCED, won, ("reopened", {"reason": "annulled"}))
    assert (row["amount"], row["weighted_amount"]) == (Decimal("1000.05"), Decimal("600.03"))


def test_a_reopened_opportunity_goes_on_at_its_stage() -> None:
    lost = ("lost", {"reason": "price", "closed_on": "2026-03-01"})
    reopened = ("reopened", {"reason": "budget is back", "on": "2026-04-01"})
    row = row_after(opportunities, opened(), ADVANCED, lost, reopened)
    assert (row["status"], row["stage"], row["closed_on"]) == ("open", "proposal", None)
    assert row["weighted_amount"] == Decimal("600.03")
    assert row["stages"][-1] == {
        "stage": "proposal",
        "from": "2026-04-01",
        "to": None,
        "days": None,
    }


def test_steps_without_a_day_count_from_when_they_were_recorded() -> None:
    row = row_after(opportunities, opened(opened_on=None))
    assert row["opened_on"] == date(2026, 1, 5)


def test_competitors_and_team_come_and_go() -> None:
    row = row_after(
        opportunities,
        opened(),
        ("competitor-added", {"competitor": "移动"}),
        ("competitor-added", {"competitor": "联通"}),
        ("competitor-dropped", {"competitor": "移动"}),
        ("team-member-added", {"employee": "e-2", "role": "presales"}),
    )
    assert row["competitors"] == ["联通"]
    assert row["team"] == {"e-2": "presales"}


def test_a_competitor_noted_again_for_an_earlier_day_is_one() -> None:
    added = [
        ("competitor-added", {"competitor": "移动", "on": f"2026-01-0{day}"}) for day in (4, 2)
    ]
    assert row_after(opportunities, opened(), *added)["competitors"] == ["移动"]


def test_revised_lines_bring_their_amount() -> None:
    lines = [{"product": "DIA", "quantity": 2}]
    row = row_after(opportunities, opened(), ("lines-revised", {"lines": lines, "amount": "50.00"}))
    assert (row["lines"], row["amount"], row["weighted_amount"]) == (lines, 50, 5)
