"""Folding: events in any order, with any repeats, into the rows of a read model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from domain.kernel.aggregate import Recorded
from domain.kernel.time.effective_day import effective_day

if TYPE_CHECKING:
    from projections.kernel.read_model import ReadModel, Row

Waiting = dict[str, dict[int, Recorded]]
"""Events that cannot be applied yet, by stream and version."""

Histories = Callable[[str, int], Sequence[Recorded]]
"""Gives the events of a stream up to a position, by version. Asked only when one comes late."""

Passes = Callable[[Recorded], bool]
"""Tells whether an event that cannot be folded is passed over, as an operator has decided."""

Check = Callable[["Row"], object]
"""Raises when a row cannot be kept."""


class OutOfTurn(Exception):
    """An event came before its predecessor."""


class Late(Exception):
    """An event holds as of a day before others that were recorded earlier."""


@dataclass(frozen=True, slots=True)
class Parked:
    """An event that could not be applied, and why."""

    event: Recorded
    error: str


@dataclass(slots=True)
class Folded:
    """What became of some events.

    `rows` are the changed rows by id; `versions` every state that a row went through, in the
    order of application, for histories; `revised` the states of former days that a late event
    has changed, each with the position of that event; `parked` the events that could not be
    applied, by stream and version; `healed` those that had been waiting and now were applied.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    versions: list[Row] = field(default_factory=list)
    revised: list[tuple[int, Row]] = field(default_factory=list)
    parked: dict[tuple[str, int], Parked] = field(default_factory=dict)
    healed: list[Recorded] = field(default_factory=list)


def fold(
    model: ReadModel,
    rows: Mapping[str, Row],
    events: Iterable[Recorded],
    waiting: Waiting | None = None,
    *,
    keep_versions: bool = True,
    histories: Histories | None = None,
    passes: Passes | None = None,
    check: Check | None = None,
) -> Folded:
    """Apply events to rows. Pure: neither the rows nor their values are changed in place.

    An event that a row has already seen changes nothing. One that comes before its predecessor
    is parked until that was applied, and so is everything behind an event whose fold raises, unless
    that one is to be passed over: then the row goes on without it. One that holds before others in
    the row has the record folded anew, in the order in which its events hold. Events of other
    aggregates do not count.

    Args:
        model: The read model.
        rows: The rows of the streams concerned, by id, as far as there are any.
        events: In any order, with any repeats.
        waiting: Events parked earlier; they are applied as soon as their turn comes.
        keep_versions: Whether `versions` and `revised` of the result are wanted.
        histories: Gives the history of a record to fold anew; by default it is looked for among
            the `events`.
        passes: Tells which events that cannot be folded are passed over; by default none.
        check: Tried on each row that comes about; what it refuses counts as not folded.
    """
    folded = Folded()
    folds, changed, blank = model.folds, folded.rows, model.blank
    queues: Waiting = {stream: dict(queue) for stream, queue in (waiting or {}).items()}
    events = events if isinstance(events, Sequence) else list(events)

    def given(stream: str, upto: int) -> list[Recorded]:
        found = {each.version: each for each in events if each.stream == stream}
        found |= queues.get(stream, {})
        return [found[key] for key in sorted(found) if found[key].position <= upto]

    for event in events:
        if folds[event.type] is None:
            continue
        stream = event.stream
        row = changed.get(stream) or rows.get(stream) or blank
        following: Recorded | None = event
        while following is not None and following.version > row["version"]:
            event, following = following, None
            days: Sequence[Row] = ()
            try:
                try:
                    after = model.apply(row, event)
                    if check is not None:
                        check(after)
                except Late:
                    history = whole(histories or given, stream, event.version, event.position)
                    *days, after = model.retell(history, passes, check)
                    if after["version"] < event.version:  # it is passed over itself
                        after, days = model.advance(dict(row), event), ()
            except Exception as error:
                if event.version > row["version"] + 1 or passes is None or not passes(event):
                    queues.setdefault(stream, {})[event.version] = event
                    reason = f"{type(error).__name__}: {error}"
                    folded.parked[stream, event.version] = Parked(event, reason)
                    break
                after = model.advance(dict(row), event)
            changed[stream] = row = after
            if keep_versions:
                folded.versions.append(row)
            if days and keep_versions:
                folded.revised += [
                    (event.position, each) for each in days if each["in_force"] >= _day(event)
                ]
            if stream in queues:
                folded.parked.pop((stream, event.version), None)
                if waiting and event.version in waiting.get(stream, ()):
                    folded.healed.append(event)
                following = queues[stream].get(event.version + 1)
    return folded


def whole(histories: Histories, stream: str, version: int, position: int) -> Sequence[Recorded]:
    """Return all events of a stream up to the one of this version, at this position.

    Raises `OutOfTurn` when some are missing.
    """
    history = histories(stream, position)
    if [each.version for each in history] != list(range(1, version + 1)):
        raise OutOfTurn("the history that it is part of is not to be had")
    return history


def again(
    histories: Histories | None, stream: str, row: Row | None, aside: Iterable[Recorded]
) -> Sequence[Recorded]:
    """Return all events of a stream that are in its row or put aside, to fold it from its start.

    Raises `OutOfTurn` when they are not to be had.
    """
    known = [(each.version, each.position) for each in aside]
    if row is not None:
        known.append((row["version"], row["position"]))
    if not known:
        return []
    if histories is None:
        raise OutOfTurn("no history of it is to be had")
    return whole(histories, stream, *max(known))


def _day(event: Recorded) -> date:
    return effective_day(event.type, event.data, event.time)
