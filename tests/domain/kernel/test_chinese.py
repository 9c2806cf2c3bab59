"""Chinese: whatever the domain says has a Chinese text, and there is none for what it does not say.

What a catalogue lacks is added to it, empty, and what nothing says is taken out of it, by
`python -m tests.domain.kernel.test_chinese`.
"""

import inspect
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from itertools import chain
from pathlib import Path

import orjson

from domain.kernel.aggregate import discover
from domain.kernel.chinese import SHARED, About, catalogue, chinese, enumerated, file_of
from domain.kernel.codec import fields_of, fields_within
from domain.kernel.commands import every_command
from projections.kernel.history.sentences import PHRASES, docstring
from projections.kernel.listed import Listed
from projections.kernel.lists.choices import choices, held_choices
from projections.kernel.lists.todo_list import sources
from projections.kernel.read_model import read_models
from projections.kernel.summary import summaries

Said = tuple[str, About, str]
"""A text: of which kind, what it is, in English."""

CHANGES = Path(__file__).parents[2] / "projections" / "golden_changes.json"

HEAD = 'msgid ""\nmsgstr "Language: zh_CN\\nContent-Type: text/plain; charset=UTF-8\\n"\n'
_PLACE = re.compile(r"\{([\w.]+)\}")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")


def said() -> set[Said]:
    """Return all that the domain says, and what is asked of it; codes have no Chinese."""
    found = {*_of_events(), *_of_commands(), *_of_lists(), *_of_rows()}
    found |= {(each.model.aggregate, "", each.todo.text) for each in sources()}
    found |= {(kind, "kind", kind) for kind in discover().aggregates}
    found |= {("", "", phrase) for phrase in PHRASES}
    return {each for each in found if not _is_code(each)}


def _of_events() -> Iterator[Said]:
    for type_, event in discover().events.items():
        kind = type_.partition(".")[0]
        yield kind, "", docstring(type_)
        yield from _fields(kind, (name for name, _ in fields_within(fields_of(event))))
    for kind in discover().aggregates:
        for name, values in enumerated(kind).items():
            if name not in ("clear", "take"):  # these choose among fields
                yield from ((kind, "value", word) for word in values.values())


def _of_commands() -> Iterator[Said]:
    for command in every_command().values():
        kind = command.aggregate.kind
        yield from ((kind, "", rule.text()) for rule in command.rules)
        yield kind, "command", command.verb
        if not command.system:
            yield kind, "", command.doc.partition("\n")[0]
            given = command.body.model_fields
            yield from ((kind, "", each.description) for each in given.values() if each.description)
            for name, type_ in fields_within({name: it.annotation for name, it in given.items()}):
                yield from _fields(kind, [name])
                if isinstance(type_, type) and issubclass(type_, Enum):
                    yield kind, "", inspect.getdoc(type_) or ""


def _of_lists() -> Iterator[Said]:
    models: list[Listed] = [*read_models().values(), *summaries().values()]
    for model in models:
        kind = model.kind if model.kind in discover().aggregates else ""
        if not kind:
            yield "", "kind", model.kind
        yield from _fields(kind, model.table.c.keys())
        words = enumerated(model.aggregate)
        for name, values in (*choices(model).items(), *held_choices(model).items()):
            yield from ((kind, "value", words.get(name, {}).get(each, each)) for each in values)


def _of_rows() -> Iterator[Said]:
    """Yield the fields of the parts that records have: rows know them, no declaration does."""
    for model in json.loads(CHANGES.read_bytes()).values():
        for type_, changes in model["changes"]:
            for value in changes.values():
                parts = value.values() if isinstance(value, dict) else value
                inner = [*parts] if isinstance(parts, Iterable) else []
                if all(isinstance(each, dict) for each in inner):
                    yield from _fields(type_.partition(".")[0], chain.from_iterable(inner))


def _fields(kind: str, names: Iterable[str]) -> Iterator[Said]:
    aggregate = discover().aggregates.get(kind)
    titles = {} if aggregate is None else aggregate.titles
    yield from ((kind, "field", name) for name in names if name not in titles)


def _is_code(text: Said) -> bool:
    return text[1] == "value" and text[2].upper() == text[2]


def files() -> list[Path]:
    return sorted([SHARED, *filter(None, map(file_of, discover().aggregates))])


def unsaid(file: Path, texts: set[Said]) -> set[tuple[str, str]]:
    """Return the texts of a catalogue that nothing says, or that all who say them have by own."""
    others = [each for each in texts if file_of(each[0]) != file]
    own = {(about, text) for kind, about, text in texts if file_of(kind) == file}
    if file == SHARED:
        mine = {each[0]: catalogue(path) for each in others if (path := file_of(each[0]))}
        own |= {(each[1], each[2]) for each in others if each[1:] not in mine.get(each[0], ())}
        own |= {(about, text) for kind, about, text in texts if file_of(kind) is None}
    return {*catalogue(file)} - own


def missing(texts: set[Said]) -> set[Said]:
    return {each for each in texts if chinese(each[0], each[2], each[1]) is None}


def test_whatever_the_domain_says_has_a_chinese_text() -> None:
    assert sorted(missing(said())) == [], "python -m tests.domain.kernel.test_chinese, and fill in"


def test_no_catalogue_has_what_nothing_says() -> None:
    texts = said()
    assert {file.name: unsaid(file, texts) for file in files() if unsaid(file, texts)} == {}


def test_no_kind_repeats_what_all_share() -> None:
    shared = catalogue(SHARED).items()
    own = [file for file in files() if file != SHARED]
    assert {file.name: same for file in own if (same := catalogue(file).items() & shared)} == {}


def test_a_chinese_text_has_the_places_of_the_english_one() -> None:
    def places(text: str) -> tuple[set[str], set[str]]:
        optional = {place for part in _OPTIONAL.findall(text) for place in _PLACE.findall(part)}
        return {*_PLACE.findall(text)}, optional

    for file in files():
        for (_, text), told in catalogue(file).items():
            assert places(told) == places(text), f"{file.name}: {text}"


def test_an_entry_of_a_catalogue_is_read_whole() -> None:
    for file in files():
        assert file.read_text(encoding="utf-8").count("\nmsgid ") == len(catalogue(file))


def write() -> None:
    """Write the catalogues anew: with what is missing, which is empty, without what nobody says."""
    texts = said()
    lacking = missing(texts)
    counted = Counter((about, text) for _, about, text in lacking)
    for file in files():
        idle = unsaid(file, texts)
        entries = {each: told for each, told in catalogue(file).items() if each not in idle}
        for kind, about, text in lacking:
            several = counted[about, text] > 1 or file_of(kind) is None
            if file == (SHARED if several else file_of(kind)):
                entries[about, text] = ""
        if entries:
            parts = [_entry(*each, told) for each, told in sorted(entries.items())]
            file.write_text("\n".join([HEAD, *parts]), encoding="utf-8")


def _entry(about: str, text: str, told: str) -> str:
    context = f'msgctxt "{about}"\n' if about else ""
    return f"{context}msgid {orjson.dumps(text).decode()}\nmsgstr {orjson.dumps(told).decode()}\n"


if __name__ == "__main__":
    write()
