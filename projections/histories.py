"""Row histories: every version of every row of a read model, with when and how long it was true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from domain.kernel import Recorded
from projections.arrow import stored
from projections.aside import Aside
from projections.facts import insert, quote
from projections.folding import whole
from projections.kernel import Check, Folded, Histories, OutOfTurn, ReadModel, Row, fold

KEPT = 20_000
"""How many current rows of a model are kept in memory for the folds to come."""

_TO = pa.schema(
    [
        ("valid_to_position", pa.int64()),
        ("valid_to", pa.timestamp("us", "UTC")),
        ("next_in_force", pa.date32()),
    ]
)
_TOLD = pa.schema([("told", pa.int64()), ("place", pa.int64())])

WHOLE = 2**62
"""The place, among what one event has told, of the row with all that is known."""


class History:
    """The versions of the rows of one read model.

    Kept in three tables: the present versions, of which there is one a row, and the past ones, each
    with the position, the time and the day of its successor, which are only ever added to; and
    the revised ones: how rows were on days of the past, as a late event has told.
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
        self._sql = ", ".join(f"{quote(name)} {sql}" for name, sql, _, _, _ in columns)
        self._schema = pa.schema([(name, arrow) for name, _, arrow, _, _ in columns])
        self._encoders = {name: encode for name, _, _, encode, _ in columns if encode}
        self._decoders = [(name, decode) for name, _, _, _, decode in columns if decode]
        self._rows: dict[str, Row] = {}
        self.aside = Aside(model.name)

    def statements(self) -> Iterator[str]:
        """Yield the SQL that makes the tables not there yet, and what they are read by.

        `history_<model>` has all versions, `<model>_as_of(position)` those true at a position,
        `<model>_true_at(position, day)` those true on a day by what was known at a position.
        """
        model, past, present, revised = self.model.name, self._past, self._present, self._revised
        to = "valid_to_position BIGINT, valid_to TIMESTAMPTZ, next_in_force DATE"
        yield f"CREATE TABLE IF NOT EXISTS {present} ({self._sql})"
        yield f"CREATE TABLE IF NOT EXISTS {past} ({self._sql}, {to})"
        yield f"CREATE TABLE IF NOT EXISTS {revised} ({self._sql}, told BIGINT, place BIGINT)"
        since = "position AS valid_from_position, changed_at AS valid_from"
        yield (
            f"CREATE OR REPLACE VIEW {self.name} AS "
            f"SELECT * EXCLUDE (next_in_force), {since} FROM {past} UNION ALL "
            f"SELECT *, NULL, NULL, {since} FROM {present}"
        )
        was = "* EXCLUDE (valid_to_position, valid_to, next_in_force)"
        yield (
            f"CREATE OR REPLACE MACRO {model}_as_of(point) AS TABLE "
            f"SELECT {was} FROM {past} "
            f"WHERE position <= point AND valid_to_position > point UNION ALL "
            f"SELECT * FROM {present} WHERE position <= point"
        )
        # Of a record that nothing was told late of, versions follow one another by day as well.
        # Of the others, what was told last about the time up to the day is what counts.
        yield (
            f"CREATE OR REPLACE MACRO {model}_true_at(point, day) AS TABLE "
            f"WITH retold AS (SELECT DISTINCT id FROM {revised} WHERE told <= point) "
            f"SELECT {was} FROM {past} ANTI JOIN retold USING (id) "
            f"WHERE position <= point AND in_force <= day "
            f"AND (valid_to_position > point OR next_in_force > day) UNION ALL "
            f"SELECT * FROM {present} ANTI JOIN retold USING (id) "
            f"WHERE position <= point AND in_force <= day UNION ALL "
            f"SELECT * EXCLUDE (told, place) FROM ("
            f"SELECT {was}, position AS told, {WHOLE} AS place FROM {past} "
            f"SEMI JOIN retold USING (id) UNION ALL "
            f"SELECT *, position, {WHOLE} FROM {present} SEMI JOIN retold USING (id) UNION ALL "
            f"SELECT * FROM {revised}) WHERE told <= point AND in_force <= day "
            f"QUALIFY row_number() OVER (PARTITION BY id ORDER BY told DESC, place DESC) = 1"
        )

    def load(self, connection: DuckDBPyConnection, events: Sequence[Recorded]) -> None:
        """Add the versions that events bring about. Repeats change nothing, gaps wait."""
        try:
            self._fold(connection, events)
        except (pa.ArrowException, TypeError, ValueError):
            self._fold(connection, events, check=lambda row: self._table([row]))

    def forget(self) -> None:
        """Forget what is in memory: the transaction that it belonged to was undone."""
        self._rows.clear()
        self.aside.forget()

    def retry(self, connection: DuckDBPyConnection) -> None:
        """Apply the parked events again, those of each stream in turn."""
        queues = self.aside.waiting(connection, self.aside.streams(connection)) or {}
        events = [queue[version] for queue in queues.values() for version in sorted(queue)]
        self.load(connection, events)

    def skip(self, connection: DuckDBPyConnection, stream: str) -> None:
        """Pass over the parked event whose turn it is in a stream, and apply those behind it.

        It is tried first. What was decided stays so, until it is taken back.
        """
        for decide in (False, True):
            queue = (self.aside.waiting(connection, [stream]) or {}).get(stream, {})
            row = self._current(connection, [stream]).get(stream, self.model.blank)
            following = queue.get(row["version"] + 1)
            if decide and following is not None:
                self.aside.pass_over(connection, following)
            self.load(connection, [queue[version] for version in sorted(queue)])

    def fold_anew(self, connection: DuckDBPyConnection, stream: str) -> None:
        """Make the versions of a record from its beginning, with nothing of it aside.

        Raises `OutOfTurn` when its history is not to be had.
        """
        queue = (self.aside.waiting(connection, [stream]) or {}).get(stream, {})
        known = [(each.version, each.position) for each in queue.values()]
        if row := self._current(connection, [stream]).get(stream):
            known.append((row["version"], row["position"]))
        if not known:
            return
        if self._histories is None:
            raise OutOfTurn("no history of it is to be had")
        history = whole(self._histories, stream, *max(known))
        for table in (self._present, self._past, self._revised):
            connection.execute(f"DELETE FROM {table} WHERE id = ?", [stream])
        self._rows.pop(stream, None)
        self.aside.clear(connection, stream)
        self.load(connection, history)

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
            self._rows = {id_: self._rows[id_] for id_ in streams if id_ in self._rows}
        if unknown:
            found = connection.execute(
                f"SELECT * FROM {self._present} WHERE id IN (SELECT unnest(?))", [unknown]
            ).fetchall()
            for values in found:
                row = dict(zip(self._names, values, strict=True))
                for name, decode in self._decoders:
                    if row[name] is not None:
                        row[name] = decode(row[name])
                self._rows[row["id"]] = row
        return self._rows

    def _save(self, connection: DuckDBPyConnection, rows: dict[str, Row], folded: Folded) -> None:
        past: list[tuple[Row, Row]] = []
        latest: dict[str, Row] = {}
        for row in folded.versions:
            before = latest.get(row["id"]) or rows.get(row["id"])
            if before is not None:
                past.append((before, row))
            latest[row["id"]] = row
        ended = self._table([before for before, _ in past])
        for field, name in zip(_TO, ("position", "changed_at", "in_force"), strict=True):
            ended = ended.append_column(field, pa.array([row[name] for _, row in past], field.type))
        present = self._table(list(latest.values()))
        revised = self._table([row for _, row in folded.revised])
        if past:
            replaced = [id_ for id_ in latest if id_ in rows]
            connection.execute(
                f"DELETE FROM {self._present} WHERE id IN (SELECT unnest(?))", [replaced]
            )
            insert(connection, self._past, ended)
        if latest:
            insert(connection, self._present, present)
            self._rows.update(latest)
        if folded.revised:
            told = [told for told, _ in folded.revised]
            for field, values in zip(_TOLD, (told, range(len(told))), strict=True):
                revised = revised.append_column(field, pa.array(values, field.type))
            insert(connection, self._revised, revised)
        self.aside.keep(connection, folded)

    def _table(self, rows: list[Row]) -> pa.Table:
        # Row by row: going through all rows for each column misses the processor's cache.
        columns: list[Any] = list(zip(*map(self._values, rows), strict=True))
        arrays = []
        for values, field in zip(columns or [()] * len(self._names), self._schema, strict=True):
            encode = self._encoders.get(field.name)
            arrays.append(pa.array(encode(values) if encode else values, field.type))
        return pa.table(arrays, schema=self._schema)
