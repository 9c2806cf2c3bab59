"""Stretches: spans of time from a moment up to another, joined, cut and measured exactly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import NamedTuple


class Stretch(NamedTuple):
    """The time from a moment up to another, which is not in it."""

    begin: datetime
    end: datetime


def joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Return the same time in the order of its moments, each of them in one stretch only."""
    found = list[Stretch]()
    for each in sorted(each for each in stretches if each.begin < each.end):
        if found and each.begin <= found[-1].end:
            found[-1] = Stretch(found[-1].begin, max(found[-1].end, each.end))
        else:
            found.append(each)
    return found


def within(stretches: Iterable[Stretch], bounds: Stretch) -> list[Stretch]:
    """Return the part of some time that lies in a stretch."""
    return joined(
        Stretch(max(each.begin, bounds.begin), min(each.end, bounds.end)) for each in stretches
    )


def without(stretches: Iterable[Stretch], taken: Iterable[Stretch]) -> list[Stretch]:
    """Return the part of some time that lies in nothing that is taken from it."""
    cuts = joined(taken)
    return [part for each in joined(stretches) for part in _cut(each, cuts)]


def _cut(whole: Stretch, cuts: list[Stretch]) -> Iterator[Stretch]:
    at = whole.begin
    for cut in cuts:
        if at < cut.end and cut.begin < whole.end:
            if at < cut.begin:
                yield Stretch(at, cut.begin)
            at = cut.end
    if at < whole.end:
        yield Stretch(at, whole.end)


def length(stretches: Iterable[Stretch]) -> timedelta:
    """Return how long some time is, each moment of it counted once."""
    return sum((each.end - each.begin for each in joined(stretches)), timedelta(0))
