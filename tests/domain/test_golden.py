"""Golden histories: what was stored once loads in every build, with the same meaning."""

import pickle

import pytest

from domain.kernel.aggregate import registry, upcast
from domain.kernel.codec import fields_of
from domain.kernel.commands import commands
from domain.kernel.time.replay import evolve
from tests.domain.replay import GOLDEN, golden, history, shown

KINDS = sorted({command.aggregate.kind for command in commands().values()})


@pytest.mark.parametrize("kind", KINDS)
def test_a_golden_history_tells_every_kind_of_event(kind: str) -> None:
    declared = {type_ for type_, owner in registry.owners.items() if owner.kind == kind}
    assert {event["type"] for event in golden(kind)["events"]} == declared


@pytest.mark.parametrize("kind", KINDS)
def test_a_golden_history_replays_to_the_state_it_had(kind: str) -> None:
    record = evolve(None, history(kind))
    assert record is not None
    assert shown(record) == golden(kind)["state"]
    assert shown(pickle.loads(pickle.dumps(record))) == golden(kind)["state"]  # as caches keep it


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_of_a_golden_event_was_renamed_or_dropped(kind: str) -> None:
    for event in golden(kind)["events"]:
        data = upcast(event["type"], event["schema"], dict(event["data"]))
        fields = set(fields_of(registry.events[event["type"]]))
        assert set(data) <= fields, event["type"]


def test_there_is_no_golden_history_without_its_aggregate() -> None:
    assert sorted(file.stem for file in GOLDEN.glob("*.json")) == KINDS
