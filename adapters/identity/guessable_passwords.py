"""Guessable passwords: those that are common, and those that say whose they are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

PRODUCT = "keyline"

ENOUGH = 8
"""What a password has to be worth: as much as so many characters that nobody expects."""

WORD = 3
"""What a common password or word in it is worth, however long."""

RUN = 2
"""What a row of characters that go on from one another is worth, and what comes once more."""

SHORTEST, LONGEST = 4, 20
"""Characters of the words that are looked for."""

_ALIKE = str.maketrans("0134578@$!", "oleastbasi")
"""Signs that stand for letters."""

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890", "abcdefghijklmnopqrstuvwxyz")

_AGAIN = re.compile(r"(.{1,32}?)\1{2,}")

_OURS = ("woaini", "dianxin", "5201314", "zhongguo", "admin", "telecom", "changeme")
"""Common here, and not in the list."""


def says_whose(password: str, code: str, names: Iterable[str]) -> str | None:
    """Return the part of a code, of names or of our own name that a password has in it, if any."""
    plain = _letters(password)
    known = [*_parts(code), *(part for name in names for part in _parts(name)), PRODUCT]
    return next((part for part in known if _letters(part) in plain), None)


def is_common(password: str) -> bool:
    """Tell whether a password is little more than a common one, words or rows of characters.

    It is worth the least that its pieces are worth together. Takes some milliseconds.
    """
    text = _AGAIN.sub(r"\1\1", password.casefold())
    readings = (text, text.translate(_ALIKE))
    worth = [0] + [len(text)] * len(text)
    for end in range(1, len(text) + 1):
        worth[end] = worth[end - 1] + 1
        for start in range(max(0, end - LONGEST), end - 2):
            if worth[start] + RUN < worth[end]:
                worth[end] = min(worth[end], worth[start] + _piece(readings, start, end))
    return worth[-1] < ENOUGH


def _piece(readings: tuple[str, str], start: int, end: int) -> int:
    """Return what the characters from one place to another are worth together."""
    piece = readings[0][start:end]
    if _goes_on(piece) or piece in readings[0][:start]:
        return RUN
    if end - start >= SHORTEST and any(text[start:end] in _words() for text in readings):
        return WORD
    return end - start


def _goes_on(piece: str) -> bool:
    """Tell whether characters are all the same, or a row of the alphabet or keyboard."""
    back = piece[::-1]
    return len(set(piece)) == 1 or any(piece in row or back in row for row in _ROWS)


def _parts(text: str) -> list[str]:
    """Return a code or name and those parts of it that are long enough to tell whose it is."""
    parts = [text, *re.split(r"[\W_]+", text)]
    return [part for part in parts if len(_letters(part)) >= (SHORTEST if part.isascii() else 2)]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


@cache
def _words() -> frozenset[str]:
    # Read when the first password is set: it takes a while, and most processes never need it.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(word for words in (*FREQUENCY_LISTS.values(), _OURS) for word in words)
