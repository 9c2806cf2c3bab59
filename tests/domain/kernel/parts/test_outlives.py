"""Outliving: every aggregate whose records go on when their customer's file is closed says so."""

import copy
from typing import Any

from domain.kernel.commands import commands, every_command
from domain.kernel.parts.outlives import Outlives
from tests.domain.kernel.parts.taking import records
from tests.domain.play import last


@records(Outlives)
def test_a_record_says_that_the_file_of_its_customer_was_closed_and_goes_on(record: Any) -> None:
    record = copy.deepcopy(record)
    state = record.states.attribute
    before = getattr(record, state)
    record.note_customer_closed()
    assert (last(record), getattr(record, state)) == ({"on": None}, before)
    name = f"{record.kind}.note-customer-closed"
    assert name in every_command().keys() - commands().keys()  # policies alone ask it
