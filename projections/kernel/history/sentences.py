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
from domain.kernel.chinese import Language, chinese, enumerated, title
from domain.kernel.chinese import value as called
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
_PLACE = re.compile(r"( ?)\{([\w.]+)\}( ?)")
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


def sentence(happening: Happening, names: Names, language: Language = "en") -> str:
    """Return what happened, in words."""
    return _Teller(happening, names, language).sentence()


PHRASES = (
    *("the policy {id}", "the deadline {id}", "the system {id}", "a person"),
    *("{who}, for {behalf},", "{who}, on behalf of {behalf},"),
    "{who} recorded something that cannot be read.",
    *("{first}, effective {day}.", "{first}, effective {day} until {last}."),
    *("yes", "no", "nothing", "what is not shown", "; ", ", ", "{some} and {last}", "{count} more"),
    *("{field} is {after}", "{field} from {before} to {after}"),
)
"""What sentences have besides the templates."""


def template(event_type: str, language: Language = "en") -> str:
    """Return the template of an event type; one without a template has one made of its name."""
    kind, text = event_type.partition(".")[0], docstring(event_type)
    if language == "zh":
        text = chinese(kind, text) or text
        return text.replace("{record}", chinese(kind, kind, "kind") or kind)
    return text.replace("{record}", kind.replace("-", " "))


@cache
def docstring(event_type: str) -> str:
    """Return the template of an event type as it is declared: `{record}` may be of any kind."""
    for each in getattr(discover().events.get(event_type), "__mro__", ()):
        if "{who}" in (text := each.__dict__.get("__doc__") or ""):
            return "\n".join(" ".join(part.split()) for part in text.split("\n\n"))
    what = event_type.partition(".")[2].replace("-", " ")
    return f'{{who}} recorded about the {{record}}: {what}[, because "{{reason}}"].'


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
    def __init__(self, happening: Happening, names: Names, language: Language) -> None:
        self._it = happening
        self._names = names
        self._language: Language = language
        self._references = references(happening.event.aggregate)
        self._numbers = numbers(happening.event.aggregate)
        self._closed = enumerated(happening.event.aggregate)

    @property
    def _changes(self) -> list[Change]:
        """Those of the first days that are changed; what follows from them later is not said."""
        first = min((each.valid_from for each in self._it.changes if each.valid_from), default=None)
        return [each for each in self._it.changes if each.valid_from == first]

    def sentence(self) -> str:
        event = self._it.event
        if isinstance(event.data, Unreadable):
            unread = self._say("{who} recorded something that cannot be read.", who=self._who())
            return _begun(unread)
        text = _OPTIONAL.sub(self._optional, template(event.type, self._language))
        text = self._filled(text, lambda place: self._value(place) or self._missing(place))
        first, *more = (part.strip() for part in text.split("\n"))
        day = effective_day(event.type, event.data, event.time)
        if day != recorded_day(event.time):
            until = {each.valid_to for each in self._changes}
            bounded = len(until) == 1 and None not in until
            told = {"first": first.rstrip(".。"), "day": day}
            if bounded:
                first = self._say(
                    "{first}, effective {day} until {last}.", **told, last=until.pop()
                )
            else:
                first = self._say("{first}, effective {day}.", **told)
        said = ("" if self._language == "zh" else " ").join([first, *filter(None, more)])
        # What is quoted may have ended its sentence.
        return _begun(said.replace('.".', '."').replace("。”。", "。”"))

    def _say(self, phrase: str, **told: Any) -> str:
        spoken = (self._language == "zh" and chinese("", phrase)) or phrase
        return self._filled(spoken, lambda place: str(told[place]))

    def _filled(self, text: str, value: Callable[[str], str]) -> str:
        """Return a text with values in its places; no space parts one in Chinese from its text."""

        def put(place: re.Match[str]) -> str:
            said, parted = value(place[2]), self._language == "en"
            before = place[1] if parted or said[:1].isascii() else ""
            return before + said + (place[3] if parted or said[-1:].isascii() else "")

        return _PLACE.sub(put, text)

    def _optional(self, part: re.Match[str]) -> str:
        values = {place: self._value(place) for _, place, _ in _PLACE.findall(part[1])}
        if not all(values.values()):
            return ""
        return self._filled(part[1], lambda place: values[place] or "")

    def _missing(self, place: str) -> str:
        return self._say("what is not shown" if place in self._it.data else "nothing")

    def _value(self, place: str) -> str | None:
        it = self._it
        if place == "who":
            return self._who()
        if place == "changes":
            told = self._say("; ").join(map(self._change, self._changes))
            return told or self._say("what is not shown")
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
                return self._say("yes" if value else "no")
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
            case str() if self._language == "zh" and name in self._closed:
                return called(self._it.event.aggregate, self._closed[name].get(value, value))
        return str(value)

    def _listed(self, name: str, values: Sequence[Any]) -> str | None:
        if any(isinstance(each, dict) for each in values):
            return str(len(values))
        shown = values if len(values) == LISTED + 1 else values[:LISTED]
        told = [self._told(name, each) or self._say("nothing") for each in shown]
        if len(values) > len(shown):
            told.append(self._say("{count} more", count=len(values) - LISTED))
        if len(told) < 2:
            return told[0] if told else "0"
        return self._say("{some} and {last}", some=self._say(", ").join(told[:-1]), last=told[-1])

    def _named(self, kind: str, key: str) -> str:
        found = self._names(kind, key)
        if found is None and kind in ("customer", "opportunity"):
            spoken = chinese(kind, kind, "kind") if self._language == "zh" else None
            return f"{spoken or kind} {key}"
        return found or key

    def _contact(self, id_: str) -> str:
        for row in (self._it.after, self._it.before):
            name = ((row.get("contacts") or {}).get(id_) or {}).get("name")
            if name:
                return str(name)
        return self._say("a person")

    def _change(self, change: Change) -> str:
        name = change.field.rpartition("/")[2]
        label = name.replace("_", " ")
        if self._language == "zh":
            label = title(self._it.event.aggregate, name) or label
        before, after = (self._told(name, each) for each in (change.before, change.after))
        if before is None:
            return self._say("{field} is {after}", field=label, after=after)
        told = {"field": label, "before": before, "after": after or self._say("nothing")}
        return self._say("{field} from {before} to {after}", **told)

    def _who(self) -> str:
        event = self._it.event
        behalf = event.behalf and self._somebody(event.behalf)
        who = self._somebody(event.who)
        if event.actor_kind == "policy":
            return self._say("{who}, for {behalf},", who=who, behalf=behalf) if behalf else who
        return self._say("{who}, on behalf of {behalf},", who=who, behalf=behalf) if behalf else who

    def _somebody(self, actor: Actor) -> str:
        match actor.kind:
            case "deadline" if self._language == "zh":
                kind, _, verb = actor.id.partition(".")
                return self._say("the deadline {id}", id=chinese(kind, verb, "command") or actor.id)
            case "policy" | "deadline":
                return self._say(f"the {actor.kind} {{id}}", id=actor.id)
            case "key":
                name = self._names("api-key", actor.id) or actor.id
                return self._say("the system {id}", id=name)
            case "person":
                return self._names("employee", actor.id) or actor.id
        return actor.id


def _begun(text: str) -> str:
    """Return a sentence with its first letter large, unless it is that of a code."""
    return text[0].upper() + text[1:] if text.startswith("the ") else text


def label(name: str, code: str | None = None) -> str:
    """Return what people call a record: by name, with its code where it has one."""
    return name if code in (None, name) else f"{name} ({code})"
