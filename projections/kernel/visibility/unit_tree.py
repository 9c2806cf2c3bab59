"""The organisation: the tree of units as it is now, for deciding what is where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


class Organisation:
    """Units by code. Immutable; what was worked out once is kept.

    A unit that has ended leads to its successor instead of its parent: whatever is below it or
    belongs to it is found there. A unit that nobody knows counts as right below the root.
    """

    __slots__ = ("_above", "_below", "_ended", "_leads_to", "_under", "root")

    def __init__(self, units: Iterable[Mapping[str, Any]] = ()) -> None:
        """Take the rows of the units: code, parent, state and successor of each."""
        rows = {row["code"]: row for row in units}
        tops = [code for code, row in rows.items() if row["parent"] is None]
        self.root: str | None = tops[0] if tops else None
        """The code of the unit above all others."""
        self._ended = frozenset(code for code, row in rows.items() if row["state"] != "open")
        self._leads_to: dict[str, str | None] = {}
        self._below: dict[str | None, list[str]] = {}
        for code, row in rows.items():
            up = row["parent"]
            if code in self._ended and row["successor"] is not None:
                up = row["successor"]
            if code == self.root:
                up = None
            elif up not in rows:
                up = self.root
            self._leads_to[code] = up
            self._below.setdefault(up, []).append(code)
        self._above: dict[str, tuple[str, ...]] = {}
        self._under: dict[str, frozenset[str]] = {}

    def above(self, unit: str) -> tuple[str, ...]:
        """Return the unit, or what has succeeded it, and all above it, nearest first."""
        found = self._above.get(unit)
        if found is None:
            path = self.path(unit)
            found = self._above[unit] = tuple(one for one in path if one not in self._ended)
        return found

    def under(self, unit: str) -> frozenset[str]:
        """Return the unit and all that leads to it, ended units among them.

        Under a unit that has ended is what still hangs there, not what its successor has besides:
        a merger gives nobody more than they had.
        """
        found = self._under.get(unit)
        if found is None:
            seen, waiting = {unit}, [unit]
            while waiting:
                for below in self._below.get(waiting.pop(), ()):
                    if below not in seen:
                        seen.add(below)
                        waiting.append(below)
            found = self._under[unit] = frozenset(seen)
        return found

    def path(self, unit: str) -> Iterator[str]:
        """Yield the unit and whatever it leads to, one after the other, up to the root."""
        seen: set[str] = set()
        current: str | None = unit
        while current is not None and current not in seen:
            seen.add(current)
            yield current
            current = self._leads_to.get(current, self.root)
