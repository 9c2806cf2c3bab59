"""Sought: by which fields persons are found, and the forms in which these are compared."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from operator import add
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from domain.kernel.aggregate import discover
from domain.kernel.codec import fields_of
from domain.kernel.types.chinese_characters import simplified

Forms = Callable[[str], frozenset[str]]


@dataclasses.dataclass(frozen=True, slots=True)
class Sought:
    """Marks a personal field by which its person is found, however it is written.

    `kept` gives the forms under which a value is kept; `asked` those that a value must have, all
    of them, to be what a question means, and raises `ValueError`, in words, for what is none.
    """

    kind: str
    kept: Forms
    asked: Forms


@cache
def sought_fields(event_type: str) -> Mapping[str, Sought]:
    """Return by which fields of an event type persons are found, at whatever depth they are."""
    known = discover().events.get(event_type)
    return {} if known is None else dict(_within(fields_of(known)))


@cache
def seeking() -> frozenset[str]:
    """Return the event types that have such fields."""
    return frozenset(each for each in discover().events if sought_fields(each))


def _within(hints: Mapping[str, Any]) -> Iterator[tuple[str, Sought]]:
    return (found for name, hint in hints.items() for found in _marked(name, hint))


def _marked(name: str, hint: Any) -> Iterator[tuple[str, Sought]]:
    for mark in getattr(hint, "__metadata__", ()):
        if isinstance(mark, Sought):
            yield name, mark
    if isinstance(hint, type) and (issubclass(hint, BaseModel) or dataclasses.is_dataclass(hint)):
        yield from _within(get_type_hints(hint, include_extras=True))
    for inner in get_args(hint):
        yield from _marked(name, inner)


_NUMBER = re.compile(
    r"(?:tel:)?\s*(?P<number>\+?[0-9(][0-9\s().\-\u2010-\u2015\u2212]*)"
    r"(?:(?:x|ext\.?|extension|#|;ext=|转|分机)[\s:]*(?P<extension>[0-9]{1,8}))?\s*"
)
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_TRUNK = re.compile(r"0[1-9][0-9]{8,10}")
_SERVICE = re.compile(r"[48]00[0-9]{7}")
_WITH_COUNTRY = re.compile(r"86(1[3-9][0-9]{9})")


def _number(text: str) -> tuple[str, str | None]:
    """Return the digits of a telephone number from its country's code on, and its extension.

    Without a country's code it is one of China: a mobile, an area's with its 0, or 400 and 800.
    Short ones and those without their area stay as they are. Raises `ValueError`.
    """
    found = _NUMBER.fullmatch(simplified(unicodedata.normalize("NFKC", text)).strip().casefold())
    number = found["number"].replace("(0)", "") if found else ""
    digits = re.sub(r"[^0-9]", "", number)
    if found is None or not 3 <= len(digits) <= 17:
        raise ValueError("this is no telephone number: give one as in +86 20 8888 1234 x12")
    if digits.startswith("00"):
        digits = digits[2:]
    elif number.startswith("+") or _WITH_COUNTRY.fullmatch(digits):
        pass
    elif _TRUNK.fullmatch(digits):
        digits = f"86{digits[1:]}"
    elif _MOBILE.fullmatch(digits) or _SERVICE.fullmatch(digits):
        digits = f"86{digits}"
    if digits.startswith("860"):
        digits = f"86{digits[3:]}"
    return digits, found["extension"]


def _number_kept(text: str) -> frozenset[str]:
    try:
        number, extension = _number(text)
    except ValueError:
        return frozenset()
    return frozenset({number, *([f"{number}x{extension}"] if extension else [])})


def _number_asked(text: str) -> frozenset[str]:
    number, extension = _number(text)
    return frozenset({f"{number}x{extension}" if extension else number})


def _address_kept(text: str) -> frozenset[str]:
    return frozenset({unicodedata.normalize("NFKC", text).strip().casefold()})


def _address_asked(text: str) -> frozenset[str]:
    (address,) = _address_kept(text)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", address):
        raise ValueError("this is no e-mail address: give a whole one, as in li.wei@example.com")
    return frozenset({address})


_HAN = r"\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_APART = re.compile(rf"(?<=[{_HAN}])\s+(?=[{_HAN}])")
_RUNS = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")


def _words(name: str) -> list[str]:
    letters = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(each for each in letters if not unicodedata.combining(each))
    return _RUNS.findall(_APART.sub("", simplified(unicodedata.normalize("NFC", plain))))


def _is_chinese(word: str) -> bool:
    return re.match(f"[{_HAN}]", word) is not None


def _name_kept(name: str) -> frozenset[str]:
    found = set[str]()
    for word in _words(name):
        found.update(map(add, word, word[1:]) if _is_chinese(word) and word[1:] else [word])
    return frozenset(found)


def _name_asked(name: str) -> frozenset[str]:
    words = _words(name)
    if not words or any(_is_chinese(each) and len(each) == 1 for each in words):
        raise ValueError("give whole words of a name, or two of its Chinese characters or more")
    return frozenset().union(*map(_name_kept, words))


def _day(text: str) -> frozenset[str]:
    return frozenset({text[-5:]})


PHONE = Sought("phone", _number_kept, _number_asked)
"""A telephone number, with its extension or without, in any usual form."""

EMAIL = Sought("email", _address_kept, _address_asked)
"""An e-mail address, its case and width aside."""

NAME = Sought("name", _name_kept, _name_asked)
"""Words of a name; of a Chinese one two neighbouring characters are a word. Case, width, accents,
and whether a character is the traditional one do not count, nor do spaces between Chinese ones."""

BIRTHDAY = Sought("birthday", _day, _day)
"""The month and the day of a birthday, as in 12-28."""
