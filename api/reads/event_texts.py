"""Telling: events as people read them, with sentence, changes, reason and cause.

Whatever tells of events beyond their payload goes through here: what is told is made from events
that are in sight, opened, and from rows without what is masked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

from adapters.journal.history_queries import at, histories
from api.kernel.access.visibility import Seeing, Seen
from api.kernel.process import Parts
from api.reads.logs.event_shown import shown
from api.reads.record_names import Naming, names_at
from domain.kernel.aggregate import discover
from domain.kernel.chinese import Language
from domain.kernel.time.effective_day import effective_day
from domain.kernel.types.sensitive import sensitive_fields, without
from projections.kernel.history.causal_chain import causing
from projections.kernel.history.changes import changes_of_days, steps
from projections.kernel.history.sentences import Happening, sentence, why
from projections.kernel.read_model import Row, models_by_kind
from projections.kernel.visibility.column_masks import masked


@dataclass(frozen=True, slots=True)
class Told:
    """An event in sight, the classes of what is masked in it, and what can be told of it.

    `known` is the row of its record with all that was known then, without what is masked.
    """

    seen: Seen
    it: Happening
    known: Row

    @property
    def position(self) -> int:
        """Where the event stands."""
        return self.it.event.position


def happenings(seen: Iterable[Seen]) -> Iterator[Told]:
    """Yield what happened in whole histories of records, each from its beginning, one by one."""
    models = models_by_kind()
    for _, group in groupby(seen, key=lambda each: each[0].stream):
        history = list(group)
        hidden, model = history[0][1], models.get(history[0][0].aggregate)
        if model is None:
            for event, _ in history:
                data = without(event.data, sensitive_fields(event.type), hidden)
                yield Told((event, hidden), Happening(event, data, {}, {}, ()), {})
            continue
        raw: Row = {}
        known: Row = {}
        for step in steps(model, (event for event, _ in history)):
            spans = [
                span._replace(
                    # Mostly it is what was known behind the event before.
                    before=known if span.before is raw else masked(model, span.before, hidden),
                    after=masked(model, span.after, hidden),
                )
                for span in step.spans
            ]
            raw = step.known
            known = spans[-1].after
            data = without(step.event.data, sensitive_fields(step.event.type), hidden)
            differing = changes_of_days(model, spans)
            it = Happening(step.event, data, spans[0].before, spans[0].after, differing)
            yield Told((step.event, hidden), it, known)


def told_of(
    parts: Parts, see: Seeing, streams: Collection[str], upto: int | None = None
) -> Iterator[Told]:
    """Yield what happened to those of some records that are in sight, up to a position."""
    found = histories(parts.journal, streams, upto)
    return happenings(see.events(event for history in found.values() for event in history))


def items(parts: Parts, see: Seeing, told: Sequence[Told], position: int) -> list[dict[str, Any]]:
    """Return what is told of events: as they are shown, with sentence, changes, why and because.

    `effective` is the day from which each holds; that of its recording where none was stated.

    What they name is called as it was at a position.
    """
    naming = names_at(parts, see.sight, position)
    because = _causes(parts, see, told, naming)
    return [
        {
            **shown(*each.seen),
            "effective": effective_day(each.seen[0].type, each.seen[0].data, each.seen[0].time),
            "sentence": text,
            "changes": [change._asdict() for change in each.it.changes],
            "why": why(each.it.data),
            "because": because.get(each.position),
        }
        for each, text in zip(told, sentences(naming, told, see.language), strict=True)
    ]


def sentences(naming: Naming, told: Sequence[Told], language: Language = "en") -> list[str]:
    """Return what happened in words of a language, with the names that whoever asks knows."""
    wanted: set[tuple[str, str]] = set()

    def ask(kind: str, key: str) -> None:
        wanted.add((kind, key))

    for each in told:
        sentence(each.it, ask)
    known = naming(wanted)
    return [sentence(each.it, known, language) for each in told]


def link(kind: str, id_: str) -> str:
    """Return where a record is read."""
    known = discover().aggregates.get(kind)
    return f"/{kind if known is None else known.plural}/{id_}"


def chain_link(command_id: str) -> str:
    """Return where the chain of a command is read."""
    return f"/chains/{quote(command_id, safe='')}"


def _causes(
    parts: Parts, see: Seeing, told: Sequence[Told], naming: Naming
) -> dict[int, dict[str, Any]]:
    """Return what caused events, by their position: the command and, in sight, its event."""
    places: dict[int, int | None] = {}
    found: dict[int, dict[str, Any]] = {}
    for each in told:
        event = each.it.event
        if event.cause is not None:
            places[each.position] = causing(event.actor_kind, event.command_id)
            found[each.position] = {
                "command_id": event.cause,
                "chain": chain_link(event.cause),
            }
    wanted = set(places.values()) - {None}
    if not wanted:
        return found
    causes = at(parts.journal, wanted)  # type: ignore[arg-type]
    streams, upto = {each.stream for each in causes}, max(each.position for each in causes)
    met = [each for each in told_of(parts, see, streams, upto) if each.position in wanted]
    texts = sentences(naming, met, see.language)
    for each, text in zip(met, texts, strict=True):
        event = each.it.event
        told_of_it = {
            "position": event.position,
            "type": event.type,
            "stream": event.stream,
            "record": link(event.aggregate, event.stream),
            "sentence": text,
        }
        for position, place in places.items():
            if place == event.position:
                found[position]["event"] = told_of_it
    return found
