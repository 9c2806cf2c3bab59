"""Row histories: every version of every row of a read model, with when and how long it was true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from hashlib import sha256
from operator import itemgetter
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from domain.kernel.aggregate import Recorded
from projections.kernel import parking_lot as parking
from projections.kernel.columns import Json
from projections.kernel.fingerprint import code_of
from projections.kernel.fold import again
from projections.kernel.full_text import SIGNATURE, signature
from projections.kernel.read_model import Check, Folded, Histories, ReadModel, Row, fold
from projections.kernel.warehouse.arrow import stored
from projections.kernel.warehouse.elements import Elements
from projections.kernel.warehouse.facts import insert, quote
from projections.kernel.warehouse.moments import NEVER, RETOLD, macros
from projections.kernel.warehouse.parking_lot import Aside
from projections.kernel.warehouse.shares import shares
from projections.kernel.warehouse.typed_lists import declared, read, typed_lists

_PLAIN = " USING COMPRESSION uncompressed"
"""How words are kept: where a few rows of many are looked at, the others need not be unpacked."""

KEPT = 20_000
"""How many current rows of a model are kept in memory for the folds to come, in a rebuild."""

RESTING = 1_000
"""How many are kept from one load to the next."""

_TO = pa.schema(
    [
        ("valid_to_position", pa.int64()),
        ("valid_to", pa.timestamp("us", "UTC")),
        ("next_in_force", pa.date32()),
    ]
)
_TOLD = pa.schema([("told", pa.int64()), ("place", pa.int64())])


class History:
    """The versions of the rows of one read model.

    Kept in tables: the present versions, of which there is one a row; the past ones, each with the
    position, the time and the day of its successor, which are only ever added to; those of them
    with a long list, whose elements have rows of their own; and the revised ones: how rows were on
    days of the past, as a late event has told.
    """

    def __init__(self, model: ReadModel, histories: Histories | None = None) -> None:
        """Prepare the history of a read model; `histories` gives that of a record told late."""
        self.model = model
        self._histories = histories
        self.name = f"history_{model.name}"
        self._present = f"store.present_{model.name}"
        self._past = f"store.past_{model.name}"
        self._revised = f"store.revised_{model.name}"
        columns = [(column.name, *stored(column.type)) for column in model.table.columns]
        self._names = [name for name, *_ in columns]
        self._values = itemgetter(*self._names)
        self._read = ", ".join(map(quote, self._names))
        self._sql = ", ".join(
            f"{quote(name)} {sql}{_PLAIN if name == 'search' else ''}"
            for name, sql, _, _, _ in columns
        )
        self._beside = [RETOLD, *([SIGNATURE] if model.search else [])]
        self._typed = [*declared(lists := typed_lists(model))]
        more = [*(f"{name} BIGINT" for name in self._beside), *self._typed]
        self._sql += "".join(f", {each}" for each in more)
        self._from = f"BY NAME SELECT {', '.join(['*', *read(lists)])} FROM batch"
        beside = [(name, pa.int64()) for name in self._beside]
        self._schema = pa.schema([*((name, arrow) for name, _, arrow, _, _ in columns), *beside])
        self._encoders = {name: encode for name, _, _, encode, _ in columns if encode}
        self._decoders = [(name, decode) for name, _, _, _, decode in columns if decode]
        self._long = f"store.long_{model.name}"
        self.elements = Elements(model)
        self._lists = [
            column.name
            for column in model.table.columns
            if isinstance(column.type, Json) and not column.nullable
        ]
        self._rows: dict[str, Row] = {}
        self._retold: dict[str, int] = {}
        """Of these, since when something is told late of them."""
        # Present rows go into their table once for all that is loaded together: a transaction
        # keeps what it writes and replaces again.
        self._unsaved: dict[str, Row] = {}
        self._replaced: set[str] = set()
        self._made: pa.Table | None = None
        self.aside = Aside(self.name)

    @property
    def fingerprint(self) -> str:
        """What the tables depend on: the read model, and what is kept beside its columns."""
        parts = [self.model.fingerprint, *self.elements.columns, *self._beside, *self._typed]
        if self.model.search:
            parts.append(sha256("".join(code_of([signature])).encode()).hexdigest()[:32])
        return " ".join(parts)

    def statements(self) -> Iterator[str]:
        """Yield the SQL that makes the tables not there yet, and what they are read by.

        `history_<model>` has all versions, `<model>_as_of(position)` those true at a position,
        `<model>_true_at(position, day)` those true on a day by what was known at a position;
        `store.ended_<model>` the past ones, `store.kept_<model>` those without their long lists.
        """
        model, past, present, revised = self.model.name, self._past, self._present, self._revised
        to = "valid_to_position BIGINT, valid_to TIMESTAMPTZ, next_in_force DATE"
        yield f"CREATE TABLE IF NOT EXISTS {present} ({self._sql})"
        yield f"CREATE TABLE IF NOT EXISTS {past} ({self._sql}, {to})"
        kept = f"SELECT * FROM {past}"
        if self.elements.columns:
            yield f"CREATE TABLE IF NOT EXISTS {self._long} ({self._sql}, {to})"
            yield self.elements.statement()
            yield f"CREATE OR REPLACE VIEW store.kept_{model} AS {kept} UNION ALL FROM {self._long}"
            kept = f"{kept} UNION ALL {self.elements.whole(self._long)}"
        else:
            yield f"CREATE OR REPLACE VIEW store.kept_{model} AS {kept}"
        past = f"store.ended_{model}"
        yield f"CREATE OR REPLACE VIEW {past} AS {kept}"
        yield f"CREATE TABLE IF NOT EXISTS {revised} ({self._sql}, told BIGINT, place BIGINT)"
        since = "position AS valid_from_position, changed_at AS valid_from"
        yield (
            f"CREATE OR REPLACE VIEW {self.name} AS "
            f"SELECT {self._read}, valid_to_position, valid_to, {since} FROM {past} UNION ALL "
            f"SELECT {self._read}, NULL, NULL, {since} FROM {present}"
        )
        yield from macros(model)

    def load(self, connection: DuckDBPyConnection, events: Sequence[Recorded]) -> None:
        """Add the versions that events bring about. Repeats change nothing, gaps wait."""
        rows = self._current(connection, {event.stream for event in events})
        for share in shares(events, rows, self._lists):
            try:
                self._fold(connection, share)
            except (pa.ArrowException, TypeError, ValueError):
                self._fold(connection, share, check=lambda row: self._table([row]))
        self._save_present(connection)

    def rest(self) -> None:
        """Let go of the rows in memory, unless they are few: what comes next may be long after."""
        if len(self._rows) > RESTING:
            self._rows.clear()
            self._retold.clear()

    def forget(self) -> None:
        """Forget what is in memory: the transaction that it belonged to was undone."""
        self._rows.clear()
        self._retold.clear()
        self._unsaved.clear()
        self._replaced.clear()
        self.elements.forget()
        self.aside.forget()

    def retry(self, connection: DuckDBPyConnection, stream: str) -> None:
        """Apply the parked events of a stream again. Raises `OutOfTurn`."""
        apply, anew = partial(self.load, connection), partial(self.fold_anew, connection)
        parking.retry(self.aside.lot(connection), stream, apply, anew)

    def skip(self, connection: DuckDBPyConnection, stream: str) -> None:
        """Pass over the parked event whose turn it is in a stream, and apply those behind it.

        It is tried first. What was decided stays so, until it is taken back.
        """
        apply, turn = partial(self.load, connection), partial(self._turn, connection)
        parking.skip(self.aside.lot(connection), stream, apply, turn)

    def fold_anew(self, connection: DuckDBPyConnection, stream: str) -> None:
        """Make the versions of a record from its beginning, with nothing of it aside.

        Raises `OutOfTurn` when its history is not to be had.
        """
        row = self._current(connection, [stream]).get(stream)
        history = again(self._histories, stream, row, self.aside.lot(connection).queue(stream))
        tables = [self._present, self._past, self._revised]
        if self.elements.columns:
            tables += [self._long, self.elements.table]
        for table in tables:
            connection.execute(f"DELETE FROM {table} WHERE id = ?", [stream])
        self._rows.pop(stream, None)
        self._retold.pop(stream, None)
        self.aside.lot(connection).forget(stream)
        self.load(connection, history)

    def _turn(self, connection: DuckDBPyConnection, stream: str) -> int:
        row = self._current(connection, [stream]).get(stream, self.model.blank)
        version: int = row["version"]
        return version + 1

    def _fold(
        self,
        connection: DuckDBPyConnection,
        events: Sequence[Recorded],
        check: Check | None = None,
    ) -> None:
        streams = list(dict.fromkeys(event.stream for event in events))
        rows = self._current(connection, streams)
        folded = fold(
            self.model,
            rows,
            events,
            self.aside.waiting(connection, streams),
            histories=self._histories,
            passes=self.aside.passes(connection),
            check=check,
        )
        self._save(connection, rows, folded)

    def _current(self, connection: DuckDBPyConnection, streams: Iterable[str]) -> dict[str, Row]:
        """Return the present rows of some streams, as far as there are any."""
        unknown = [stream for stream in streams if stream not in self._rows]
        if len(self._rows) + len(unknown) > KEPT:
            kept = [*streams, *self._unsaved]
            self._rows = {id_: self._rows[id_] for id_ in kept if id_ in self._rows}
            self._retold = {id_: at for id_, at in self._retold.items() if id_ in self._rows}
        if unknown:
            found = connection.execute(
                f"SELECT {RETOLD}, {self._read} FROM {self._present} "
                "WHERE id IN (SELECT unnest(?))",
                [unknown],
            ).fetchall()
            for retold, *values in found:
                row = dict(zip(self._names, values, strict=True))
                for name, decode in self._decoders:
                    if row[name] is not None:
                        row[name] = decode(row[name])
                self._rows[row["id"]] = row
                if retold != NEVER:
                    self._retold[row["id"]] = retold
        return self._rows

    def _save(self, connection: DuckDBPyConnection, rows: dict[str, Row], folded: Folded) -> None:
        past: list[tuple[Row, Row]] = []
        latest: dict[str, Row] = {}
        self._mark_retold(connection, folded)
        for row in folded.versions:
            before = latest.get(row["id"]) or rows.get(row["id"])
            if before is not None:
                past.append((before, row))
            latest[row["id"]] = row
        short: list[tuple[Row, Row]] = []
        long: list[tuple[Row, Row]] = []
        parted, lists = self.elements.part(connection, [before for before, _ in past])
        for (before, row), rest in zip(past, parted, strict=True):
            (short if rest is before else long).append((rest, row))
        ended = [(self._past, self._ended(short)), (self._long, self._ended(long))]
        present = self._table(list(latest.values()))
        revised = self._table([row for _, row in folded.revised])
        for table, versions in ended:
            if len(versions):
                insert(connection, table, versions, self._from)
        self.elements.keep(connection, lists)
        if latest:
            self._made = None if self._unsaved else present
            self._replaced |= latest.keys() & rows.keys()
            self._unsaved |= latest
            self._rows |= latest
        if folded.revised:
            told = [told for told, _ in folded.revised]
            for field, values in zip(_TOLD, (told, range(len(told))), strict=True):
                revised = revised.append_column(field, pa.array(values, field.type))
            insert(connection, self._revised, revised, self._from)
        self.aside.keep(connection, folded)

    def _mark_retold(self, connection: DuckDBPyConnection, folded: Folded) -> None:
        """Note of which records something was told late for the first time, in all their versions.

        Their present rows are written anew in any case.
        """
        came: dict[str, int] = {}
        for told, row in folded.revised:
            if row["id"] not in self._retold:
                came.setdefault(row["id"], told)
        if not came:
            return
        self._retold |= came
        marks = pa.table([[*came], [*came.values()]], ["id", "at"])  # noqa: F841 (DuckDB finds it)
        for table in (self._past, *([self._long] if self.elements.columns else [])):
            connection.execute(
                f"UPDATE {table} AS version SET {RETOLD} = marks.at FROM marks "
                "WHERE version.id = marks.id"
            )

    def _save_present(self, connection: DuckDBPyConnection) -> None:
        if self._replaced:
            connection.execute(
                f"DELETE FROM {self._present} WHERE id IN (SELECT unnest(?))",
                [list(self._replaced)],
            )
        if self._unsaved:
            made = self._table(list(self._unsaved.values())) if self._made is None else self._made
            insert(connection, self._present, made, self._from)
        self._unsaved.clear()
        self._replaced.clear()

    def _ended(self, past: list[tuple[Row, Row]]) -> pa.Table:
        """Return versions that are past with when their successors came."""
        ended = self._table([before for before, _ in past])
        for field, name in zip(_TO, ("position", "changed_at", "in_force"), strict=True):
            ended = ended.append_column(field, pa.array([row[name] for _, row in past], field.type))
        return ended

    def _table(self, rows: list[Row]) -> pa.Table:
        # Row by row: going through all rows for each column misses the processor's cache.
        columns: list[Any] = list(zip(*map(self._values, rows), strict=True))
        arrays = []
        fields = list(self._schema)[: len(self._names)]
        for values, field in zip(columns or [()] * len(fields), fields, strict=True):
            encode = self._encoders.get(field.name)
            arrays.append(pa.array(encode(values) if encode else values, field.type))
        beside = [[self._retold.get(row["id"], NEVER) for row in rows]]
        if self.model.search:
            beside.append([signature(row["search"]) for row in rows])
        arrays += [pa.array(values, pa.int64()) for values in beside]
        return pa.table(arrays, schema=self._schema)
