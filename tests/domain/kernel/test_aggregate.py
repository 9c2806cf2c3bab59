"""The kernel: stable names, stored forms, growing schemas, replay."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar

import pytest

from domain.kernel import aggregate as kernel
from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RecordClosed,
    Recorded,
    RuleViolation,
    applies,
    command,
    from_stored,
    kebab,
    new_id,
    to_stored,
)
from domain.kernel.codec import fields_of
from domain.kernel.envelope import Unreadable, UnreadableEvent
from domain.kernel.part import Part
from domain.kernel.registry import Registry
from domain.kernel.time.replay import evolve, taken
from domain.kernel.types.values import Value

NOON = datetime(2024, 3, 4, 12, tzinfo=UTC)


class Size(StrEnum):
    SMALL = "small"
    LARGE = "large"


class Stamp(Value):
    price: Decimal


class ParcelLost(RuleViolation):
    """A parcel that was lost goes nowhere."""


class Loss(Part):
    class Lost(Aggregate.Event):
        pass

    lost = False

    @command
    def lose(self) -> None:
        """Lose the parcel."""
        self.trigger_event(self.Lost)

    @applies(Lost)
    def _lost(self) -> None:
        self.lost = True


# An aggregate of the tests stays out of the registry of the business.
BUSINESS, kernel.registry = kernel.registry, Registry()


class SmallParcel(Loss, Aggregate):
    plural = "small-parcel-post"

    class Packed(Aggregate.Created):
        size: Size
        worth: Decimal
        day: date
        at: datetime
        stamps: list[Stamp]

    class HandedOn(Aggregate.Event):
        schema: ClassVar[int] = 3
        to: str
        by: str
        note: str | None = None

        @staticmethod
        def upcast_v1_v2(data: dict[str, Any]) -> None:
            data["to"] = data.pop("receiver")

        @staticmethod
        def upcast_v2_v3(data: dict[str, Any]) -> None:
            data["by"] = f"{data['to']}'s post"

    @applies(Packed)
    def __init__(
        self, size: Size, worth: Decimal, day: date, at: datetime, stamps: list[Stamp]
    ) -> None:
        self.contents = (size, worth, day, at, stamps)
        self.hands: list[tuple[str, str, str | None]] = []

    def hand_on(self, to: str, by: str) -> None:
        if self.lost:
            raise ParcelLost("to")
        self.trigger_event(self.HandedOn, to=to, by=by)

    @applies(HandedOn)
    def _handed_on(self, to: str, by: str, note: str | None) -> None:
        self.hands.append((to, by, note))


PARCELS, kernel.registry = kernel.registry, BUSINESS


@pytest.fixture(autouse=True)
def _parcels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel, "registry", PARCELS)


def packed() -> SmallParcel:
    return SmallParcel._create(
        SmallParcel.Packed,
        size=Size.LARGE,
        worth=Decimal("10.50"),
        day=date(2024, 3, 4),
        at=NOON,
        stamps=[Stamp(price=Decimal("0.80"))],
    )


def row(version: int, type_: str, schema: int, data: str) -> tuple[Any, ...]:
    return ("p1", version, type_, schema, NOON, data)


PACKED = row(
    1,
    "small-parcel.packed",
    1,
    '{"size":"small","worth":"1","day":"2024-03-04","at":"2024-03-04T12:00:00Z","stamps":[]}',
)


def test_names_are_written_in_kebab_case() -> None:
    assert kebab("ServiceTicket") == "service-ticket"
    assert kebab("place_under") == "place-under"
    assert kebab("_Closed") == "closed"


def test_ids_are_canonical_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(100)]
    assert ids == sorted(ids)
    assert {len(each) for each in ids} == {36}
    assert {each[14] for each in ids} == {"7"}


def test_an_aggregate_and_its_events_have_names_that_no_python_path_shows_in() -> None:
    assert SmallParcel.kind == "small-parcel"
    assert SmallParcel.plural == "small-parcel-post"
    assert set(PARCELS.events) == {
        "small-parcel.packed",
        "small-parcel.handed-on",
        "small-parcel.lost",
    }
    assert set(PARCELS.owners.values()) == {SmallParcel}


def test_an_aggregate_takes_over_the_commands_facts_and_state_of_its_parts() -> None:
    parcel = packed()
    parcel.lose()
    assert parcel.lost
    with pytest.raises(ParcelLost):
        parcel.hand_on("Li", "post")


def test_a_rule_is_its_docstring() -> None:
    refusal = ParcelLost("to")
    assert str(refusal) == "A parcel that was lost goes nowhere."
    assert (refusal.rule(), refusal.field) == ("parcel-lost", "to")
    assert (NothingChanged.rule(), RecordClosed().field) == ("nothing-changed", None)


def test_a_fact_is_stored_as_readable_json_without_its_envelope() -> None:
    stored = to_stored(packed().pending_events[0])  # type: ignore[arg-type]
    assert (stored.version, stored.type, stored.schema) == (1, "small-parcel.packed", 1)
    assert json.loads(stored.data) == {
        "size": "large",
        "worth": "10.50",
        "day": "2024-03-04",
        "at": "2024-03-04T12:00:00Z",
        "stamps": [{"price": "0.80"}],
    }


def test_what_was_stored_comes_back_with_its_types() -> None:
    parcel = packed()
    (fact,) = taken(parcel, now := datetime.now(UTC))
    stored = to_stored(fact)
    row = (stored.stream, 1, stored.type, stored.schema, now, stored.data)
    again = evolve(None, [row])
    assert again == parcel
    assert isinstance(again, SmallParcel)
    assert again.contents[0] is Size.LARGE


def test_a_record_goes_on_from_where_it_was() -> None:
    parcel = evolve(None, [PACKED])
    again = evolve(
        parcel, [row(2, "small-parcel.handed-on", 3, '{"to":"Li","by":"post","note":null}')]
    )
    assert again is parcel
    assert again is not None
    assert again.version == 2


def test_no_history_is_no_record() -> None:
    assert evolve(None, []) is None


def test_an_old_payload_is_brought_up_to_date_step_by_step() -> None:
    parcel = evolve(None, [PACKED, row(2, "small-parcel.handed-on", 1, '{"receiver":"Li"}')])
    assert isinstance(parcel, SmallParcel)
    assert parcel.hands == [("Li", "Li's post", None)]
    assert from_stored("small-parcel.handed-on", 2, '{"to":"Li"}') == {
        "to": "Li",
        "by": "Li's post",
        "note": None,
    }


def test_a_field_younger_than_the_event_takes_its_default() -> None:
    parcel = evolve(None, [PACKED, row(2, "small-parcel.handed-on", 3, '{"to":"Li","by":"post"}')])
    assert isinstance(parcel, SmallParcel)
    assert parcel.hands == [("Li", "post", None)]


def test_an_event_that_nobody_declares_is_an_error_to_a_record_and_plain_data_to_a_reader() -> None:
    with pytest.raises(UnreadableEvent, match="exploded"):
        evolve(None, [row(1, "small-parcel.exploded", 1, "{}")])
    assert from_stored("small-parcel.exploded", 1, '{"a":1}') == {"a": 1}


def test_an_event_with_a_broken_payload_is_not_applied() -> None:
    with pytest.raises(UnreadableEvent, match="size"):
        evolve(None, [row(1, "small-parcel.packed", 1, '{"size":"huge"}')])


@pytest.mark.parametrize(
    ("schema", "data", "reason"),
    [
        (3, "no JSON", "JSONDecodeError"),
        (3, '["to"]', "not a JSON object"),
        (4, '{"to":"Li","by":"post"}', "schema 4 is newer than 3"),
        (1, '{"nobody":"Li"}', "KeyError"),
    ],
)
def test_an_event_that_cannot_be_read_carries_what_is_stored_and_why(
    schema: int, data: str, reason: str
) -> None:
    payload = from_stored("small-parcel.handed-on", schema, data)
    assert isinstance(payload, Unreadable)
    assert payload == {}
    assert payload.raw == data
    assert reason in payload.error
    with pytest.raises(UnreadableEvent, match="handed-on"):
        evolve(None, [PACKED, row(2, "small-parcel.handed-on", schema, data)])


def test_the_fields_of_an_event_are_those_of_its_payload() -> None:
    assert fields_of(SmallParcel.HandedOn) == {"to": str, "by": str, "note": str | None}


def test_a_recorded_event_knows_its_aggregate() -> None:
    event = Recorded(
        position=1,
        stream="p1",
        version=1,
        type="small-parcel.lost",
        schema=1,
        time=NOON,
        actor="e1",
        unit="gd",
        command_id="c1",
        on_behalf_of=None,
        cause=None,
        data={},
    )
    assert event.aggregate == "small-parcel"
