"""What an event changes in a row: by default, as declared of columns, and as written."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa

from domain.kernel import aggregate as kernel
from domain.kernel.aggregate import Aggregate, Recorded, begins, discover
from domain.kernel.registry import Registry
from projections.kernel.columns import Day, Id, Instant, Json, Money, Text
from projections.kernel.read_model import ReadModel, Row, fold, read_models
from tests.domain.replay import as_json, golden
from tests.projections.accounts import START, happened
from tests.projections.folding import row_after, told

CHANGES = Path(__file__).parents[1] / "golden_changes.json"
NAMES = map("models_of_a_test_{}".format, itertools.count())

BUSINESS, kernel.registry = kernel.registry, Registry()


class Stage(StrEnum):
    HERE = "here"
    AWAY = "away"
    BACK = "back"


class Parcel(Aggregate):
    stage: Stage = begins(Stage.HERE)

    class Packed(Aggregate.Created):
        dated: ClassVar[str] = "packed_on"
        label: str
        worth: Decimal | None
        stamps: list[str]
        due: date | None = None
        seen: datetime | None = None
        weight: Decimal | None = None
        packed_on: date | None = None
        wrapping: str = "paper"

    class Relabelled(Aggregate.Event):
        label: str | None = None
        worth: Decimal | None = None
        cleared: tuple[str, ...] = ()

    class Valued(Aggregate.Event):
        worth: Decimal | None

    class Sent(Aggregate.Event, to=Stage.AWAY):
        dated: ClassVar[str] = "at"
        label: str
        at: datetime | None = None


PARCELS, kernel.registry = kernel.registry, BUSINESS


@pytest.fixture(autouse=True)
def _parcels(monkeypatch: pytest.MonkeyPatch) -> None:
    for type_, event in PARCELS.events.items():
        monkeypatch.setitem(discover().events, type_, event)
        monkeypatch.setitem(discover().owners, type_, Parcel)


def parcels(*columns: sa.Column[Any]) -> ReadModel:
    return ReadModel(
        next(NAMES),
        "parcel",
        sa.Column("label", Text, nullable=False, default=""),
        sa.Column("worth", Money),
        sa.Column("due", Day),
        sa.Column("seen", Instant),
        sa.Column("weight", sa.Float),
        sa.Column("stamps", Json, nullable=False, default=[]),
        *columns,
    )


PACKED = {"label": "x", "worth": "10.50", "stamps": ["a"]}


def test_a_field_goes_to_the_column_of_its_name_as_the_column_has_it() -> None:
    stated = {"due": "2026-03-04", "seen": "2026-03-04T20:00:00+08:00", "weight": "1.25"}
    row = row_after(parcels(), ("packed", PACKED | stated | {"wrapping": "silk"}))
    assert row["label"] == "x"
    assert row["worth"] == Decimal("10.50")
    assert row["due"] == date(2026, 3, 4)
    assert row["seen"] == datetime(2026, 3, 4, 12, tzinfo=UTC)
    assert row["weight"] == 1.25
    assert row["stamps"] == ["a"]
    assert "wrapping" not in row


def test_a_field_that_starts_with_nothing_and_has_nothing_leaves_its_column_as_it_was() -> None:
    row = row_after(parcels(), ("packed", PACKED), ("relabelled", {"label": "y", "worth": None}))
    assert (row["label"], row["worth"]) == ("y", Decimal("10.50"))


def test_a_field_that_always_says_something_says_nothing_too() -> None:
    assert row_after(parcels(), ("packed", PACKED), ("valued", {"worth": None}))["worth"] is None


def test_what_is_cleared_has_nothing() -> None:
    cleared = {"label": "y", "cleared": ["worth", "wrapping"]}
    row = row_after(parcels(), ("packed", PACKED), ("relabelled", cleared))
    assert (row["label"], row["worth"]) == ("y", None)


def test_a_field_that_an_event_always_has_and_lacks_is_not_made_up() -> None:
    folded = fold(parcels(), {}, told("parcel", ("packed", {"label": "x", "stamps": []})))
    assert [parked.error for parked in folded.parked.values()] == ["KeyError: 'worth'"]
    assert not folded.rows


def test_the_day_of_a_fact_goes_to_a_column_of_days_its_moment_to_one_of_moments() -> None:
    model = parcels(sa.Column("begun", Day), sa.Column("sent", Day), sa.Column("gone", Instant))
    model.dates("begun", "parcel.packed")
    model.dates("sent", "parcel.sent")
    model.dates("gone", "parcel.sent")
    row = row_after(model, ("packed", PACKED), ("sent", {"label": "x"}))
    recorded = [happened(number, "r", number, "parcel.sent").time for number in (1, 2)]
    assert (row["begun"], row["sent"], row["gone"]) == (START.date(), START.date(), recorded[1])
    stated = {"label": "x", "at": "2025-12-31T12:59:00+00:00"}
    row = row_after(model, ("packed", PACKED | {"packed_on": "2025-12-30"}), ("sent", stated))
    assert (row["begun"], row["sent"]) == (date(2025, 12, 30), date(2025, 12, 31))
    assert row["gone"] == datetime(2025, 12, 31, 12, 59, tzinfo=UTC)


def test_a_column_counts_events_becomes_what_is_declared_and_keeps_what_it_had() -> None:
    model = parcels(
        sa.Column("journeys", sa.Integer, nullable=False, default=0), sa.Column("status", Text)
    )
    model.counts("journeys", "parcel.sent")
    model.becomes("status", {"parcel.packed": "packed", "parcel.sent": "gone"})
    model.keeps("parcel.sent", "label")
    sent = ("sent", {"label": "z"})
    row = row_after(model, ("packed", PACKED), sent, sent)
    assert (row["journeys"], row["status"], row["label"]) == (2, "gone", "x")


def stage() -> sa.Column[str]:
    return sa.Column("stage", Text, nullable=False, default="here")


def test_the_state_to_which_an_event_leads_goes_to_its_column() -> None:
    sent, kept = ("sent", {"label": "x"}), parcels(stage())
    kept.keeps("parcel.sent", "stage")
    rows = [
        row_after(model, ("packed", PACKED), sent) for model in (parcels(stage()), parcels(), kept)
    ]
    assert [row.get("stage") for row in rows] == ["away", None, "here"]
    assert type(rows[0]["stage"]) is str


def test_the_fingerprint_of_a_read_model_tells_the_state_to_which_an_event_leads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = parcels(stage()).fingerprint
    monkeypatch.setattr(Parcel.Sent, "leading", Stage.BACK)
    assert parcels(stage()).fingerprint != known


def test_a_written_fold_is_instead_of_the_fields_and_beside_what_is_declared() -> None:
    model = parcels(sa.Column("journeys", sa.Integer, nullable=False, default=0))
    model.counts("journeys", "parcel.sent")

    @model.on("parcel.sent")
    def _sent(row: Row, event: Recorded) -> Row:
        return {"due": date(2027, 1, 1)}

    @model.on("parcel.relabelled")
    def _relabelled(row: Row, event: Recorded) -> Row:
        changes = model.stated(event)
        return {**changes, "label": changes["label"].upper()}

    row = row_after(model, ("packed", PACKED), ("sent", {"label": "z"}))
    assert (row["label"], row["due"], row["journeys"]) == ("x", date(2027, 1, 1), 1)
    told_again = ("relabelled", {"label": "y", "worth": "2.00"})
    row = row_after(model, ("packed", PACKED), told_again)
    assert (row["label"], row["worth"]) == ("Y", Decimal("2.00"))


MISUSES: dict[str, Callable[[ReadModel], object]] = {
    "has no column sise": lambda model: model.becomes("sise", {"parcel.sent": 1}),
    "has no column sised": lambda model: model.dates("sised", "parcel.sent"),
    "has no Date or Instant in label": lambda model: model.dates("label", "parcel.sent"),
    "has no Integer in due": lambda model: model.counts("due", "parcel.sent"),
    "cannot declare a fold for order.sent": lambda model: model.dates("due", "order.sent"),
    "declares due twice for parcel.sent": lambda model: model.dates("due", *["parcel.sent"] * 2),
    "folds parcel.vanished, which is no event": lambda model: model.dates("due", "parcel.vanished"),
    "parcel.packed states no moment": lambda model: model.dates("seen", "parcel.packed"),
    "parcel.valued has no field label that": lambda model: model.keeps("parcel.valued", "label"),
}


@pytest.mark.parametrize("told", MISUSES)
def test_a_read_model_that_declares_what_cannot_be_is_refused_by_name(told: str) -> None:
    model = parcels()
    model.require_whole()

    def misused() -> None:
        MISUSES[told](model)
        model.require_whole()

    with pytest.raises(ValueError, match=told):
        misused()


def test_a_column_that_no_event_gives_and_no_fold_names_is_refused_by_name() -> None:
    model = parcels(sa.Column("sender", Id), sa.Column("size", sa.Integer))
    with pytest.raises(ValueError, match="no event gives sender, size"):
        model.require_whole()

    @model.on("parcel.sent")
    def _sent(row: Row, event: Recorded) -> Row:
        return _from(event) | dict.fromkeys(("size",))

    model.require_whole()


def _from(event: Recorded) -> Row:
    return {"sender": event.actor}


DECLARATIONS: list[Callable[[ReadModel], object]] = [
    lambda model: None,
    lambda model: model.becomes("label", {"parcel.valued": "a"}),
    lambda model: model.becomes("label", {"parcel.valued": "b"}),
    lambda model: model.becomes("label", {"parcel.sent": "a"}),
    lambda model: model.keeps("parcel.packed", "label"),
    lambda model: model.keeps("parcel.packed", "due"),
    lambda model: model.dates("due", "parcel.packed"),
    lambda model: model.dates("due", "parcel.sent"),
    lambda model: model.dates("seen", "parcel.sent"),
    lambda model: model.counts("weight_class", "parcel.sent"),
    lambda model: model.counts("weight_class", "parcel.packed"),
]


def test_the_fingerprint_of_a_read_model_tells_each_thing_that_is_declared() -> None:
    found = set()
    for declare in DECLARATIONS:
        model, again = (parcels(sa.Column("weight_class", sa.Integer)) for _ in range(2))
        declare(model)
        declare(again)
        assert model.fingerprint == again.fingerprint
        found.add(model.fingerprint)
    assert len(found) == len(DECLARATIONS)


def otherwise() -> Iterator[type[Aggregate.Event]]:
    """Yield what might become of an event in another program."""
    kernel.registry, business = Registry(), kernel.registry
    try:

        class Altered(Aggregate):
            class Same(Aggregate.Event):
                dated: ClassVar[str] = "at"
                label: str
                at: datetime | None = None

            class Noted(Aggregate.Event):
                dated: ClassVar[str] = "at"
                label: str
                note: str
                at: datetime | None = None

            class More(Aggregate.Event):
                dated: ClassVar[str] = "at"
                label: str
                at: datetime | None = None
                worth: Decimal | None = None

            class Fewer(Aggregate.Event):
                dated: ClassVar[str] = "at"
                at: datetime | None = None

            class Unsure(Aggregate.Event):
                dated: ClassVar[str] = "at"
                label: str | None = None
                at: datetime | None = None

            class Dated(Aggregate.Event):
                label: str
                at: datetime | None = None

        yield from (Altered.Same, Altered.Noted)
        yield from (Altered.More, Altered.Fewer, Altered.Unsure, Altered.Dated)
    finally:
        kernel.registry = business


def test_the_fingerprint_of_a_read_model_tells_the_fields_of_its_events(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known, found = parcels().fingerprint, list[str]()
    for event in otherwise():
        monkeypatch.setitem(discover().events, "parcel.sent", event)
        found.append(parcels().fingerprint)
    assert found[0] == found[1] == known  # a field of no column rebuilds nothing
    assert len(set(found[1:])) == len(found[1:])


KNOWN: dict[str, Any] = json.loads(CHANGES.read_text(encoding="utf-8"))
"""By read model: its columns then, and what each golden event changed in them."""


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_a_golden_event_changes_what_it_changed_when_every_fold_was_written(name: str) -> None:
    columns, known = KNOWN[name]["columns"], KNOWN[name]["changes"]
    assert changed(read_models()[name], columns)[: len(known)] == known


def changed(model: ReadModel, columns: Sequence[str]) -> list[list[Any]]:
    """Return what each event of a golden history changes in its row, as plain JSON."""
    history = [
        happened(each["version"], "r", each["version"], each["type"], **each["data"])
        for each in golden(model.aggregate)["events"]
    ]
    rows = [model.blank, *fold(model, {}, history).versions]
    return [
        [event.type, {name: as_json(new[name]) for name in columns if new[name] != old[name]}]
        for event, old, new in zip(history, rows, rows[1:], strict=False)
    ]
