"""Changes: what each event made of the row of its record, field by field, and of which days."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import zip_longest
from typing import Any, NamedTuple

from domain.kernel.aggregate import Recorded
from domain.kernel.envelope import Unreadable
from domain.kernel.time.effective_day import effective_day
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.visibility.column_masks import shown

MOST = 200
"""Fields within one column whose changes are told one by one."""

_OF_EVERY_ROW = frozenset({"id", "version", "position", "created_at", "changed_at", "in_force"})
_NAMING = ("id", "competitor", "product", "stage", "code", "employee", "name")
"""What tells one object in a list from the others, as far as it has these."""


class Change(NamedTuple):
    """A field, as in `grade` or `contacts/<id>/phone`, with its value before and after.

    It changed from one day to another, both included: to `None` as long as nothing else is known.
    """

    field: str
    before: Any
    after: Any
    valid_from: date | None = None
    valid_to: date | None = None


class Span(NamedTuple):
    """Days from the first to the last, or on, with what was known of them before and after.

    Before its first event a record has no columns.
    """

    first: date
    last: date | None
    before: Row
    after: Row


class Step(NamedTuple):
    """An event, the days of which it changed what was known, and all that is known with it.

    The first of the `spans` begins on the day from which the event is true.
    """

    event: Recorded
    spans: Sequence[Span]
    known: Row


def steps(model: ReadModel, history: Iterable[Recorded]) -> Iterator[Step]:
    """Yield each event of one record, by version, with what it changed.

    A fact of an earlier day takes its place among those recorded before it, and changes the days
    from there until what followed makes no difference any more. An event that cannot be folded
    changes nothing.
    """
    row, known, latest = model.blank, list[Recorded](), date.min
    for event in history:
        before, day = row, effective_day(event.type, event.data, event.time)
        known.append(event)
        if day >= latest:
            row, latest = _after(model, row, event), day
            spans = [Span(day, None, before if len(known) > 1 else {}, row)]
        else:
            was, now = (model.retell(each, _passed) for each in (known[:-1], known))
            row = now[-1] if now else row
            spans = list(_spans(was, now, day)) if now else [Span(day, None, row, row)]
        yield Step(event, spans, row)


def _spans(was: Sequence[Row], now: Sequence[Row], day: date) -> Iterator[Span]:
    """Yield the days from one on, of which a record was in other states than it is now."""
    first = max(day, now[0]["in_force"])  # nothing is true of a record before it begins
    edges = sorted(
        {first, *(each["in_force"] for each in (*was, *now) if each["in_force"] > first)}
    )
    for edge, following in zip_longest(edges, edges[1:]):
        before, after = (_held(states, edge) for states in (was, now))
        yield Span(edge, following and following - timedelta(1), before, after)


def _held(states: Sequence[Row], day: date) -> Row:
    return next((row for row in reversed(states) if row["in_force"] <= day), {})


def _passed(event: Recorded) -> bool:
    return True  # it is parked there, and told as it is here


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
        if "derived" in model.table.c[name].info:
            continue
        was, now = dict(_leaves(name, old)), dict(_leaves(name, new))
        paths = [path for path in {**was, **now} if was.get(path) != now.get(path)]
        if len(paths) > MOST:
            found.append(Change(name, f"{len(was)} values", f"{len(now)} values"))
        else:
            found += [Change(path, was.get(path), now.get(path)) for path in paths]
    return found


def changes_of_days(model: ReadModel, spans: Iterable[Span]) -> list[Change]:
    """Return what changed, each field with the days on which it did so in the same way."""
    found: list[Change] = []
    places: dict[str, int] = {}
    for first, last, before, after in spans:
        for field, old, new, *_ in changes(model, before, after):
            known = found[places[field]] if field in places else None
            follows = known and known.valid_to == first - timedelta(1)
            if known and follows and (known.before, known.after) == (old, new):
                found[places[field]] = known._replace(valid_to=last)
            else:
                places[field] = len(found)
                found.append(Change(field, old, new, first, last))
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
    elif isinstance(value, Decimal):
        yield path, round(value, 2)  # as a row has it, however it was stated
    else:
        yield path, value
