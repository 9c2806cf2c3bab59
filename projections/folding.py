"""Folding: events in any order, with any repeats, into the rows of a read model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from domain.effective import effective_day
from domain.kernel import Recorded

if TYPE_CHECKING:
    from projections.kernel import ReadModel, Row

Waiting = dict[str, dict[int, Recorded]]
"""Events that cannot be applied yet, by stream and version."""

Histories = Callable[[str, int], Sequence[Recorded]]
"""Gives the events of a stream up to a position, by version. Asked only when one comes late."""


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
) -> Folded:
    """Apply events to rows. Pure: neither the rows nor their values are changed in place.

    An event that a row has already seen changes nothing. One that comes before its predecessor
    is parked until that was applied, and so is everything behind an event whose fold raises. One
    that holds before others in the row has the record folded anew, in the order in which its
    events hold. Events of other aggregates are passed over.

    Args:
        model: The read model.
        rows: The rows of the streams concerned, by id, as far as there are any.
        events: In any order, with any repeats.
        waiting: Events parked earlier; they are applied as soon as their turn comes.
        keep_versions: Whether `versions` and `revised` of the result are wanted.
        histories: Gives the history of a record to fold anew; by default it is looked for among
            the `events`.
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
            try:
                try:
                    row = model.apply(row, event)
                except Late:
                    days = _retold(model, event, histories or given)
                    if keep_versions:
                        folded.revised += [
                            (event.position, each)
                            for each in days[:-1]
                            if each["in_force"] >= _day(event)
                        ]
                    row = days[-1]
            except Exception as error:
                queues.setdefault(stream, {})[event.version] = event
                reason = f"{type(error).__name__}: {error}"
                folded.parked[stream, event.version] = Parked(event, reason)
                break
            changed[stream] = row
            if keep_versions:
                folded.versions.append(row)
            if stream in queues:
                folded.parked.pop((stream, event.version), None)
                if waiting and event.version in waiting.get(stream, ()):
                    folded.healed.append(event)
                following = queues[stream].get(event.version + 1)
    return folded


def _retold(model: ReadModel, late: Recorded, histories: Histories) -> list[Row]:
    """Return the rows of a record after each of its days, with an event that came late."""
    history = histories(late.stream, late.position)
    if [each.version for each in history] != list(range(1, late.version + 1)):
        raise OutOfTurn("the history that it is part of is not to be had")
    return model.retell(history)


def _day(event: Recorded) -> date:
    return effective_day(event.type, event.data, event.time)
