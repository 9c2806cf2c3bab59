"""A row is due when its record is, whatever was asked of the record before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import discover
from domain.kernel.time.effective_day import in_effect
from domain.kernel.time.replay import follow
from projections.kernel.read_model import ReadModel, fold, read_models
from tests.domain.play import plays
from tests.projections.happenings import played, recorded

DUE = [model for model in read_models().values() if model.dues]


def moments(model: ReadModel, record: Any) -> dict[str, datetime | None]:
    """Return when a record is due by each deadline of its kind, in the state in which it is."""
    found: dict[str, datetime | None] = {}
    for due in model.dues:
        method = getattr(type(record), due.name.removesuffix("_at"))
        state = getattr(record, record.states.attribute)
        found[due.name] = None if method.refusal(state) else method.due.of_record(record)
    return found


@pytest.mark.parametrize("model", DUE, ids=lambda model: model.aggregate)
@given(st.data())
@settings(max_examples=60)
def test_a_row_is_due_when_its_record_is(model: ReadModel, data: st.DataObject) -> None:
    aggregate = discover().aggregates[model.aggregate]
    rows = played([(aggregate, data.draw(plays(aggregate)))])
    history = recorded(rows)
    folded = fold(model, {}, history)
    assert folded.parked == {}
    for stream, row in folded.rows.items():
        mine = [each for each in history if each.stream == stream]
        record = None
        for event in in_effect(mine):
            record = follow(record, event)
        assert {due.name: row[due.name] for due in model.dues} == moments(model, record)
