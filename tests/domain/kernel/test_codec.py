"""Payloads: whoever reads an event finds all its fields, however old it is."""

import pytest
from pydantic_core import to_jsonable_python

from domain.kernel.aggregate import discover, from_stored
from domain.kernel.codec import codec


@pytest.mark.parametrize("type_", sorted(discover().events))
def test_whoever_reads_an_event_may_index_the_fields_that_are_younger(type_: str) -> None:
    event = discover().events[type_]
    read, defaults = from_stored(type_, event.schema, "{}"), codec(event).defaults
    assert read.keys() == defaults.keys()
    assert all(read[name] == to_jsonable_python(value) for name, value in defaults.items())
    for value in read.values():
        if isinstance(value, list):
            value.append("by who read it")
    assert "by who read it" not in str(from_stored(type_, event.schema, "{}"))
