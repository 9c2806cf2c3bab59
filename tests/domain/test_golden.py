"""Golden histories: what was stored once loads in every build, with the same meaning."""

import json
import pickle

import pytest

from domain.kernel.aggregate import discover, registry, upcast
from domain.kernel.codec import fields_of
from domain.kernel.time.replay import evolve
from tests.domain.make_golden import made, text
from tests.domain.replay import GOLDEN, goldens, history, shown

KINDS = sorted(discover().aggregates)


@pytest.mark.parametrize("kind", KINDS)
def test_a_golden_history_tells_every_kind_of_event(kind: str) -> None:
    declared = {type_ for type_, owner in registry.owners.items() if owner.kind == kind}
    told = {event["type"] for life in goldens(kind) for event in life["events"]}
    write = f"python -m tests.domain.make_golden {kind} writes a first one"
    assert told == declared, f"add to golden/{kind}.json what is missing; {write}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_golden_history_replays_to_the_state_it_had(kind: str) -> None:
    for n, life in enumerate(goldens(kind)):
        record = evolve(None, history(kind, n))
        assert record is not None
        assert shown(record) == life["state"]
        assert shown(pickle.loads(pickle.dumps(record))) == life["state"]  # as caches keep it


@pytest.mark.parametrize("kind", KINDS)
def test_no_field_of_a_golden_event_was_renamed_or_dropped(kind: str) -> None:
    for event in (each for life in goldens(kind) for each in life["events"]):
        data = upcast(event["type"], event["schema"], dict(event["data"]))
        fields = set(fields_of(registry.events[event["type"]]))
        assert set(data) <= fields, event["type"]


def test_each_golden_life_is_that_of_a_record_of_its_own() -> None:
    streams = [life["stream"] for kind in KINDS for life in goldens(kind)]
    assert len(set(streams)) == len(streams)


def test_there_is_no_golden_history_without_its_aggregate() -> None:
    assert sorted(file.stem for file in GOLDEN.glob("*.json")) == KINDS


@pytest.mark.parametrize("kind", ["delegation", "team", "unit"])
def test_a_golden_history_of_a_new_kind_is_drawn_and_tells_every_kind_of_event(kind: str) -> None:
    aggregate = discover().aggregates[kind]
    lives = json.loads(text(made(aggregate)))
    told = {event["type"] for life in lives for event in life["events"]}
    assert told == {type_ for type_, owner in registry.owners.items() if owner is aggregate}
    assert made(aggregate) == lives  # whoever draws it
