"""Transactions of the journal: many units of work, each all-or-nothing, in one commit."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy as sa

from adapters.journal.aggregate_cache import Cache
from adapters.journal.operation_entries import Operated
from adapters.journal.running_tallies import Tallies
from adapters.journal.unique_claims import Claims, holds
from adapters.privacy.field_encryption import Sealing
from adapters.privacy.person_keys import PersonKeys
from adapters.proofs.merkle_store import grown, settle
from adapters.storage.databases import IN_ONE_QUERY, in_parts, insert_rows
from adapters.storage.instants import instant
from adapters.storage.journal_tables import events, head, operations
from domain.kernel.aggregate import Aggregate, Origin, Stored, to_stored
from domain.kernel.time.replay import LateFact, evolve, taken

_HISTORIES = (
    sa.select(
        *(events.c[name] for name in ("stream", "version", "type", "schema", "time_us", "data"))
    )
    .where(
        events.c.stream.in_(sa.bindparam("streams", expanding=True)),
        events.c.version > sa.bindparam("after"),
    )
    .order_by(events.c.stream, events.c.version)
)

# The time is read behind the lock. In the SELECT that locks, it would be that before the wait.
_LOCKED = sa.select(head).with_for_update().cte("locked")
_SECONDS = sa.extract("epoch", sa.func.clock_timestamp())
_LOCKED_AND_TIME = sa.select(_LOCKED, sa.cast(_SECONDS * 1_000_000, sa.BigInteger).label("clock"))


class Conflict(Exception):
    """An append expected another version of the stream than the one it has."""


class Transaction:
    """One commit in the making, under the head lock: what it reads is the latest there is.

    Units of work follow one another; each begins with `begin_unit` and, when it fails, is taken
    back with `undo_unit`, which leaves its neighbours as they are. Nothing is sent to the
    database before `flush`.
    """

    def __init__(
        self,
        connection: sa.Connection,
        cache: Cache,
        lock: bool = True,
        keys: PersonKeys | None = None,
    ) -> None:
        """Take the head lock and bring the cache up to what other processes have written.

        Without the keys of persons nothing personal can be appended.
        Without the lock others go on writing; such a transaction must never be flushed.
        """
        self.connection = connection
        self.cache = cache
        self._sealing = Sealing(keys)
        # Who writes to PostgreSQL may be on several machines: they go by its clock, not by theirs.
        shared = lock and connection.dialect.name == "postgresql"
        row = connection.execute(_LOCKED_AND_TIME if shared else sa.select(head)).one()
        self._head = row
        self.position: int = row.position
        clock: int = row.clock if shared else time.time_ns() // 1000
        self.time_us: int = max(clock, row.time_us + 1)
        if cache.position != self.position:
            self._catch_up()
        self.appended: list[tuple[Any, ...]] = []
        """The events of this transaction, as rows of their table; not yet in the database."""
        self.kinds: set[str] = set()
        """The kinds of the records that have events among them, or had before they were undone."""
        self.operations = Operated(connection, row.operation, self.time_us)
        self._versions: dict[str, int] = {}
        self._claims = Claims(connection, cache)
        self.tallies = Tallies(connection)
        self._absent: set[str] = set()
        self._touched: set[str] = set()
        self.begin_unit()

    def _catch_up(self) -> None:
        changed = sa.select(events.c.stream).where(events.c.position > self.cache.position)
        behind = self.position - self.cache.position
        if not 0 <= behind <= self.cache.size:  # below 0: the database was restored
            self.cache.clear()
        else:
            self.cache.outdate(self.connection.scalars(changed.distinct()))
        self.cache.position = self.position

    def begin_unit(self) -> None:
        """Begin the next unit of work."""
        self._mark = (len(self.appended), self.position)
        self._claims.begin_unit()
        self.tallies.begin_unit()
        self._sealing.begin_unit()
        self._unit_versions: dict[str, int] = {}
        self._touched = set()

    def undo_unit(self) -> None:
        """Take back everything that the current unit of work did."""
        n_events, self.position = self._mark
        del self.appended[n_events:]
        self.operations.undo_unit()
        self._sealing.undo_unit()
        # Only what the unit changed is spoilt; a record that it merely read is kept.
        self.cache.drop(
            stream
            for stream in self._touched
            if stream in self._unit_versions
            or ((record := self.cache.get(stream)) is not None and record.pending_events)
        )
        self.begin_unit()

    def end_unit(self) -> None:
        """Keep what the current unit of work did."""
        self._claims.end_unit()
        self.tallies.end_unit()
        self._versions |= self._unit_versions
        self.operations.end_unit()

    def load(self, stream: str) -> Aggregate | None:
        """Return the record with this id as it is now, or `None`.

        Raises what its replay raises when the record has an event that cannot be applied.
        """
        self._touched.add(stream)
        if self.cache.get(stream) is None and stream not in self._absent:
            self._restore(stream, self._histories([stream]))
        return self.cache.get(stream)

    def prefetch(self, streams: Iterable[str], codes: Iterable[tuple[str, str]] = ()) -> None:
        """Read all these records that are not in the cache, in as few queries as may be.

        `codes` are those named otherwise than by id: the rule that guards the code, the code.
        """
        both = dict.fromkeys([*streams, *self._claims.prefetch(codes)])
        wanted = [s for s in both if s and self.cache.get(s) is None]
        for part in in_parts(wanted, min(IN_ONE_QUERY, self.cache.size)):
            histories = self._histories(part)
            for stream in part:
                # A record that cannot be replayed is the trouble of those who load it.
                with suppress(Exception):
                    self._restore(stream, histories)

    def _restore(self, stream: str, histories: Mapping[str, list[Any]]) -> None:
        """Make a record from its history, or bring the one in the cache forward."""
        aggregate = self.cache.outdated(stream)
        self.cache.drop([stream])
        try:
            aggregate = evolve(aggregate, histories.get(stream, ()))
        except LateFact:
            aggregate = evolve(None, self.history(stream))
        if aggregate is None:
            self._absent.add(stream)
        else:
            self.cache.put(aggregate)

    def history(self, stream: str) -> list[Any]:
        """Return all stored events of a record, unless the cache has it as others have left it."""
        return self._histories([stream])[stream]

    def _histories(self, streams: Sequence[str]) -> Mapping[str, list[Any]]:
        """Return the stored events of records, those after what the cache has of them."""
        after = {s: r.version for s in streams if (r := self.cache.outdated(s)) is not None}
        whole = [stream for stream in streams if stream not in after]
        rows: list[Any] = list(self.connection.execute(_HISTORIES, {"streams": whole, "after": 0}))
        for stream, version in after.items():
            rows += self.connection.execute(_HISTORIES, {"streams": [stream], "after": version})
        for _, stream, version, type_, schema, time_us, *_, data, _, _ in self.appended:
            if stream in streams and version > after.get(stream, 0):  # not yet in the database
                rows.append((stream, version, type_, schema, time_us, data))
        opened = self._sealing.texts((row[0], row[2], row[5]) for row in rows)
        histories = defaultdict(list)
        for (stream, version, type_, schema, time_us, _), data in zip(rows, opened, strict=True):
            histories[stream].append((stream, version, type_, schema, instant(time_us), data))
        return histories

    def existing(self, streams: Collection[str], kind: str) -> set[str]:
        """Return those of the ids that name a record of this kind, without reading it."""
        found: set[str] = set()
        for part in in_parts(list(streams)):
            query = sa.select(events.c.stream).where(
                events.c.stream.in_(part),
                events.c.version == 1,
                events.c.type.startswith(f"{kind}.", autoescape=True),
            )
            found.update(self.connection.scalars(query))
        for _, stream, version, type_, *_ in self.appended:
            if version == 1 and stream in streams and type_.startswith(f"{kind}."):
                found.add(stream)
        return found

    def save(self, aggregate: Aggregate, origin: Origin) -> int:
        """Append the pending facts of a record that this transaction loaded or made.

        Returns the position of the last of them, or the present one when there are none.
        """
        self._touched.add(aggregate.id)
        facts = [to_stored(fact) for fact in taken(aggregate, instant(self.time_us))]
        if facts:
            self._unit_versions[aggregate.id] = facts[0].version - 1
            self.append(facts, origin)
        self.cache.put(aggregate)
        self._absent.discard(aggregate.id)
        return self.position

    def append(self, facts: Sequence[Stored], origin: Origin) -> None:
        """Append facts, each expecting its stream to be one version behind it.

        Raises `Conflict` when a stream is not.
        """
        for fact in facts:
            if self._version(fact.stream) != fact.version - 1:
                raise Conflict(f"{fact.stream} is not at version {fact.version - 1}")
            self._unit_versions[fact.stream] = fact.version
            self.kinds.add(fact.type.partition(".")[0])
            self.position += 1
            row = (
                self.position,
                fact.stream,
                fact.version,
                fact.type,
                fact.schema,
                self.time_us,
                origin.actor,
                origin.unit,
                origin.command_id,
                origin.on_behalf_of,
                origin.cause,
                self._sealing.sealed(fact),
                None if origin.on_behalf_of is None else origin.on_behalf_kind,
                origin.actor_kind,
            )
            self.appended.append(row)

    def _version(self, stream: str) -> int:
        for known in (self._unit_versions, self._versions):
            if stream in known:
                return known[stream]
        if (aggregate := self.cache.get(stream)) is not None:
            return aggregate.version
        if stream in self._absent:
            return 0
        query = sa.select(sa.func.max(events.c.version)).where(events.c.stream == stream)
        return self.connection.scalar(query) or 0

    def person(self, person: str) -> tuple[str, ...]:
        """Return what is known of a person outside the staff: `IN_USE`, `ERASED`, or nothing."""
        return self._sealing.known(person)

    def holder(self, rule: str, value: str) -> str | None:
        """Return the id of the record that holds a claim, or `None`."""
        return self._claims.holder((rule, value))

    def holders_ever(self, rule: str, value: str) -> set[str]:
        """Return the ids of the record that holds a claim and of those that held it before."""
        return self._claims.former((rule, value)) | {*filter(None, [self.holder(rule, value)])}

    def claim(self, rule: str, value: str, stream: str) -> None:
        """Give a claim to a record."""
        self._claims.change((rule, value), stream)

    def release(self, rule: str, value: str, stream: str) -> None:
        """Note that a record held a claim once; it need not have it now."""
        self._claims.release((rule, value), stream)

    def bearer(self, rule: str, code: str) -> Aggregate | None:
        """Return the record that claims a code under a rule, or `None`."""
        likely = self._claims.likely((rule, code))
        record = None if likely is None else self.load(likely)
        if record is None or not holds(record, (rule, code)):
            holder = self.holder(rule, code)
            record = None if holder is None else self.load(holder)
        return record

    def holders(self, rule: str, values: Sequence[str]) -> Iterator[tuple[int, Aggregate]]:
        """Yield the records that hold some of these claims, each with the place of its value."""
        self._claims.read((rule, value) for value in values)
        for i, value in enumerate(values):
            if (stream := self.holder(rule, value)) and (record := self.load(stream)) is not None:
                yield i, record

    def flush(self) -> int:
        """Send all units of work to the database. Returns the number of events."""
        self._sealing.keep()
        insert_rows(self.connection, events, self.appended)
        insert_rows(self.connection, operations, self.operations.rows)
        self._claims.flush()
        self.tallies.flush()
        noted = self.operations
        if self.appended or noted.rows:
            at = {"position": self.position, "operation": noted.number, "time_us": self.time_us}
            growth = grown(self.connection, self._head, self.appended, noted.rows)
            settle(self.connection, at, growth)
        return len(self.appended)
