"""The campaign row: whom it addressed, what it cost and what came of it."""

from datetime import date
from decimal import Decimal

from projections.kernel.history.fold_at import fold_at
from projections.marketing.campaigns import campaigns
from tests.projections.folding import row_after, told

PLANNED = (
    "planned",
    {
        "name": "政企上云",
        "goal": "100 customers",
        "kind": "cross-selling",
        "units": ["gd", "gd-gz"],
        "budget": "50000.00",
        "starts_on": "2026-03-01",
        "ends_on": "2026-05-31",
        "manager": None,
        "currency": "CNY",
    },
)


def test_customers_are_counted_once_however_often_they_were_contacted() -> None:
    row = row_after(
        campaigns,
        PLANNED,
        ("targets-added", {"customer_ids": ["a", "b", "c"]}),
        ("targets-removed", {"customer_ids": ["c"]}),
        ("contact-recorded", {"customer_id": "a", "first": True}),
        ("contact-recorded", {"customer_id": "a", "first": False}),
        ("contact-recorded", {"customer_id": "b", "first": True}),
        ("response-recorded", {"customer_id": "a", "first": True}),
        ("response-recorded", {"customer_id": "a", "first": False}),
    )
    assert (row["targets"], row["contacts"], row["contacted"]) == (2, 3, 2)
    assert (row["responses"], row["responded"]) == (2, 1)


def test_what_is_told_late_again_of_a_target_changes_no_number() -> None:
    begun = (PLANNED[0], PLANNED[1] | {"on": "2025-01-01"})
    late = row_after(
        campaigns,
        begun,
        ("targets-added", {"customer_ids": ["a", "b", "c"], "on": "2025-03-01"}),
        ("targets-added", {"customer_ids": ["c"], "on": "2025-02-01"}),
        ("targets-removed", {"customer_ids": ["b"], "on": "2025-05-01"}),
        ("targets-removed", {"customer_ids": ["b"], "on": "2025-04-01"}),
    )
    assert late["targets"] == 2
    linked = {"opportunity_id": "o-1"}
    twice = [("opportunity-linked", linked | {"on": day}) for day in ("2025-03-06", "2025-03-01")]
    assert row_after(campaigns, begun, *twice)["opportunities"] == ["o-1"]


def test_a_target_contacted_earlier_than_was_known_counts_from_that_day() -> None:
    contact = {"customer_id": "a", "channel": "phone", "outcome": "reached"}
    history = told(
        "campaign",
        (PLANNED[0], PLANNED[1] | {"on": "2025-01-01"}),
        ("targets-added", {"customer_ids": ["a"], "on": "2025-01-02"}),
        ("contact-recorded", contact | {"first": True, "on": "2025-03-01"}),
        ("contact-recorded", contact | {"first": False, "on": "2025-02-01"}),
    )
    then = fold_at(campaigns, history, date(2025, 2, 1))
    assert then is not None
    assert (then["contacts"], then["contacted"]) == (1, 1)
    now = fold_at(campaigns, history)
    assert now is not None
    assert (now["contacts"], now["contacted"]) == (2, 1)


def test_costs_add_up_exactly() -> None:
    costs = [("cost-recorded", {"amount": "0.10"})] * 3
    assert row_after(campaigns, PLANNED, *costs)["cost"] == Decimal("0.30")


def test_a_rejected_campaign_is_planned_again_with_what_was_revised() -> None:
    row = row_after(
        campaigns,
        PLANNED,
        ("submitted", {}),
        ("rejected", {"reason": "too dear"}),
        ("plan-revised", {"budget": "40000.00", "name": None}),
    )
    assert (row["status"], row["budget"], row["name"]) == ("planned", 40000, "政企上云")
    assert row["ends_on"] == date(2026, 5, 31)


def test_an_evaluated_campaign_shows_its_figures() -> None:
    evaluation = {
        "conclusion": "worth it",
        "orders_won": 2,
        "won_amount": "90000.00",
        "cost_per_response": None,
        "response_rate": "0.3333",
        "roi": "1.2500",
    }
    row = row_after(
        campaigns,
        PLANNED,
        ("launched", {"on": "2026-03-02"}),
        ("opportunity-linked", {"opportunity_id": "o-1"}),
        ("closed", {"on": "2026-06-01"}),
        ("evaluated", evaluation),
    )
    assert (row["status"], row["evaluated"], row["orders_won"]) == ("closed", True, 2)
    assert (row["roi"], row["response_rate"], row["cost_per_response"]) == (1.25, 0.3333, None)
    assert (row["launched_on"], row["closed_on"]) == (date(2026, 3, 2), date(2026, 6, 1))
    assert row["opportunities"] == ["o-1"]
