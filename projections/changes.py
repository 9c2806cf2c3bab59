"""Changes: what each event made of the row of its record, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from domain.effective import effective_day, in_effect
from domain.kernel import Recorded
from domain.stored import Unreadable
from projections.kernel import ReadModel, Row
from projections.masks import shown

MOST = 200
"""Fields within one column whose changes are told one by one."""

_OF_EVERY_ROW = frozenset({"id", "version", "position", "created_at", "changed_at", "in_force"})
_NAMING = ("id", "competitor", "product", "stage", "code", "employee", "name")
"""What tells one object in a list from the others, as far as it has these."""


class Change(NamedTuple):
    """A field, as in `grade` or `contacts/<id>/phone`, with its value before and after."""

    field: str
    before: Any
    after: Any


class Step(NamedTuple):
    """An event and what was known of its record just before and just after it was recorded.

    Before its first event a record has no columns.
    """

    event: Recorded
    before: Row
    after: Row


def steps(model: ReadModel, history: Iterable[Recorded]) -> Iterator[Step]:
    """Yield each event of one record, by version, with the rows before and after it.

    The rows are what was known: a fact of an earlier day takes its place among those recorded
    before it. An event that cannot be folded leaves the row as it was.
    """
    row, known, latest = model.blank, list[Recorded](), date.min
    for event in history:
        before = row
        day = effective_day(event.type, event.data, event.time)
        known.append(event)
        if day >= latest:
            row, latest = _after(model, row, event), day
        else:
            row = model.blank
            for each in in_effect(known):
                row = _after(model, row, each)
        yield Step(event, before if len(known) > 1 else {}, row)


def _after(model: ReadModel, row: Row, event: Recorded) -> Row:
    fold = model.folds[event.type]
    if fold is None or isinstance(event.data, Unreadable):
        return row
    try:
        return {**row, **fold(row, event)}
    except Exception:  # it is parked there, and told as it is here
        return row


def changes(model: ReadModel, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Return what differs between two states of a row that may lack columns, without secrets.

    What is nested is told by its path. What only finds or dates a row is left out.
    """
    found: list[Change] = []
    for name in shown(model):
        old, new = before.get(name), after.get(name)
        if old is new or old == new or name in _OF_EVERY_ROW or name.endswith("_key"):
            continue
        was, now = dict(_leaves(name, old)), dict(_leaves(name, new))
        paths = [path for path in {**was, **now} if was.get(path) != now.get(path)]
        if len(paths) > MOST:
            found.append(Change(name, f"{len(was)} values", f"{len(now)} values"))
        else:
            found += [Change(path, was.get(path), now.get(path)) for path in paths]
    return found


def concerns(change: Change, field: str) -> bool:
    """Tell whether a change is of a field, of something within it, or of one so named."""
    return f"/{field}/" in f"/{change.field}/"


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        if all(inner is None for inner in value.values()) and "/" in path:
            yield path, {}  # it is there, and nothing else is known
        for key, inner in value.items():
            yield from _leaves(f"{path}/{key}", inner)
    elif isinstance(value, list) and all(isinstance(each, dict) for each in value):
        met = Counter[str]()
        for place, each in enumerate(value):
            name = " ".join(str(each[n]) for n in _NAMING if each.get(n)) or str(place)
            met[name] += 1
            # The first of a name is called by it alone, also when others come: paths are stable.
            yield from _leaves(f"{path}/{name}" + f"/{met[name]}" * (met[name] > 1), each)
    else:
        yield path, value
