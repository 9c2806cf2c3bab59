"""Likeness of names: whether two may be of one organisation, by what its name is made of."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from domain.kernel.types.chinese_characters import sound_alike
from projections.customers.merges.company_words import BRANCHES, COUNTRY, PROVINCE_OF, TRADES

ALIKE = 85
"""From how many of 100 points on two names may be of one organisation."""


class Parts(NamedTuple):
    """What a name is made of.

    By the rules for the names of enterprises that is a place, an own name and a trade; `own` has
    the characters and `words` the letters of it. `bare` is all that is Chinese, in its order, and
    `known` the words in it that are no company's own.
    """

    own: str
    words: tuple[str, ...]
    numbers: tuple[str, ...]
    cities: frozenset[str]
    provinces: frozenset[str]
    districts: frozenset[str]
    branches: tuple[str, ...]
    trades: frozenset[str]
    bare: str
    known: frozenset[str]


_ALONE = frozenset({"北京", "上海", "天津", "重庆", "香港", "澳门"})
"""Places that are a province and a city."""


@lru_cache(maxsize=1000)
def parts(key: str) -> Parts:
    """Return what the name of a key is made of."""
    own, bare, known, words = "", "", list[str](), list[str]()
    numbers, branches = list[str](), list[str]()
    cities, provinces, districts, trades = set[str](), set[str](), set[str](), set[str]()
    for word in key.replace(" '", "").split(" "):
        if word in COUNTRY:
            continue
        if word.isascii():
            (words if word.isalpha() else numbers).append(word)
            continue
        bare += word
        if len(word) == 1:
            own += word
            continue
        known.append(word)
        if word in TRADES:
            trades.add(word)
        elif word in BRANCHES:
            branches.append(word)
        elif (province := PROVINCE_OF.get(word)) is not None:
            provinces.add(province)
            if word != province or word in _ALONE:
                cities.add(word)
        elif word[0] == "第":
            numbers.append(word)
        elif word[-1] in "区县":
            districts.add(word)
        else:
            words.append(word)
    return Parts(
        own,
        tuple(sorted(words)),
        tuple(sorted(numbers)),
        frozenset(cities),
        frozenset(provinces),
        frozenset(districts),
        tuple(sorted(branches)),
        frozenset(trades),
        bare,
        frozenset(known),
    )


_FIGURES = re.compile("[0-9]+")


def figures(key: str) -> list[str]:
    """Return the figures in the name of a key: names in which they differ are those of two."""
    return sorted(_FIGURES.findall(key))


def likeness(one: str, other: str) -> int:
    """Return how alike the names of two keys are, in points of 100; 0 for those of two.

    Names of two differ in a number, a place, a branch, a trade, or in the own name by more than a
    slip. A place, the country, a trade or a word may be left out where enough is left.
    """
    if not one or not other:
        return 0
    if one == other:
        return 100
    a, b = parts(one), parts(other)
    if a.numbers != b.numbers or not _same_words(a.words, b.words):
        return 0
    if not (a.words == b.words and _slipped(a, b)) and not _same(a, b):
        return 0
    return max(ALIKE, min(99, round(fuzz.token_sort_ratio(one, other))))


def _same_words(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Tell whether words mean the same; of two or more that do, one side may have one more."""
    if one == other:
        return True
    left, right = (
        list((Counter(one) - Counter(other)).elements()),
        list((Counter(other) - Counter(one)).elements()),
    )
    for word in left.copy():
        for like in right:
            if min(len(word), len(like)) >= 5 and OSA.distance(word, like, score_cutoff=1) <= 1:
                left.remove(word)
                right.remove(like)
                break
    if not left and not right:
        return True
    if len(one) != len(other) and Counter("".join(one)) == Counter("".join(other)):
        return True  # written apart, and together
    return len(left) + len(right) == 1 and min(len(one), len(other)) >= 2


def _slipped(one: Parts, other: Parts) -> bool:
    """Tell whether one slip of the hand or of an input method makes one of the other."""
    if OSA.distance(one.bare, other.bare, score_cutoff=1) != 1:
        return False
    short, long = (one, other) if len(one.bare) <= len(other.bare) else (other, one)
    a, b = short.bare, long.bare
    at = next((n for n, each in enumerate(a) if each != b[n]), len(a))
    if len(a) < len(b):
        if at and b[at] == b[at - 1]:
            return True  # one was typed twice
        in_own = len(short.own) == 2  # an own name of one is none: it has lost a character
    else:
        if a[at + 1 :] != b[at + 1 :] or sound_alike(a[at], b[at]):
            return True  # two were turned, or one mistaken for its like
        in_own = len(short.own) < 4 or bool(short.branches)
    if one.known == other.known:
        return not in_own
    return one.known < other.known or other.known < one.known


def _same(one: Parts, other: Parts) -> bool:
    return (
        _same_place(one, other)
        and one.branches == other.branches
        and _same_trade(one, other)
        and _same_own(one.own, other.own, whole=bool(one.branches) or one.trades != other.trades)
    )


def _same_place(one: Parts, other: Parts) -> bool:
    """Tell whether places agree: that of one is stated in full, or left out, in the other."""
    if one.districts and other.districts and one.districts != other.districts:
        return False
    if one.provinces == other.provinces and one.cities == other.cities:
        return True
    if not one.provinces or not other.provinces:
        named = (one.own or one.words) and (other.own or other.words)
        return bool(named) and not one.branches
    if not one.cities or not other.cities:
        return False
    return one.cities <= other.cities or other.cities <= one.cities


def _same_trade(one: Parts, other: Parts) -> bool:
    """Tell whether trades agree; one may be left out beside an own name."""
    if one.trades == other.trades:
        return True
    if not (one.own or one.words):
        return False
    return one.trades <= other.trades or other.trades <= one.trades


def _same_own(one: str, other: str, *, whole: bool) -> bool:
    """Tell whether own names agree: by the rules they have two characters or more.

    Unless they have to be `whole`, a word of two or more may be left out.
    """
    if one == other:
        return True
    short, long = (one, other) if len(one) <= len(other) else (other, one)
    if not short:
        return False
    if len(short) > 2 and sorted(short) == sorted(long):
        return True
    if OSA.distance(short, long, score_cutoff=1) <= 1:
        if len(short) == len(long):
            at = next(n for n, each in enumerate(short) if each != long[n])
            return (len(short) > 3 and not whole) or sound_alike(short[at], long[at])
        return len(short) != 2
    return not whole and 2 <= len(short) <= len(long) - 2 and short in long
