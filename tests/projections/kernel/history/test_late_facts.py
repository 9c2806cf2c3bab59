"""Late facts: of whatever day facts are, rows are what their records are, on every day."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import astuple
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import Aggregate, Recorded, RuleViolation, discover, from_stored
from domain.kernel.envelope import UnreadableEvent
from domain.kernel.time.replay import evolve, read, taken, tell
from domain.kernel.time.retroactive import Hindsight
from projections.kernel.history.fold_at import fold_at
from projections.kernel.read_model import ReadModel, Row, fold, read_models
from tests.domain.play import history as stored
from tests.domain.play import plays, run
from tests.domain.replay import Row as Stored
from tests.domain.replay import as_json
from tests.domain.replay import history as golden
from tests.volume import examples

NOW = datetime.now(UTC)
SPAN = 1200
"""Days back that facts are dated, so far that golden histories are among them."""


def ago(days: int) -> date:
    return NOW.date() - timedelta(days=days)


@st.composite
def lives_with_late_facts(draw: st.DrawFn, kind: type[Aggregate]) -> list[Stored]:
    """Draw a history of a record in which any fact may be stated for any day of the past."""
    begin, steps = draw(plays(kind))
    history = golden(kind.kind)[:begin]
    record = evolve(None, history)
    merged: set[str] = set()
    for command, body in steps:
        if merged.intersection(body.get("customer_ids", ())):
            continue  # no command names a customer who was merged into another
        if command.verb == "replace-target":
            merged.add(body["former_id"])
        if command.dated and draw(st.booleans()):
            stated = ago(draw(st.sampled_from([0, 1, 2, 3, 30, 300, 900, SPAN])))
            moment = f"{stated}T00:00:00Z"
            body = body | {command.dated: moment if command.dated == "at" else str(stated)}
        try:
            if command.creates or record is None:
                record = run(command, kind, body)
            elif (day := _day(command, body)) is None or day >= record.in_force:
                run(command, record, body)
            else:
                back = Hindsight(record, history, day, command.dated)
                run(command, back.then, body)
                record = back.retold()
        except RuleViolation:
            if record is None:
                break
        else:
            history = [*history, *stored(taken(record, NOW))]
    return history


def _day(command: Any, body: dict[str, Any]) -> date | None:
    stated = body.get(command.dated)
    return None if stated is None else date.fromisoformat(stated[:10])


def told(history: Iterable[Stored]) -> list[Recorded]:
    """Return stored events as readers have them, one position a version."""
    return [
        Recorded(v, s, v, type_, schema, at, "a", "u", "c", None, None, data)
        for s, v, type_, schema, at, raw in history
        for data in [from_stored(type_, schema, raw)]
    ]


def held(record: Aggregate) -> dict[str, Any]:
    """Return what a record knows, by the names that its row may have for it."""
    state = {name: value for name, value in vars(record).items() if name[0] != "_"}
    for value in list(state.values()):
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            state = {**value, **state}
    return {**state, **record.counts}


def plain(value: Any) -> Any:
    """Return a value of a row or of a record as both may have it; what is not known is left out."""
    match value if isinstance(value, Decimal) else as_json(value):
        case dict() as parts:
            return {key: plain(each) for key, each in parts.items() if each is not None}
        case list() as parts:
            return sorted(map(plain, parts), key=str)
        case Decimal() as amount:
            return str(amount.quantize(Decimal("0.01")))
        case other:
            return other


def alike(model: ReadModel, row: Row, record: Aggregate) -> dict[str, tuple[Any, Any]]:
    """Return what a row and its record both have, and how each has it."""
    known = held(record)
    both: dict[str, tuple[Any, Any]] = {}
    for name in model.blank.keys() & known.keys():
        here, there = row[name], known[name]
        if isinstance(here, dict) and isinstance(there, set):
            here = set(here)  # it knows of what there is, not all about it
        if isinstance(here, list) and isinstance(there, list):
            there = [each._asdict() if hasattr(each, "_asdict") else each for each in there]
            here = [known_of(each, of) for each, of in zip_longest(here, there)]
        if isinstance(here, list) and isinstance(there, dict):
            here = [sorted(map(str, each.values())) for each in here]
            there = [sorted(map(str, (*keys(key), *astuple(each)))) for key, each in there.items()]
        both[name] = (plain(here), plain(there))
    return both


def known_of(part: Any, of: Any) -> Any:
    """Return what a part of a row has of what its record has of it: it may have more."""
    if isinstance(part, dict) and isinstance(of, dict):
        return {name: each for name, each in part.items() if name in of}
    return part


def keys(key: Any) -> tuple[Any, ...]:
    """Return the parts of a key, which may be one alone."""
    return key if isinstance(key, tuple) else (key,)


def by_day(facts: list[Aggregate.Event], upto: date | None) -> Aggregate | None:
    """Return the record that facts make in the order of their days, up to one; the oracle here."""
    begun = facts[0].effective_day
    order = sorted(facts[1:], key=lambda fact: max(fact.effective_day, begun))
    return tell(None, [facts[0], *(f for f in order if upto is None or f.effective_day <= upto)])


MODELS = sorted(read_models().values(), key=lambda model: model.name)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@settings(max_examples=examples(8), deadline=None)
@given(data=st.data())
def test_whenever_it_was_told_a_row_is_its_record_on_every_day(
    model: ReadModel, data: st.DataObject
) -> None:
    history = data.draw(lives_with_late_facts(discover().aggregates[model.aggregate]))
    events, facts = told(history), read(0, history)
    assert fold(model, {}, events).parked == {}
    for position in {len(facts), data.draw(st.integers(min(1, len(facts)), len(facts)))} - {0}:
        known, begun = facts[:position], facts[0].effective_day
        for day in {None, *(max(fact.effective_day, begun) for fact in known)}:
            row = fold_at(model, events[:position], day)
            with suppress(UnreadableEvent):  # golden days that contradict: as they were recorded
                record = by_day(known, day)
                assert row is not None
                assert record is not None
                compared = alike(model, row, record)
                assert len(compared) > 1
                differing = {name: pair for name, pair in compared.items() if pair[0] != pair[1]}
                assert differing == {}
