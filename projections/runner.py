"""The projector: applies events to the row tables, rows and position in one transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from domain.kernel import Recorded
from projections import parking, tables
from projections.faults import database_failed
from projections.kernel import Folded, Histories, Parked, ReadModel, Row, Waiting, fold, read_models
from projections.store import RowStore, as_one_of, one_of
from projections.tables import parked, positions, reached, upsert

JOURNAL = "journal"
"""The source that carries the events of all aggregates."""

_POLL = 0.02
_LOCK = 0x6B65796C  # one number for all who write rows or swap their tables


class Projector:
    """Keeps the rows of read models; several may run at once, each on streams of its own.

    Deliveries may repeat and come out of order. An event that cannot be applied is parked with
    those behind it in its stream; the other streams go on.
    """

    def __init__(
        self,
        engine: sa.Engine,
        models: Mapping[str, ReadModel] | None = None,
        histories: Histories | None = None,
    ) -> None:
        """Work on a row database, on all read models or those given.

        `histories` gives the history of a record of which something comes late. Without it such
        an event is parked, unless the whole history comes along.
        """
        self._histories = histories
        self.engine = engine.execution_options(writes=True)
        self.models = read_models() if models is None else models
        self._stores = {
            name: RowStore(model.table, engine.dialect) for name, model in self.models.items()
        }
        mark = "%s" if engine.dialect.name == "postgresql" else "?"
        some = one_of(engine.dialect)
        self._find_parked = f"SELECT event FROM parked WHERE model = {mark} AND stream {some}"
        self._move_on = (
            f"UPDATE positions SET position = {mark} WHERE position < {mark}"
            f" AND source = {mark} AND model {some}"
        )
        self._applied = threading.Condition()
        self._waiting_for_rows = 0

    def create(self, sources: Iterable[str] = (JOURNAL,)) -> None:
        """Make the tables that are not there yet, and expect events from these sources.

        A source is `journal`, with all events, or `<aggregate>/<partition>`. What is known of
        other sources is forgotten: `position` is the least over those named here.
        """
        sources = list(sources)
        with self.engine.begin() as connection:
            swap_lock(connection)
            tables.books.create_all(connection)
            for model in self.models.values():
                tables.create(connection, model)
                mine = [source for source in sources if _feeds(source, model)]
                of_model = positions.c.model == model.name
                connection.execute(
                    positions.delete().where(of_model, positions.c.source.not_in(mine))
                )
                known = connection.scalars(sa.select(positions.c.source).where(of_model)).all()
                new = [source for source in mine if source not in known]
                if new:
                    connection.execute(
                        positions.insert(),
                        [{"model": model.name, "source": each, "position": 0} for each in new],
                    )

    def position(self) -> int:
        """Return the position up to which all events are in the rows, parked ones aside."""
        with self.engine.execution_options(writes=False).connect() as connection:
            return reached(connection, self.models)[0]

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until the rows have come to a position; `False` after `timeout` seconds.

        What this process applies wakes it at once, what others apply is seen 20 ms later.
        """
        deadline = time.monotonic() + timeout
        with self._applied:
            self._waiting_for_rows += 1
            self._applied.notify_all()
            try:
                while self.position() < position:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return False
                    self._applied.wait(min(left, _POLL))
            finally:
                self._waiting_for_rows -= 1
        return True

    def gather(self, seconds: float) -> None:
        """Let events gather for so long, unless somebody waits for the rows: many cost less."""
        with self._applied:
            self._applied.wait_for(lambda: self._waiting_for_rows > 0, seconds)

    def apply(
        self, events: Sequence[Recorded], position: int | None = None, source: str = JOURNAL
    ) -> None:
        """Bring events into the rows and move the position of their source, all or nothing.

        Args:
            events: From one source, possibly repeated or out of order.
            position: All events of the source up to here have been delivered; by default the
                position of the last event.
            source: Where the events come from.
        """
        if position is None:
            if not events:
                return
            position = events[-1].position
        self.apply_many(events, {source: position})

    def apply_many(self, events: Sequence[Recorded], reached: Mapping[str, int]) -> None:
        """Bring events of several sources into the rows and move their positions, all or nothing.

        Args:
            events: Possibly repeated or out of order; an aggregate's come from its own sources.
            reached: For each source, the position up to which all its events were delivered.
        """
        try:
            with self.engine.begin() as connection:
                share_lock(connection)
                for model in self._fed_by(reached):
                    self._apply(connection, model, events)
                self._move(connection, reached)
        except Exception as error:
            if database_failed(error):
                raise
            self._apply_apart(events, reached)
        with self._applied:
            self._applied.notify_all()

    def parked(self) -> list[sa.Row[Any]]:
        """Return the parked events: model, stream, version, position, event, error, parked_at."""
        query = sa.select(parked).order_by(parked.c.model, parked.c.stream, parked.c.version)
        with self.engine.execution_options(writes=False).connect() as connection:
            return list(connection.execute(query).all())

    def retry(self, model: str, stream: str) -> int:
        """Apply the parked events of a stream again; returns how many are still parked."""
        return self._again(self.models[model], stream, skip=False)

    def skip(self, model: str, stream: str) -> int:
        """Pass over the parked event whose turn it is, and apply those behind it.

        The row keeps what that event would have changed. Returns how many are still parked.
        """
        return self._again(self.models[model], stream, skip=True)

    def _again(self, model: ReadModel, stream: str, *, skip: bool) -> int:
        with self.engine.begin() as connection:
            share_lock(connection)
            waiting = self._waiting(connection, model, [stream])
            queue = waiting.get(stream, {})
            rows = self._stores[model.name].load(connection, [stream])
            row = rows.get(stream, model.blank)
            following = queue.get(row["version"] + 1)
            passed = Folded()
            if skip and following is not None:
                rows[stream] = model.advance(dict(row), following)
                passed = Folded(rows=rows, healed=[following])
            events = [queue[version] for version in sorted(queue)]
            folded = self._fold(model, rows, events, waiting)
            folded.rows = passed.rows | folded.rows
            folded.healed += passed.healed
            self._save(connection, model, folded)
            count = sa.select(sa.func.count()).where(
                parked.c.model == model.name, parked.c.stream == stream
            )
            return connection.scalar(count) or 0

    def _fold(
        self,
        model: ReadModel,
        rows: Mapping[str, Row],
        events: Sequence[Recorded],
        waiting: Waiting,
    ) -> Folded:
        return fold(model, rows, events, waiting, keep_versions=False, histories=self._histories)

    def _fed_by(self, sources: Iterable[str]) -> list[ReadModel]:
        models = self.models.values()
        return [model for model in models if any(_feeds(source, model) for source in sources)]

    def _apply(
        self, connection: sa.Connection, model: ReadModel, events: Iterable[Recorded]
    ) -> None:
        mine = [event for event in events if model.folds[event.type] is not None]
        if not mine:
            return
        streams = sorted({event.stream for event in mine})
        rows = self._stores[model.name].load(connection, streams)
        waiting = self._waiting(connection, model, streams)
        self._save(connection, model, self._fold(model, rows, mine, waiting))

    def _apply_apart(self, events: Sequence[Recorded], reached: Mapping[str, int]) -> None:
        """Apply each stream by itself: one holds something that the database does not take."""
        streams: dict[str, list[Recorded]] = {}
        for event in events:
            streams.setdefault(event.stream, []).append(event)
        with self.engine.begin() as connection:
            share_lock(connection)
            for model in self._fed_by(reached):
                for _, mine in sorted(streams.items()):
                    try:
                        with connection.begin_nested():
                            self._apply(connection, model, mine)
                    except Exception as error:
                        reason = f"{type(error).__name__}: {error}"
                        park(connection, model.name, [Parked(event, reason) for event in mine])
            self._move(connection, reached)

    def _save(self, connection: sa.Connection, model: ReadModel, folded: Folded) -> None:
        self._stores[model.name].save(connection, folded.rows.values())
        if folded.parked:
            park(connection, model.name, folded.parked.values())
        for event in folded.healed:
            connection.execute(
                parked.delete().where(
                    parked.c.model == model.name,
                    parked.c.stream == event.stream,
                    parked.c.version == event.version,
                )
            )

    def _waiting(
        self, connection: sa.Connection, model: ReadModel, streams: Sequence[str]
    ) -> Waiting:
        waiting: Waiting = {}
        wanted = (model.name, as_one_of(connection.dialect, streams))
        for (text,) in connection.exec_driver_sql(self._find_parked, wanted):
            event = parking.read(text)
            waiting.setdefault(event.stream, {})[event.version] = event
        return waiting

    def _move(self, connection: sa.Connection, reached: Mapping[str, int]) -> None:
        names = as_one_of(connection.dialect, self.models)
        # Always in the same order, so that two projectors never wait for each other.
        moves = [
            (position, position, source, names) for source, position in sorted(reached.items())
        ]
        connection.exec_driver_sql(self._move_on, moves)


def park(connection: sa.Connection, model: str, found: Iterable[Parked]) -> None:
    """Put events aside with the reason why they could not be applied."""
    now = datetime.now(UTC)
    connection.execute(
        upsert(parked, connection.dialect.name),
        [
            {
                "model": model,
                "stream": each.event.stream,
                "version": each.event.version,
                "position": each.event.position,
                "event": parking.written(each.event),
                "error": each.error.replace("\x00", "")[:2000],
                "parked_at": now,
            }
            for each in found
        ],
    )


def share_lock(connection: sa.Connection) -> None:
    """Keep tables from being swapped until the transaction ends. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock_shared(%s)", (_LOCK,))


def swap_lock(connection: sa.Connection) -> None:
    """Keep everyone else from writing rows until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def _feeds(source: str, model: ReadModel) -> bool:
    return source == JOURNAL or source.partition("/")[0] == model.aggregate
