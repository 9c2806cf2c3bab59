"""Effective days: what a stored event says of them, and the order that they put events in."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from domain.kernel.aggregate import Recorded, discover
from domain.kernel.time.effective_day import effective_day, in_effect

RECORDED = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)

discover()


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("customer.regraded", {"on": "2026-01-05"}),
        ("customer.registered", {"registered_on": "2026-01-05"}),
        ("opportunity.opened", {"opened_on": "2026-01-05"}),
        ("opportunity.won", {"closed_on": "2026-01-05", "on": "2020-01-01"}),
        ("service-ticket.opened", {"at": "2026-01-05T15:59:59Z"}),
        ("service-ticket.opened", {"at": "2026-01-04T16:00:00Z"}),
        ("service-ticket.closed", {"at": "2026-01-05T08:00:00Z"}),
        ("unheard-of.happened", {"on": "2026-01-05"}),
    ],
)
def test_a_fact_is_true_from_the_day_that_it_states(type_: str, data: dict[str, Any]) -> None:
    assert effective_day(type_, data, RECORDED) == date(2026, 1, 5)


@pytest.mark.parametrize("stated", [None, "2026-03-11", "2027-01-01", "soon", 5, "2026-02-30"])
def test_without_a_day_or_with_one_to_come_it_is_true_from_its_recording(stated: Any) -> None:
    assert effective_day("customer.regraded", {"on": stated}, RECORDED) == RECORDED.date()
    assert effective_day("customer.regraded", {}, RECORDED) == RECORDED.date()


def test_facts_hold_in_the_order_of_their_days_and_on_one_day_of_their_recording() -> None:
    days = ["2026-02-01", "2026-03-01", None, "2026-02-15", "2025-01-01", "2026-03-01"]
    history = [_event(version, day) for version, day in enumerate(days, start=1)]
    assert [event.version for event in in_effect(history)] == [1, 5, 4, 2, 6, 3]
    assert in_effect([]) == []


def test_what_is_dated_before_the_beginning_holds_from_the_beginning() -> None:
    days = ["2026-02-01", "2025-06-01", "2024-01-01", "2026-02-01"]
    history = [_event(version, day) for version, day in enumerate(days, start=1)]
    assert [event.version for event in in_effect(history)] == [1, 2, 3, 4]


def _event(version: int, on: str | None) -> Recorded:
    return Recorded(
        position=version,
        stream="0192f3a1-0000-7000-8000-000000000001",
        version=version,
        type="customer.regraded",
        schema=1,
        time=RECORDED + timedelta(minutes=version),
        actor="li",
        unit="gd",
        command_id="c",
        on_behalf_of=None,
        cause=None,
        data={"on": on},
    )
