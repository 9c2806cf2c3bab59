"""Text: what a name, a line or a note may have in it, so that it reads as it was meant."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that nobody sees."""

_JOINERS = frozenset("\u200c\u200d")
"""Join or part letters in scripts that need it, such as Persian, and pictures."""

_LINE_ENDS = re.compile(r"\r\n?")


def _allowed(text: str, place: int) -> bool:
    character = text[place]
    if character in _JOINERS:  # between what may need one: never beside a space, nor in Latin
        beside = text[place - 1 : place] + text[place + 1 : place + 2]
        return len(beside) == 2 and all(
            each > "\x7f" and unicodedata.category(each)[0] in "LMS" for each in beside
        )
    code = ord(character)
    if character in _BLANK or code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        return False
    # Spaces other than ours, private use (rare characters of names) and what a later Unicode has.
    return character.isprintable() or unicodedata.category(character) in ("Zs", "Co", "Cn")


def _require_plain(text: str, also: str = "") -> str:
    if text.isprintable() and _BLANK.isdisjoint(text):
        return text
    for place, character in enumerate(text):
        if character not in also and not _allowed(text, place):
            name = unicodedata.name(character, "a control character or none")
            raise PydanticCustomError(
                "plain_text",
                "Character {place} is U+{code} ({name}): text has no control, direction or "
                "invisible characters",
                {"place": place + 1, "code": f"{ord(character):04X}", "name": name},
            )
    return text


def _require_plain_lines(text: str) -> str:
    return _require_plain(_LINE_ENDS.sub("\n", text), "\n\t")


Plain = AfterValidator(_require_plain)
"""Marks a text in which every character is seen, and none changes how others are read.

Refused are controls, ends of lines, marks of direction, what is invisible, and what is no
character; joiners may stand between letters outside Latin, where they are part of the spelling.
A text is kept as it was typed: full-width forms are not changed.
"""

# Here is said what the document of the API can say; what it cannot, `Plain` refuses.
_LINE = r"^[^\x00-\x1f\x7f]+$"
_LINES = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"

Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_LINE),
    Plain,
]
"""A line of text: a name, a title, a reason."""


Prose = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=10_000, pattern=_LINES),
    AfterValidator(_require_plain_lines),
]
"""Text of any number of lines, which end by a line feed: a description, a resolution."""
