"""Chinese: what kinds, fields, values, commands, rules and sentences are called in Chinese.

Each aggregate has a catalogue beside it, as `customer.zh_CN.po`, and what several have alike stands
in one of the kernel. They are gettext's, one line a text, and read as they are: nothing is built.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import orjson

from domain.kernel.codec import fields_of, fields_within
from domain.kernel.commands import every_command
from domain.kernel.registry import discover

About = Literal["", "kind", "field", "value", "command"]
"""What a text is: a sentence, or the name of something; the context of gettext."""

Language = Literal["zh", "en"]

ENDING = ".zh_CN.po"

SHARED = Path(__file__).with_name(f"shared{ENDING}")
"""What several kinds have alike."""

_ENTRY = re.compile(r'^(?:msgctxt "(.*)"\n)?msgid (".+")\nmsgstr (".+")$', re.MULTILINE)

_LARGE = re.compile(r"\b(api|gb|id|ids|it|pbx|roi|sla|url|vat)\b")
"""Abbreviations, which are written large."""


def chinese(kind: str, text: str, about: About = "") -> str | None:
    """Return a text in Chinese, by the kind of record that it is of; `None` where there is none."""
    for file in (SHARED,) if (own := file_of(kind)) is None else (own, SHARED):
        if found := catalogue(file).get((about, text)):
            return found
    return None


def title(kind: str, field: str) -> str | None:
    """Return what a field of a kind is called in Chinese; `None` where nothing is."""
    aggregate = discover().aggregates.get(kind)
    own = None if aggregate is None else aggregate.titles.get(field)
    return own or chinese(kind, field, "field")


def value(kind: str, said: str) -> str:
    """Return what a value of a closed set, in English words, is called in Chinese.

    What chooses among fields has their titles. What has no other name is left as it is.
    """
    return chinese(kind, said, "value") or title(kind, said) or said


def file_of(kind: str) -> Path | None:
    """Return where the catalogue of a kind is; `None` for what is no aggregate."""
    aggregate = discover().aggregates.get(kind)
    if aggregate is None:
        return None
    here = Path(inspect.getfile(aggregate))
    return here.with_name(f"{here.stem}{ENDING}")


@cache
def catalogue(file: Path) -> Mapping[tuple[str, str], str]:
    """Return the texts of a catalogue in Chinese, by what they are and in English."""
    if not file.exists():
        return {}
    entries = _ENTRY.findall(file.read_text(encoding="utf-8"))
    return {(about, orjson.loads(text)): orjson.loads(said) for about, text, said in entries}


def in_words(name: str) -> str:
    """Return the name of a field, a kind or a value in English words, as in `IT budget`."""
    return _LARGE.sub(lambda it: it[0].upper(), re.sub("[_-]", " ", name))


@cache
def enumerated(kind: str) -> Mapping[str, Mapping[str, str]]:
    """Return the fields of a kind, at any depth, with closed sets: each value in English words.

    The domain names each value of such a set, as `FINANCE = "J"`: what is named by itself, as
    `OPEN = "open"`, has no other name.
    """
    aggregate, events = discover().aggregates.get(kind), discover().events
    if aggregate is None:
        return {}
    stated: list[Mapping[str, Any]] = [get_type_hints(aggregate, include_extras=True)]
    if aggregate.states is not None:
        stated.append({aggregate.states.attribute: type(aggregate.states.first)})
    stated += [fields_of(each) for type_, each in events.items() if type_.startswith(f"{kind}.")]
    stated += [
        {name: field.annotation for name, field in each.body.model_fields.items()}
        for each in every_command().values()
        if each.aggregate is aggregate
    ]
    found: dict[str, dict[str, str]] = {}
    for hints in stated:
        for name, hint in fields_within(hints):
            if values := _values(hint):
                found.setdefault(name, {}).update(values)
    return found


def _values(hint: Any) -> Mapping[str, str]:
    if get_origin(hint) is Literal:
        return {each: each for each in get_args(hint) if isinstance(each, str)}
    if not isinstance(hint, type) or not issubclass(hint, Enum):
        return {}
    names = {str(each.value): each.name.replace("_", " ") for each in hint}
    plain = all(in_words(code).lower() == name.lower() for code, name in names.items())
    return {code: code if plain else name.capitalize() for code, name in names.items()}
