"""Differences: where the rows of a log part from the hashes kept of them, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

Row = tuple[Any, ...]
"""A row of a log; its first column is its number."""

FARTHEST = 16
"""By how many numbers rows may have been moved at once and be recognised nevertheless."""

MOST = 64
"""Altered rows that are compared with one another, in case they were only exchanged."""


class Difference(NamedTuple):
    """What is different, from one number to another."""

    kind: Literal["altered", "missing", "inserted", "swapped", "truncated"]
    first: int
    last: int
    detail: str = ""


def differences(
    rows: Sequence[Row], kept: Sequence[bytes], hash_as: Callable[[Row, int], bytes]
) -> list[Difference]:
    """Compare rows, in the order of their numbers, with the hashes kept for 1, 2, 3 and so on.

    `hash_as` returns the hash that a row would have under a number. Rows that follow others which
    were taken away or put in between, with their numbers moved, are recognised as what they were.
    """
    return _Comparison(rows, kept, hash_as).run()


class _Comparison:
    def __init__(
        self, rows: Sequence[Row], kept: Sequence[bytes], hash_as: Callable[[Row, int], bytes]
    ) -> None:
        self._rows = rows
        self._kept = kept
        self._hash_as = hash_as
        self._found: list[Difference] = []
        self._altered: dict[int, Row] = {}

    def run(self) -> list[Difference]:
        expected, moved, at, doubts = 1, 0, 0, 0
        while at < len(self._rows):
            row = self._rows[at]
            number = row[0] - moved
            if number < expected or number > len(self._kept):
                self._note("inserted", row[0], row[0])
                at += 1
                continue
            if number > expected:
                self._note("missing", expected, number - 1)
                expected = number
            if self._is(row, number):
                doubts = 0
            elif doubts < MOST and (gone := self._gone(at, number)):
                self._note("missing", number, number + gone - 1, "those behind were moved up")
                moved -= gone
                continue
            elif doubts < MOST and (new := self._new(at, number)):
                last = self._rows[at + new - 1][0]
                self._note("inserted", row[0], last, "those behind were moved on")
                moved += new
                at += new
                continue
            else:
                doubts += 1
                self._altered[number] = row
            at += 1
            expected = number + 1
        if expected <= len(self._kept):
            self._note("truncated", expected, len(self._kept))
        self._tell_altered()
        return sorted(self._found, key=lambda each: each.first)

    def _is(self, row: Row, number: int) -> bool:
        inside = 1 <= number <= len(self._kept)
        return inside and self._hash_as(row, number) == self._kept[number - 1]

    def _gone(self, at: int, number: int) -> int:
        """Return how many rows must be missing before this one, 0 when that is not it."""
        tried = range(1, FARTHEST + 1)
        return next((n for n in tried if self._goes_on(at, number + n)), 0)

    def _new(self, at: int, number: int) -> int:
        """Return how many rows from this one on must be new, 0 when that is not it."""
        tried = range(1, min(FARTHEST, len(self._rows) - at - 1) + 1)
        return next((n for n in tried if self._goes_on(at + n, number)), 0)

    def _goes_on(self, at: int, number: int) -> bool:
        """Tell whether a row is what a number should have, and the next row what comes then."""
        if not self._is(self._rows[at], number):
            return False
        if at + 1 == len(self._rows):
            return number == len(self._kept)
        return self._is(self._rows[at + 1], number + 1)

    def _tell_altered(self) -> None:
        left = dict(self._altered)
        if len(left) <= MOST:
            for number, row in self._altered.items():
                for other in left:
                    if other != number and number in left and self._is(row, other):
                        self._tell_swapped(number, other)
                        del left[number]
                        if self._is(self._altered[other], number):
                            del left[other]
                        break
        for number in left:
            self._note("altered", number, number)

    def _tell_swapped(self, number: int, other: int) -> None:
        first, last = sorted((number, other))
        self._note("swapped", first, last, f"number {number} has what number {other} had")

    def _note(
        self,
        kind: Literal["altered", "missing", "inserted", "swapped", "truncated"],
        first: int,
        last: int,
        detail: str = "",
    ) -> None:
        """Note a difference, together with the one before when it goes on from there."""
        before = self._found[-1] if self._found else None
        if before and before.kind == kind and before.last + 1 == first and kind != "swapped":
            self._found[-1] = before._replace(last=last)
        else:
            self._found.append(Difference(kind, first, last, detail))
