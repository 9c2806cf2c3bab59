"""Of a customer: every aggregate that is, is given another one and follows its own alike."""

import copy
from typing import Any

import pytest

from domain.kernel.aggregate import MovedMeanwhile, NothingChanged, to_stored
from domain.kernel.commands import commands, every_command
from domain.kernel.parts.of_customer import OfCustomer
from tests.bodies import IDS
from tests.domain.kernel.parts.taking import end, fields, records
from tests.domain.play import last


@records(OfCustomer)
def test_the_customer_of_a_record_is_named_anew(record: Any) -> None:
    record = copy.deepcopy(record)
    record.name_customer(IDS[3])
    assert record.customer_id == IDS[3]
    assert last(record) == {"customer_id": IDS[3], "on": None}
    assert to_stored(record.unrecorded[-1]).type == f"{record.kind}.customer-named"
    with pytest.raises(NothingChanged) as refusal:
        record.name_customer(IDS[3])
    assert refusal.value.field == "customer_id"
    assert fields(record, "name-customer") == {"customer_id"}


@records(OfCustomer)
def test_a_record_follows_its_customer_only_from_where_it_was_left(record: Any) -> None:
    record = copy.deepcopy(record)
    with pytest.raises(MovedMeanwhile):
        record.follow_customer(IDS[3], "another")
    record.follow_customer(IDS[3], record.customer_id)
    assert record.customer_id == IDS[3]
    name = f"{record.kind}.follow-customer"
    assert name in every_command().keys() - commands().keys()  # policies alone ask it


@records(OfCustomer)
def test_an_ended_record_follows_its_customer_and_is_given_no_other_where_its_end_stands(
    record: Any,
) -> None:
    record = copy.deepcopy(record)
    rule = end(record)
    record.follow_customer(IDS[2], record.customer_id)
    assert record.customer_id == IDS[2]
    if rule is None:
        record.name_customer(IDS[3])
        assert record.customer_id == IDS[3]
    else:
        with pytest.raises(rule):
            record.name_customer(IDS[3])
