"""The aggregates that take a Part, found in the code, and a record of each to try it on."""

from __future__ import annotations

from typing import Any

import pytest

from domain.kernel.aggregate import discover
from domain.kernel.commands import every_command
from domain.kernel.part import Part
from domain.kernel.time.replay import evolve
from tests.domain.replay import history


def records(part: type[Part], least: int = 2) -> pytest.MarkDecorator:
    """Give a test a record, as its first fact makes it, of each aggregate that takes a Part.

    There are two at `least`: what one alone has is its own, unless a Part is there for more.
    """
    kinds = [n for n, each in sorted(discover().aggregates.items()) if issubclass(each, part)]
    assert len(kinds) >= least
    return pytest.mark.parametrize(
        "record", [evolve(None, history(kind)[:1]) for kind in kinds], ids=kinds
    )


def end(record: Any) -> Any:
    """Bring a record to its end; return the rule that keeps it as it is, `None` without one."""
    for last in record.states.ends[:1]:
        setattr(record, record.states.attribute, last)
    return record.states.ended


def fields(record: Any, verb: str) -> set[str]:
    """Return what a command takes, from when what it says is true aside."""
    return {*every_command()[f"{record.kind}.{verb}"].body.model_fields} - {"effective"}
