"""Row histories: every version of every row of a read model, with when and how long it was true."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection

from domain.kernel import Recorded
from projections import parking
from projections.arrow import stored
from projections.facts import insert, quote
from projections.kernel import Folded, Histories, Parked, ReadModel, Row, Waiting, fold

KEPT = 20_000
"""How many current rows of a model are kept in memory for the folds to come."""

_PARKED = pa.schema(
    [
        ("model", pa.string()),
        ("stream", pa.string()),
        ("version", pa.int64()),
        ("position", pa.int64()),
        ("event", pa.string()),
        ("error", pa.string()),
    ]
)
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

PARKING = (
    "CREATE TABLE IF NOT EXISTS store.parked (model VARCHAR, stream VARCHAR, version BIGINT, "
    "position BIGINT, event VARCHAR, error VARCHAR); "
    "CREATE TABLE IF NOT EXISTS store.healed (position BIGINT)"
)
"""The SQL that makes the tables of the events that could not be applied yet, and of the positions
of those that could later on: behind them, what was known to be complete has changed."""


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
        self._parking = True

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
        streams = list(dict.fromkeys(event.stream for event in events))
        rows = self._current(connection, streams)
        waiting = self._waiting(connection, streams)
        folded = fold(self.model, rows, events, waiting, histories=self._histories)
        try:
            self._save(connection, rows, folded)
        except (pa.ArrowException, TypeError, ValueError):
            self._save(connection, rows, self._storable(rows, events, waiting))

    def forget(self) -> None:
        """Forget what is in memory: the transaction that it belonged to was undone."""
        self._rows.clear()
        self._parking = True

    def retry(self, connection: DuckDBPyConnection) -> None:
        """Apply the parked events again, those of each stream in turn."""
        query = "SELECT DISTINCT stream FROM store.parked WHERE model = ?"
        found = connection.execute(query, [self.model.name]).fetchall()
        queues = self._waiting(connection, [stream for (stream,) in found]) or {}
        events = [queue[version] for queue in queues.values() for version in sorted(queue)]
        self.load(connection, events)

    def skip(self, connection: DuckDBPyConnection, stream: str) -> None:
        """Pass over the parked event whose turn it is in a stream, and apply those behind it."""
        queue = (self._waiting(connection, [stream]) or {}).get(stream, {})
        rows = self._current(connection, [stream])
        row = rows.get(stream, self.model.blank)
        if following := queue.get(row["version"] + 1):
            after = self.model.advance(dict(row), following)
            self._save(connection, rows, Folded(versions=[after], healed=[following]))
        self.load(connection, [queue[version] for version in sorted(queue)])

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

    def _waiting(self, connection: DuckDBPyConnection, streams: list[str]) -> Waiting | None:
        if not self._parking:
            return None
        query = "SELECT stream, event FROM store.parked WHERE model = ?"
        found = connection.execute(query, [self.model.name]).fetchall()
        self._parking = bool(found)
        wanted = set(streams)
        waiting: Waiting = {}
        for text in (text for stream, text in found if stream in wanted):
            event = parking.read(text)
            waiting.setdefault(event.stream, {})[event.version] = event
        return waiting or None

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
            revised = self._table([row for _, row in folded.revised])
            told = [told for told, _ in folded.revised]
            for field, values in zip(_TOLD, (told, range(len(told))), strict=True):
                revised = revised.append_column(field, pa.array(values, field.type))
            insert(connection, self._revised, revised)
        self._park(connection, folded)

    def _table(self, rows: list[Row]) -> pa.Table:
        # Row by row: going through all rows for each column misses the processor's cache.
        columns: list[Any] = list(zip(*map(self._values, rows), strict=True))
        arrays = []
        for values, field in zip(columns or [()] * len(self._names), self._schema, strict=True):
            encode = self._encoders.get(field.name)
            arrays.append(pa.array(encode(values) if encode else values, field.type))
        return pa.table(arrays, schema=self._schema)

    def _storable(
        self, rows: dict[str, Row], events: Sequence[Recorded], waiting: Waiting | None
    ) -> Folded:
        """Fold stream by stream, parking those that hold something no column takes."""
        queues: dict[str, list[Recorded]] = {}
        for event in events:
            queues.setdefault(event.stream, []).append(event)
        whole = Folded()
        for queue in queues.values():
            folded = fold(self.model, rows, queue, waiting, histories=self._histories)
            try:
                self._table([*folded.versions, *(row for _, row in folded.revised)])
            except (pa.ArrowException, TypeError, ValueError) as error:
                reason = f"{type(error).__name__}: {error}"
                folded = Folded(
                    parked={(each.stream, each.version): Parked(each, reason) for each in queue}
                )
            whole.versions += folded.versions
            whole.revised += folded.revised
            whole.parked |= folded.parked
            whole.healed += folded.healed
        return whole

    def _park(self, connection: DuckDBPyConnection, folded: Folded) -> None:
        parked = [each.event for each in folded.parked.values()]
        gone = [(event.stream, event.version) for event in [*folded.healed, *parked]]
        for stream, version in gone:
            connection.execute(
                "DELETE FROM store.parked WHERE model = ? AND stream = ? AND version = ?",
                [self.model.name, stream, version],
            )
        if folded.healed:
            positions = pa.array([event.position for event in folded.healed], pa.int64())
            insert(connection, "store.healed", pa.table({"position": positions}))
        if parked:
            self._parking = True
            columns = zip(
                *(
                    (
                        self.model.name,
                        each.event.stream,
                        each.event.version,
                        each.event.position,
                        parking.written(each.event),
                        each.error[:2000],
                    )
                    for each in folded.parked.values()
                ),
                strict=True,
            )
            insert(connection, "store.parked", pa.table(list(map(pa.array, columns)), _PARKED))
