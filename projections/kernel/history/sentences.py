"""Sentences: what an event says in words, by the template in the docstring of its class.

In a template `{field}` is a field of the event, else of the row after it, `{was.field}` one of the
row before, `{who}` whoever did it, `{record}` the kind of record and `{changes}` what changed. The
rows are those of the day from which the event is true. What stands in square brackets is left out
when a field in it has no value. The effective day comes behind the first paragraph, with the last
one if what followed is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from domain.kernel.actors import Actor
from domain.kernel.aggregate import Recorded, discover
from domain.kernel.codec import fields_of, fields_within
from domain.kernel.commands import every_command
from domain.kernel.envelope import Unreadable
from domain.kernel.time.business_day import recorded_day
from domain.kernel.time.effective_day import effective_day
from projections.kernel.history.changes import Change

Names = Callable[[str, str], str | None]
"""Gives what people call a record, by its kind and its code or id; `None` where nobody knows."""

LISTED = 3
"""How many of a list are named; of the others it is told how many they are."""

_REASONS = ("reason", "note", "comment", "conclusion")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_PLACE = re.compile(r"\{([\w.]+)\}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_WHEN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")


@dataclass(frozen=True, slots=True)
class Happening:
    """An event as somebody sees it: payload and rows without what is masked, and what changed.

    The rows are those before and after it on the day from which it is true; the changes are those
    of that day and of later ones.
    """

    event: Recorded
    data: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    changes: Sequence[Change]


def why(data: Mapping[str, Any]) -> str | None:
    """Return the reason that a payload states, or what was noted with it."""
    return next((str(data[name]) for name in _REASONS if data.get(name)), None)


def sentence(happening: Happening, names: Names) -> str:
    """Return what happened, in words."""
    return _Teller(happening, names).sentence()


@cache
def template(event_type: str) -> str:
    """Return the template of an event type; one without a template has one made of its name."""
    kind, _, name = event_type.partition(".")
    about, what = kind.replace("-", " "), name.replace("-", " ")
    for each in getattr(discover().events.get(event_type), "__mro__", ()):
        if "{who}" in (text := each.__dict__.get("__doc__") or ""):
            told = "\n".join(" ".join(part.split()) for part in text.split("\n\n"))
            return told.replace("{record}", about)
    return f'{{who}} recorded about the {about}: {what}[, because "{{reason}}"].'


@cache
def references(kind: str) -> Mapping[str, str]:
    """Return which fields of the records of a kind name others, and records of which kind."""
    found: dict[str, str] = {}
    for command in every_command().values():
        if command.aggregate.kind == kind:
            found |= {name: each.kind for name, each in command.references.items()}
    # Events name what their commands do; these are stated by several commands, or by policies.
    of_customers = ("customer_id", "survivor_id", "duplicate_id")
    return {**dict.fromkeys(of_customers, "customer"), "opportunity_id": "opportunity"} | found


@cache
def numbers(kind: str) -> frozenset[str]:
    """Return the fields, at any depth, that events of a kind have decimal numbers in: texts."""
    events = (each for type_, each in discover().events.items() if type_.startswith(f"{kind}."))
    return frozenset(
        name
        for each in events
        for name, type_ in fields_within(fields_of(each))
        if type_ is Decimal
    )


class _Teller:
    def __init__(self, happening: Happening, names: Names) -> None:
        self._it = happening
        self._names = names
        self._references = references(happening.event.aggregate)
        self._numbers = numbers(happening.event.aggregate)

    @property
    def _changes(self) -> list[Change]:
        """Those of the first days that are changed; what follows from them later is not said."""
        first = min((each.valid_from for each in self._it.changes if each.valid_from), default=None)
        return [each for each in self._it.changes if each.valid_from == first]

    def sentence(self) -> str:
        event = self._it.event
        if isinstance(event.data, Unreadable):
            return _begun(f"{self._who()} recorded something that cannot be read.")
        text = _OPTIONAL.sub(self._optional, template(event.type))
        text = _PLACE.sub(lambda place: self._value(place[1]) or self._missing(place[1]), text)
        first, *more = (part.strip() for part in text.split("\n"))
        day = effective_day(event.type, event.data, event.time)
        if day != recorded_day(event.time):
            until = {each.valid_to for each in self._changes}
            days = f"{day} until {until.pop()}" if len(until) == 1 and None not in until else day
            first = f"{first.removesuffix('.')}, effective {days}."
        told = " ".join([first, *filter(None, more)])
        return _begun(told.replace('.".', '."'))  # what is quoted may have ended its sentence

    def _optional(self, part: re.Match[str]) -> str:
        values = {place: self._value(place) for place in _PLACE.findall(part[1])}
        if not all(values.values()):
            return ""
        return _PLACE.sub(lambda place: values[place[1]] or "", part[1])

    def _missing(self, place: str) -> str:
        return "what is not shown" if place in self._it.data else "nothing"

    def _value(self, place: str) -> str | None:
        it = self._it
        if place == "who":
            return self._who()
        if place == "changes":
            return "; ".join(map(self._change, self._changes)) or "what is not shown"
        if place == "contact_id":
            return self._contact(str(it.data[place]))
        was, _, name = place.rpartition(".")
        if was:
            old = it.before.get(name)
            return None if old == it.data.get(name) else self._told(name, old)
        return self._told(name, it.data[name] if name in it.data else it.after.get(name))

    def _told(self, name: str, value: Any) -> str | None:
        """Return a value in words, `None` for none."""
        match value:
            case None | "":
                return None
            case bool():
                return "yes" if value else "no"
            case Decimal():  # money has two decimals, a ratio as many as it was stated with
                return f"{value:,}" if value != round(value, 2) else f"{value:,.2f}"
            case datetime():
                return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            case list() | tuple():
                return self._listed(name, value)
            case dict():
                return str(len(value))
            case str() if name in self._numbers and _NUMBER.fullmatch(value):
                return self._told(name, Decimal(value))
            case str() if _WHEN.fullmatch(value):
                return self._told(name, datetime.fromisoformat(value))
            case str() if name in self._references:
                return self._named(self._references[name], value)
        return str(value)

    def _listed(self, name: str, values: Sequence[Any]) -> str | None:
        if any(isinstance(each, dict) for each in values):
            return str(len(values))
        told = [self._told(name, each) or "nothing" for each in values[:LISTED]]
        if len(values) == LISTED + 1:
            told.append(self._told(name, values[LISTED]) or "nothing")
        elif len(values) > LISTED:
            told.append(f"{len(values) - LISTED} more")
        if len(told) < 2:
            return told[0] if told else "0"
        return f"{', '.join(told[:-1])} and {told[-1]}"

    def _named(self, kind: str, key: str) -> str:
        found = self._names(kind, key)
        if found is None:
            return f"{kind.replace('-', ' ')} {key}" if kind in ("customer", "opportunity") else key
        return found

    def _contact(self, id_: str) -> str:
        for row in (self._it.after, self._it.before):
            name = ((row.get("contacts") or {}).get(id_) or {}).get("name")
            if name:
                return str(name)
        return "a person"

    def _change(self, change: Change) -> str:
        name = change.field.rpartition("/")[2]
        label = name.replace("_", " ")
        before, after = (self._told(name, value) for value in (change.before, change.after))
        if before is None:
            return f"{label} is {after}"
        return f"{label} from {before} to {after or 'nothing'}"

    def _who(self) -> str:
        event = self._it.event
        behalf = event.behalf and self._somebody(event.behalf)
        who = self._somebody(event.who)
        if event.actor_kind == "policy":
            return who + (f", for {behalf}," if behalf else "")
        return f"{who}, on behalf of {behalf}," if behalf else who

    def _somebody(self, actor: Actor) -> str:
        match actor.kind:
            case "policy" | "deadline":
                return f"the {actor.kind} {actor.id}"
            case "key":
                return f"the system {self._names('api-key', actor.id) or actor.id}"
            case "person":
                return self._names("employee", actor.id) or actor.id
        return actor.id


def _begun(text: str) -> str:
    """Return a sentence with its first letter large, unless it is that of a code."""
    return text[0].upper() + text[1:] if text.startswith("the ") else text


def label(name: str, code: str | None = None) -> str:
    """Return what people call a record: by name, with its code where it has one."""
    return name if code in (None, name) else f"{name} ({code})"
