"""Managed: in every aggregate that is, the manager is assigned, replaced and released alike."""

import copy
from typing import Any

import pytest

from domain.kernel.aggregate import NothingChanged, to_stored
from domain.kernel.parts.managed import Managed, ManagerRequired, Released
from tests.domain.kernel.parts.taking import end, fields, records
from tests.domain.play import last, stated


@records(Managed)
def test_a_manager_is_assigned_and_replaced_and_owns_the_record(record: Any) -> None:
    record = copy.deepcopy(record)
    record.assign_manager("e8")
    record.assign_manager("e9")
    assert (record.manager, "e9" in record.owners, "e8" in record.owners) == ("e9", True, False)
    assert last(record) == {"manager": "e9", "on": None}
    assert to_stored(record.unrecorded[-1]).type == f"{record.kind}.manager-assigned"
    with pytest.raises(NothingChanged) as refusal:
        record.assign_manager("e9")
    assert refusal.value.field == "manager"
    assert fields(record, "assign-manager") == {"manager"}


@records(Managed)
def test_a_record_is_entrusted_to_who_made_it_unless_somebody_manages_it(record: Any) -> None:
    record = copy.deepcopy(record)
    record.manager = None
    record.entrust("e8")
    assert record.manager == "e8"
    assert record.unrecorded[-1].stated == record.begun
    record.entrust("e9")
    assert (record.manager, len(stated(record))) == ("e8", 1)


@records(Managed)
def test_nobody_is_assigned_to_an_ended_record_where_its_end_stands(record: Any) -> None:
    record = copy.deepcopy(record)
    if rule := end(record):
        with pytest.raises(rule):
            record.assign_manager("e9")
    else:
        record.assign_manager("e9")
        assert record.manager == "e9"


@records(Released, least=1)
def test_a_manager_who_was_assigned_is_released(record: Any) -> None:
    record = copy.deepcopy(record)
    record.manager = None
    with pytest.raises(ManagerRequired):
        record.release_manager()
    record.assign_manager("e9")
    record.release_manager("On leave")
    assert (record.manager, "e9" in record.owners) == (None, False)
    assert last(record) == {"manager": "e9", "reason": "On leave", "on": None}
