"""A read model keeps, by itself, the moments at which its records are due by their deadlines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from domain.kernel.aggregate import discover
from projections.kernel.columns import Day, Instant, Text
from projections.kernel.read_model import ReadModel, row_tables
from projections.kernel.visibility.column_masks import shown
from tests.domain.kernel.time.test_due import LICENCES, OVER, Licence
from tests.projections.folding import row_after

COLUMNS = ("lapse_at", "review_at", "look_at", "warn_at")
GIVEN = ("given", {"ends_on": "2026-03-31", "seen_until": None, "warned": None})
TOLD = {"due_at": "2026-03-31T16:00:00Z", "on": None}


@pytest.fixture(autouse=True)
def _licences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(discover().aggregates, "licence", Licence)
    for type_, event in LICENCES.events.items():
        monkeypatch.setitem(discover().events, type_, event)
        monkeypatch.setitem(discover().owners, type_, Licence)


@pytest.fixture
def licences() -> Iterator[ReadModel]:
    model = ReadModel(
        "licences",
        "licence",
        sa.Column("stand", Text, nullable=False, default="given"),
        sa.Column("ends_on", Day),
        sa.Column("seen_until", Instant),
        sa.Column("warned", sa.Integer),
    )
    yield model
    row_tables.remove(model.table)


def dues(row: dict[str, object]) -> list[datetime | None]:
    return [row[name] for name in COLUMNS]  # type: ignore[misc]


def test_a_row_has_the_moment_of_each_deadline_and_none_in_other_states(
    licences: ReadModel,
) -> None:
    on = datetime(2026, 3, 30, 16, tzinfo=UTC)
    assert dues(row_after(licences, GIVEN)) == [OVER, on, None, on.replace(day=28, month=2)]
    warned = ("warned", {"warned": 30, **TOLD})
    assert dues(row_after(licences, GIVEN, warned)) == [OVER, on, None, on.replace(day=23)]
    assert dues(row_after(licences, GIVEN, ("lapsed", TOLD))) == [None] * 4
    assert dues(row_after(licences, ("given", {}))) == [None] * 4


def test_a_fact_of_an_earlier_day_moves_them_too(licences: ReadModel) -> None:
    warned = [("warned", {**TOLD, "warned": days}) for days in (30, 7)]
    warned[1][1]["on"] = "2026-01-04"
    given = ("given", {**GIVEN[1], "on": "2026-01-01"})
    row = row_after(licences, given, *warned)
    assert (row["warned"], row["warn_at"]) == (30, datetime(2026, 3, 23, 16, tzinfo=UTC))


def test_they_are_indexed_and_nobody_reads_them(licences: ReadModel) -> None:
    assert {(name, "id") for name in COLUMNS} <= {*licences.indexes}
    assert {*COLUMNS}.isdisjoint(shown(licences))


def test_a_model_without_what_a_deadline_goes_by_is_refused() -> None:
    with pytest.raises(ValueError, match="passes has no column seen_until, warned, by"):
        ReadModel("passes", "licence", sa.Column("ends_on", Day))
