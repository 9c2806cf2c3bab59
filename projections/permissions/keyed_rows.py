"""Shelves: the rows of one read model in memory, found by what they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping

from projections.kernel.read_model import Row

Keys = Callable[[Row], Iterable[Hashable]]
"""Says under which keys a row is found."""


class Shelf:
    """Rows by id and by keys. Immutable: a change makes another shelf that shares the rest."""

    __slots__ = ("_by_key", "_keys", "rows")

    def __init__(self, keys: Keys, rows: Iterable[Row] = ()) -> None:
        """Hold rows, each found under its keys."""
        self._keys = keys
        self.rows: Mapping[str, Row] = {row["id"]: row for row in rows}
        self._by_key: dict[Hashable, dict[str, Row]] = {}
        for row in self.rows.values():
            for key in keys(row):
                self._by_key.setdefault(key, {})[row["id"]] = row

    def find(self, key: Hashable) -> Iterable[Row]:
        """Return the rows under a key."""
        found = self._by_key.get(key)
        return () if found is None else found.values()

    def one(self, key: Hashable) -> Row | None:
        """Return the row under a key that only one row has, `None` when there is none."""
        return next(iter(self.find(key)), None)

    def after(self, changed: Mapping[str, Row]) -> Shelf:
        """Return the shelf with these rows, by id, new or in the place of those before."""
        shelf = Shelf(self._keys)
        shelf.rows = {**self.rows, **changed}
        by_key = shelf._by_key = dict(self._by_key)
        for id_, row in changed.items():
            before = self.rows.get(id_)
            for key in self._keys(before) if before is not None else ():
                by_key[key] = {other: each for other, each in by_key[key].items() if other != id_}
            for key in self._keys(row):
                by_key[key] = {**by_key.get(key, {}), id_: row}
        return shelf
