"""The projector: applies events to the row tables, rows and position in one transaction."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from projections.kernel import parking_lot as parking
from projections.kernel.fold import again
from projections.kernel.parking_lot import Lot, in_rows
from projections.kernel.read_model import Histories, ReadModel, fold, read_models
from projections.kernel.rows import tables
from projections.kernel.rows.faults import database_failed
from projections.kernel.rows.locks import share_lock, swap_lock
from projections.kernel.rows.store import RowStore, as_one_of, one_of
from projections.kernel.rows.summarising import Touched, bring_up
from projections.kernel.rows.tables import positions, reached
from projections.kernel.summary import kept_with

JOURNAL = "journal"
"""The source that carries the events of all aggregates."""

_POLL = 0.02


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
        self._summaries = kept_with(self.models)
        mark = "%s" if engine.dialect.name == "postgresql" else "?"
        some = one_of(engine.dialect)
        self._move_on = (
            f"UPDATE positions SET position = {mark} WHERE position < {mark}"
            f" AND source = {mark} AND model {some}"
        )
        self._applied = threading.Condition()
        self._wanted = self._done = 0
        self.asks: Callable[[int], None] = lambda _: None
        """Is told for which position somebody waits, where another process applies the events."""

    def create(self, sources: Iterable[str] = (JOURNAL,)) -> None:
        """Make the tables that are not there yet, and expect events from these sources.

        A source is `journal`, with all events, or `<aggregate>/<partition>`. What is known of
        other sources is forgotten: `position` is the least over those named here.
        """
        sources = list(sources)
        with self.engine.begin() as connection:
            swap_lock(connection)
            tables.create_books(connection)
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
            for summary in self._summaries:
                if tables.create(connection, summary) and reached(connection, summary.of)[1]:
                    tables.forget_fingerprint(connection, summary)  # its rows are to be made yet

    def position(self) -> int:
        """Return the position up to which all events are in the rows, parked ones aside."""
        with self.engine.execution_options(writes=False).connect() as connection:
            return reached(connection, self.models)[0]

    def wait(self, position: int, timeout: float) -> bool:
        """Wait until the rows have come to a position; `False` after `timeout` seconds.

        What this process applies or hears of wakes it at once, what others apply is seen 20 ms
        later.
        """
        deadline = time.monotonic() + timeout
        self.want(position)
        with self._applied:
            while self.position() < position:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._applied.wait(min(left, _POLL))
        return True

    def want(self, position: int) -> None:
        """Note that somebody waits for a position, so that it is not let gather."""
        if position > self._wanted:
            with self._applied:
                self._wanted = max(position, self._wanted)
                self._applied.notify_all()
            self.asks(position)

    def heard(self) -> None:
        """Note that another process has applied events, and wake those who wait for them."""
        with self._applied:
            self._applied.notify_all()

    def gather(self, seconds: float) -> None:
        """Let events gather for so long, unless somebody waits for the rows: many cost less."""
        with self._applied:
            self._applied.wait_for(lambda: self._wanted > self._done, seconds)

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
            self._apply_all(events, reached, tried=False)
        except Exception as error:
            if database_failed(error):
                raise
            self._apply_all(events, reached, tried=True)
        with self._applied:
            self._done = max([self._done, *reached.values()])
            self._applied.notify_all()

    def parked(self) -> list[dict[str, Any]]:
        """Return the parked events, those of policies too, as `parking_lot.listed` does."""
        return self._listed(passed=False)

    def passed_over(self) -> list[dict[str, Any]]:
        """Return the events that are passed over, as `parking_lot.listed` does."""
        return self._listed(passed=True)

    def retry(self, model: str, stream: str) -> int:
        """Apply the parked events of a stream again; returns how many are still parked.

        What was decided about it is taken back: its row is folded anew, as if no event had been
        passed over. Raises `OutOfTurn` when its history is not to be had for that.
        """
        of_model = self.models[model]
        with self.engine.begin() as connection:
            swap_lock(connection)  # nobody is to build on a row that may go back
            touched = self._touched()
            apply = partial(self._apply, connection, of_model, touched=touched, tried=True)
            anew = partial(self._anew, connection, of_model, touched)
            left = parking.retry(Lot(in_rows(connection), model), stream, apply, anew)
            bring_up(connection, touched, gone=True)
            return left

    def skip(self, model: str, stream: str) -> int:
        """Pass over the parked event whose turn it is, and apply those behind it.

        It is tried first. The row goes on without what that event would have changed, after each
        rebuild too, until a retry. Returns how many are still parked.
        """
        of_model = self.models[model]
        with self.engine.begin() as connection:
            swap_lock(connection)
            touched = self._touched()
            apply = partial(self._apply, connection, of_model, touched=touched, tried=True)
            turn = partial(self._turn, connection, of_model)
            left = parking.skip(Lot(in_rows(connection), model), stream, apply, turn)
            bring_up(connection, touched, gone=True)
            return left

    def _listed(self, *, passed: bool) -> list[dict[str, Any]]:
        with self.engine.execution_options(writes=False).connect() as connection:
            return parking.listed(in_rows(connection), passed=passed)

    def _touched(self) -> Touched:
        return Touched({each: set[str]() for each in self._summaries})

    def _turn(self, connection: sa.Connection, model: ReadModel, stream: str) -> int:
        rows = self._stores[model.name].load(connection, [stream])
        version: int = rows.get(stream, model.blank)["version"]
        return version + 1

    def _anew(
        self, connection: sa.Connection, model: ReadModel, touched: Touched, stream: str
    ) -> None:
        """Fold the row of a stream from its beginning; what cannot be folded is parked."""
        lot = Lot(in_rows(connection), model.name)
        row = self._stores[model.name].load(connection, [stream]).get(stream)
        history = again(self._histories, stream, row, lot.queue(stream))
        lot.forget(stream)
        tables.remove_row(connection, model, model.table, stream)
        touched.rows(model, [] if row is None else [row])
        self._apply(connection, model, history, touched, tried=True)

    def _fed_by(self, sources: Iterable[str]) -> list[ReadModel]:
        models = self.models.values()
        return [model for model in models if any(_feeds(source, model) for source in sources)]

    def _apply_all(
        self, events: Sequence[Recorded], reached: Mapping[str, int], *, tried: bool
    ) -> None:
        with self.engine.begin() as connection:
            share_lock(connection)
            touched = self._touched()
            for model in self._fed_by(reached):
                self._apply(connection, model, events, touched, tried=tried)
            bring_up(connection, touched)
            self._move(connection, reached)

    def _apply(
        self,
        connection: sa.Connection,
        model: ReadModel,
        events: Iterable[Recorded],
        touched: Touched,
        *,
        tried: bool = False,
    ) -> None:
        """Bring events into the rows of a model; `tried`: what the database refuses is parked."""
        mine = [event for event in events if model.folds[event.type] is not None]
        if not mine:
            return
        store, lot = self._stores[model.name], Lot(in_rows(connection), model.name)
        streams = sorted({event.stream for event in mine})
        before = store.load(connection, streams)
        folded = fold(
            model,
            before,
            mine,
            lot.waiting(streams),
            keep_versions=touched.concerns(model),
            histories=self._histories,
            passes=lot.passes,
            check=store.trial(connection) if tried else None,
        )
        store.save(connection, folded.rows.values())
        touched.folded(model, before, folded)
        lot.park(folded.parked.values())
        lot.unpark(folded.healed)

    def _move(self, connection: sa.Connection, reached: Mapping[str, int]) -> None:
        names = as_one_of(connection.dialect, self.models)
        # Always in the same order, so that two projectors never wait for each other.
        moves = [
            (position, position, source, names) for source, position in sorted(reached.items())
        ]
        connection.exec_driver_sql(self._move_on, moves)


def _feeds(source: str, model: ReadModel) -> bool:
    return source == JOURNAL or source.partition("/")[0] == model.aggregate
