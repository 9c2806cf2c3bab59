"""The past: rules between records hold on the days gone by for which something is stated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from adapters.commands.references import named
from adapters.journal.unit_of_work import Transaction
from adapters.storage.databases import in_parts
from adapters.storage.instants import instant
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import Aggregate, RuleViolation
from domain.kernel.commands import Command
from domain.kernel.envelope import UnreadableEvent
from domain.kernel.time.business_day import recorded_day
from domain.kernel.time.effective_day import as_day, by_day, stated_in
from domain.kernel.time.replay import DAY, read, tell
from domain.kernel.time.retroactive import require_begun
from domain.kernel.types.values import Lineage, Reference

T = TypeVar("T")

Facts = list[Aggregate.Event]


class Held(NamedTuple):
    """What only one record may hold at a time, and from which day until before which it is held."""

    rule: type[RuleViolation]
    value: str
    since: date
    until: date


class Past:
    """Records as they were from a day on, for which something is stated about one of them."""

    def __init__(self, transaction: Transaction, stated: date) -> None:
        """Look back to a day, or a moment, within the transaction in which it is stated."""
        self._transaction = transaction
        self._stated, self._day = stated, as_day(stated)
        self._facts = cache(self._read)
        self._above = cache(self._read_above)

    def _read(self, stream: str) -> Facts:
        """Return the facts of a record in the order in which they are told."""
        self._transaction.load(stream)  # its history is whole once others' events are in
        facts = read(0, self._transaction.history(stream))
        by_their_days = by_day(facts, DAY)
        try:
            tell(None, by_their_days)
        except UnreadableEvent:  # days of former times may contradict one another
            return facts
        return by_their_days

    def _on(self, stream: str, day: date) -> Aggregate:
        """Return a record as it was at the end of a day; before it began, as it began."""
        first, *rest = self._facts(stream)
        record: Any = tell(None, [first, *(fact for fact in rest if fact.effective_day <= day)])
        return record  # type: ignore[no-any-return]

    def then(self, record: Aggregate) -> Aggregate:
        """Return a record as it was at the end of the day; before it began, as it began."""
        return self._on(record.id, self._day)

    def precedes(self, record: Aggregate) -> bool:
        """Tell whether something is known of a record that is true only from a later day."""
        return self._day < record.in_force

    def require_there(self, field: str, reference: Reference, value: Any) -> None:
        """Refuse records, named in a field, that had not begun by then, or had ended meanwhile.

        A beginning that nobody has stated is not known: what is recorded today may be old. Of a
        list of ids only the beginnings are looked at: it may be long.
        """
        values = [value] if isinstance(value, str) else value or ()
        if values is value and reference.claim is None:
            begun = self._beginnings(values)
            for i, one in enumerate(values):
                if one in begun:
                    require_begun(reference.kind, *begun[one], self._stated, f"{field}/{i}")
            return
        for i, one in enumerate(values):
            place = f"{field}/{i}" if values is value else field
            record = named(self._transaction, reference, one)
            if record is None:
                continue
            if record.begun is not None:
                since = (record.begun, record.created_on)
                require_begun(record.kind, *since, self._stated, place)
            known = as_day(record.beginning, record.created_on) <= self._day < record.in_force
            if reference.live and record.revives and known:
                then = self._on(record.id, self._day)
                if then.retired:
                    raise then.closing(place)

    def _beginnings(self, streams: Sequence[str]) -> dict[str, tuple[date, datetime]]:
        """Return the days, or the moments, that records state for their beginning, by id.

        Each comes with the moment of its recording.
        """
        first = [
            (row[1], row[5], row[3], row[11]) for row in self._transaction.appended if row[2] == 1
        ]
        for part in in_parts(streams):
            query = sa.select(
                events.c.stream, events.c.time_us, events.c.type, events.c.data
            ).where(events.c.stream.in_(part), events.c.version == 1)
            first += map(tuple, self._transaction.connection.execute(query))
        return {
            stream: (begun, instant(time_us))
            for stream, time_us, *fact in first
            if (begun := stated_in(*fact))
        }

    def above(self, lineage: Lineage, start: str | None, target: Aggregate) -> tuple[Any, ...]:
        """Return what a lineage takes of all that are above `start` on some day of the fact.

        The fact, that `start` is right above the `target`, holds from the day on for which it is
        stated, until the first later one that says so of another record.
        """
        until = self._until(lineage, target)
        days, seen, found = {self._day}, set[date](), dict[str, Any]()
        while days:
            day = days.pop()
            seen.add(day)
            for record in self._lineage(lineage, start, day):
                found[record.id] = getattr(record, lineage.take)
                changes = {since for since, _ in self._above(record.id, lineage)} - seen
                days |= {each for each in changes if self._day < each < until}
        return tuple(found.values())

    def _read_above(self, stream: str, lineage: Lineage) -> list[tuple[date, Any]]:
        """Return what a record was right below, each with the day from which it was."""
        return _values(self._facts(stream), attrgetter(str(lineage.step)))

    def _lineage(self, lineage: Lineage, start: str | None, day: date) -> Iterator[Aggregate]:
        """Yield the records that a lineage led through on a day, as they are now."""
        seen: set[str] = set()
        while start is not None:
            record = named(self._transaction, lineage, start)
            if record is None or record.id in seen:
                return
            seen.add(record.id)
            yield record
            (_, start), *later = self._above(record.id, lineage)
            for since, above in later:
                start = above if since <= day else start

    def _until(self, lineage: Lineage, target: Aggregate) -> date:
        """Return the day from which the record above the target is named anew."""
        changes = [since for since, _ in self._above(target.id, lineage)]
        changes += [
            fact.effective_day
            for fact in self._facts(target.id)
            if vars(fact).get(str(lineage.start)) is not None
        ]
        return min((each for each in changes if each > self._day), default=date.max)

    def require_alone(self, record: Aggregate) -> None:
        """Refuse that a record with a new fact held what another one held on some of the days.

        Raises the rule that guards it. What it does not hold any more is kept in mind.
        """
        known = self._facts(record.id) if record.version > len(record.unrecorded) else []
        held = _held(by_day([*known, *record.unrecorded], DAY))
        for each in held - _held(known):
            for other in self._transaction.holders_ever(each.rule.rule(), each.value):
                if other != record.id:
                    self._require_apart(each, other)
        now = set(record.claimed)
        for each in held:
            if (each.rule, each.value) not in now:
                self._transaction.release(each.rule.rule(), each.value, record.id)

    def _require_apart(self, one: Held, other: str) -> None:
        for each in _held(self._facts(other)):
            same = (each.rule, each.value) == (one.rule, one.value)
            if same and each.since < one.until and one.since < each.until:
                until = "" if each.until == date.max else f" until {each.until}"
                raise one.rule(None, f"Another one has it from {each.since}{until}.")


def _values(facts: Facts, of: Callable[[Aggregate], T]) -> list[tuple[date, T]]:
    """Return something of a record over its days, each value with the day from which it held.

    The facts are at least one, in the order in which they are told.
    """
    record: Any = None
    found: list[tuple[date, T]] = []
    day = date.min
    for stated, together in groupby(facts, DAY):
        day = max(day, stated)
        record = tell(record, together)
        value = of(record)
        if not found or found[-1][1] != value:
            found.append((day, value))
    return found


def _held(facts: Facts) -> set[Held]:
    """Return what a record holds on which days, given its facts in the order of its days."""
    values = _values(facts, attrgetter("claimed"))
    return {
        Held(rule, value, since, until)
        for (since, claims), (until, _) in pairwise([*values, (date.max, ())])
        for rule, value in claims
    }


def looking_back(
    transaction: Transaction, command: Command, arguments: Mapping[str, Any]
) -> Past | None:
    """Return a look back to the day that a command states, or `None` unless it has gone by."""
    stated = command.stated(arguments)
    if stated is None or as_day(stated) >= recorded_day(instant(transaction.time_us)):
        return None
    return Past(transaction, stated)
