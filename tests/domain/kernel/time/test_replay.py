"""Replaying: a record is what its facts say by their days, whenever they were recorded."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from domain.customers.customer import Customer
from domain.customers.customer_profile import Grade
from domain.kernel.envelope import UnreadableEvent
from domain.kernel.time.replay import LateFact, evolve
from domain.kernel.time.retroactive import DatesContradict, Hindsight
from tests.domain.replay import Row

ID = "0192f3a1-0000-7000-8000-000000000001"
RECORDED = datetime(2026, 3, 10, 9, 30, tzinfo=UTC)


def row(version: int, type_: str, **data: Any) -> Row:
    return (ID, version, f"customer.{type_}", 1, RECORDED, orjson.dumps(data))


def regraded(version: int, grade: str, on: str | None) -> Row:
    return row(version, "regraded", grade=grade, reason="x", on=on)


REGISTERED = row(1, "registered", name="Acme", unit="gd", registered_on="2026-01-01")
PURCHASE = {"competitor": "Unicom", "product": "DIA"}
CONTRADICTION = [
    REGISTERED,
    row(2, "purchase-recorded", **PURCHASE),
    row(3, "purchase-ended", **PURCHASE, on="2026-02-01"),
]


def customer(*history: Row) -> Customer:
    record = evolve(None, history)
    assert isinstance(record, Customer)
    return record


def test_a_record_is_what_holds_last_by_day() -> None:
    record = customer(REGISTERED, regraded(2, "A", "2026-03-01"), regraded(3, "B", "2026-02-01"))
    assert (record.grade, record.version) == (Grade.A, 3)
    assert record.in_force == date(2026, 3, 1)


def test_a_record_goes_on_as_long_as_nothing_late_comes() -> None:
    record = customer(REGISTERED, regraded(2, "A", "2026-02-01"))
    assert evolve(record, [regraded(3, "B", "2026-02-01")]) is record
    assert record.grade is Grade.B
    with pytest.raises(LateFact):
        evolve(record, [regraded(4, "C", "2026-01-31")])
    assert record.version == 3


def test_a_gap_in_a_history_is_noticed() -> None:
    with pytest.raises(UnreadableEvent, match=r"Event 3 .* after version 1"):
        evolve(None, [REGISTERED, regraded(3, "A", None)])


def test_days_of_former_times_that_contradict_give_way_to_the_order_of_recording() -> None:
    assert customer(*CONTRADICTION).purchases == {}


def test_nothing_late_comes_into_a_history_whose_days_contradict() -> None:
    now = customer(*CONTRADICTION)
    with pytest.raises(DatesContradict) as refusal:
        Hindsight(now, CONTRADICTION, date(2026, 2, 2), "effective")
    assert refusal.value.field == "effective"
