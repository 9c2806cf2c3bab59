"""In a unit: every aggregate that is, is transferred alike."""

import copy
from typing import Any

import pytest

from domain.kernel.aggregate import NothingChanged, to_stored
from domain.kernel.parts.in_unit import InUnit
from tests.domain.kernel.parts.taking import end, fields, records
from tests.domain.play import last, stated


@records(InUnit)
def test_a_record_is_transferred_to_another_unit_for_a_reason(record: Any) -> None:
    record = copy.deepcopy(record)
    record.transfer("gd-sz", "Moved")
    assert (record.unit, record.units) == ("gd-sz", {"gd-sz"})
    assert last(record) == {"unit": "gd-sz", "reason": "Moved", "on": None}
    assert to_stored(record.unrecorded[-1]).type == f"{record.kind}.transferred"
    with pytest.raises(NothingChanged) as refusal:
        record.transfer("gd-sz", "Again")
    assert refusal.value.field == "unit"
    assert fields(record, "transfer") == {"unit", "reason"}


@records(InUnit)
def test_an_ended_record_is_not_transferred_where_its_end_stands(record: Any) -> None:
    record = copy.deepcopy(record)
    if rule := end(record):
        with pytest.raises(rule):
            record.transfer("gd-sz", "Moved")
    else:
        record.transfer("gd-sz", "Moved")
        assert stated(record) == ["transferred"]
