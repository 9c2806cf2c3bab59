"""Elements: long lists of past versions of rows, kept in rows of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import eq, is_
from typing import Any

import orjson
import pyarrow as pa
from duckdb import DuckDBPyConnection

from projections.kernel.columns import Json
from projections.kernel.listed import Listed
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.warehouse.facts import insert, literal, quote
from projections.kernel.warehouse.typed_lists import read, typed, typed_lists

MOST = 16
"""Elements of a list that is kept whole with each version of its row."""

STILL = 2**62
"""The end of an element that was there in the last version that is past."""

_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("field", pa.string()),
        ("since", pa.int64()),
        ("until", pa.int64()),
        ("place", pa.int64()),
        ("text", pa.string()),
    ]
)


def growing(model: Listed) -> list[str]:
    """Return the columns whose lists may grow: not those by which rows are found or seen."""
    found = {"owned_by", *model.scope.columns}
    return [
        column.name
        for column in model.table.columns
        if isinstance(column.type, Json)
        and not column.nullable
        and not column.info.get("list")
        and column.name not in found
    ]


Lists = dict[tuple[str, str], "_List"]
"""Long lists, by record and column."""


class Elements:
    """The elements of the long lists of a read model's past versions.

    An element is there in the versions at positions from its `since` to before its `until`. So a
    list that grows by one with each version takes a row for each, where the lists themselves would
    take as many rows as there are, times their length.
    """

    def __init__(self, model: ReadModel) -> None:
        """Look after the long lists of a read model."""
        self.columns = growing(model)
        self.table = f"store.elements_{model.name}"
        self._blank = model.blank
        lists = typed_lists(model)
        self._typed = {name: shape for name, shape in lists.items() if name in self.columns}
        self._some: bool | None = None

    def forget(self) -> None:
        """Forget what is in memory: the transaction that it belonged to was undone."""
        self._some = None

    def statement(self) -> str:
        """Return the SQL that makes the table."""
        columns = (
            "id VARCHAR, field VARCHAR, since BIGINT, until BIGINT, place BIGINT, text VARCHAR"
        )
        return f"CREATE TABLE IF NOT EXISTS {self.table} ({columns})"

    def whole(self, long: str) -> str:
        """Return the SQL of the versions in a table, with their long lists put together again."""
        lists, texts = [], []
        for name in self.columns:
            begin, end = "{}" if isinstance(self._blank[name], dict) else "[]"
            column = quote(name)
            here = f"FILTER (WHERE element.field = {literal(name)})"
            these = f"string_agg(element.text, ',' ORDER BY element.place) {here}"
            texts.append(f"CAST('{begin}' || {these} || '{end}' AS JSON) AS {column}")
            lists.append(f"coalesce(version.{column}, there.{column}) AS {column}")
        for name, told in zip(self._typed, read(self._typed, "there"), strict=True):
            column = quote(typed(name))
            lists.append(f"coalesce(version.{column}, {told.rpartition(' AS ')[0]}) AS {column}")
        return (
            f"SELECT version.* REPLACE ({', '.join(lists)}) FROM {long} AS version, LATERAL ("
            f"SELECT {', '.join(texts)} FROM {self.table} AS element "
            "WHERE element.id = version.id AND element.since <= version.position "
            "AND element.until > version.position) AS there"
        )

    def part(
        self, connection: DuckDBPyConnection, versions: Sequence[Row]
    ) -> tuple[Sequence[Row], Lists]:
        """Take the long lists out of versions that are past, in their order.

        Returns the versions, with nothing in the place of each of these lists, and what is to
        `keep` of them.
        """
        if not self._concerned(connection, versions):
            return versions, {}
        lists = self._open(connection, {row["id"] for row in versions})
        parted = []
        for row in versions:
            short = row
            for name in self.columns:
                value = row[name] or ()
                long, known = len(value) > MOST, lists.get((row["id"], name))
                if known is None and not long:
                    continue
                if known is None:
                    known = lists[row["id"], name] = _List()
                known.become(value if long else (), row["position"])
                if long:
                    short = {**short, name: None}
            parted.append(short)
        return parted, lists

    def _concerned(self, connection: DuckDBPyConnection, versions: Sequence[Row]) -> bool:
        if not self.columns or not versions:
            return False
        if self._some is None:
            found = connection.execute(f"SELECT 1 FROM {self.table} LIMIT 1").fetchall()
            self._some = bool(found)
        return self._some or any(
            len(row[name] or ()) > MOST for row in versions for name in self.columns
        )

    def _open(self, connection: DuckDBPyConnection, ids: Iterable[str]) -> Lists:
        found = connection.execute(
            f"SELECT id, field, since, place, text FROM {self.table} "
            f"WHERE until = {STILL} AND id IN (SELECT unnest(?)) ORDER BY place",
            [list(ids)],
        ).fetchall()
        lists: Lists = {}
        for id_, field, *element in found:
            lists.setdefault((id_, field), _List()).present.append(_Element(*element))
        return lists

    def keep(self, connection: DuckDBPyConnection, lists: Lists) -> None:
        """Keep what `part` has taken out of versions."""
        came: list[tuple[Any, ...]] = []
        went: list[tuple[Any, ...]] = []
        for key, each in lists.items():
            for element, until in (*each.gone, *((e, STILL) for e in each.present)):
                row = (*key, element.since, until, element.place, element.text)
                if element.is_new:
                    came.append(row)
                elif until != STILL:
                    went.append(row)
        if went:
            gone = _table(went)  # noqa: F841 (DuckDB finds it by its name)
            connection.execute(
                f"UPDATE {self.table} AS known SET until = gone.until FROM gone "
                f"WHERE known.until = {STILL} AND known.id = gone.id "
                "AND known.field = gone.field AND known.place = gone.place"
            )
        if came:
            insert(connection, self.table, _table(came))
            self._some = True


def _table(rows: Sequence[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(column, each.type) for column, each in zip(columns, _SCHEMA, strict=True)]
    return pa.table(arrays, schema=_SCHEMA)


@dataclass(slots=True)
class _Element:
    """An element: from which version on it is there, its place, and how it stands in the JSON."""

    since: int
    place: int
    text: str
    is_new: bool = False


class _List:
    """The elements of one list, from version to version."""

    def __init__(self) -> None:
        self.present: list[_Element] = []
        self.gone: list[tuple[_Element, int]] = []
        # The keys and values of those present; what comes from the database is not known.
        self._keys: list[Any] = []
        self._values: list[Any] = []

    def become(self, value: Any, position: int) -> None:
        """Have it be another one from a position on: what both begin and end with stays."""
        keys, values = _taken_apart(value)
        known = self.present
        # Nearly all of it is the very same as in the version before.
        start = min(_same(self._values, values), _same(self._keys, keys))
        behind = [self._values[start:], values[start:], self._keys[start:], keys[start:]]
        for each in behind:
            each.reverse()
        end = min(_same(behind[0], behind[1]), _same(behind[2], behind[3]))
        old = known[start : len(known) - end]
        new = list(map(_text, keys[start : len(keys) - end], values[start : len(values) - end]))
        more = _same([each.text for each in old], new, eq)
        start, old, new = start + more, old[more:], new[more:]
        more = _same([each.text for each in reversed(old)], new[::-1], eq)
        end, old, new = end + more, old[: len(old) - more], new[: len(new) - more]
        after = known[len(known) - end :]
        place = known[start - 1].place + 1 if start else 0
        if after and after[0].place - place < len(new):  # there is no room between
            old, new, after = known[start:], new + [each.text for each in after], []
        self.gone += [(each, position) for each in old]
        came = [_Element(position, at, text, is_new=True) for at, text in enumerate(new, place)]
        self.present = [*known[:start], *came, *after]
        self._keys, self._values = keys, values


def _taken_apart(value: Any) -> tuple[list[Any], list[Any]]:
    """Return the keys and the values of an object, or the elements of a list, which have no key."""
    if isinstance(value, dict):
        return list(value), list(value.values())
    return [None] * len(value), list(value)


def _same(one: Sequence[Any], other: Sequence[Any], alike: Callable[..., bool] = is_) -> int:
    """Return how many are the same from the beginning."""
    found = list(map(alike, one, other))
    return found.index(False) if False in found else len(found)


def _text(key: str | None, value: Any) -> str:
    """Return an element as it stands in the JSON of its list."""
    if key is None:
        return orjson.dumps(value, default=str).decode()
    return orjson.dumps({key: value}, default=str).decode()[1:-1]
