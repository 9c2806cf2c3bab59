"""The kernel: aggregates, facts and rules on `eventsourcing`, which only this file knows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, ClassVar, Self, cast

import orjson
import uuid_utils
from eventsourcing.domain import (
    BaseAggregate,
    CanCreateTimestamp,
    CanInitAggregate,
    CanMutateAggregate,
    MetaDomainEvent,
    event,
)
from eventsourcing.utils import get_topic

from domain.kernel import claim
from domain.kernel.codec import codec
from domain.kernel.decision import Misdeclared as Misdeclared
from domain.kernel.declared import States, come_about, settle
from domain.kernel.declared import begins as begins
from domain.kernel.declared import command as command
from domain.kernel.declared import starts as starts
from domain.kernel.envelope import Origin as Origin
from domain.kernel.envelope import Recorded as Recorded
from domain.kernel.envelope import Stored as Stored
from domain.kernel.envelope import Unreadable
from domain.kernel.envelope import named_id as named_id
from domain.kernel.keyed import ACTS, Turn
from domain.kernel.keyed import keyed as keyed
from domain.kernel.registry import discover as discover
from domain.kernel.registry import registry as registry
from domain.kernel.rule import MovedMeanwhile as MovedMeanwhile
from domain.kernel.rule import NotDue as NotDue
from domain.kernel.rule import NothingChanged as NothingChanged
from domain.kernel.rule import RecordClosed as RecordClosed
from domain.kernel.rule import RecordMerged as RecordMerged
from domain.kernel.rule import RuleViolation as RuleViolation
from domain.kernel.rule import SameHands as SameHands
from domain.kernel.rule import kebab as kebab
from domain.kernel.tally import Counting
from domain.kernel.time import effective_day as effective
from domain.kernel.time.dating import Dating
from domain.kernel.time.due import deadline as deadline

applies = event
"""Marks the method that applies a fact: it assigns, never refuses; history replays through it."""


def new_id() -> str:
    """Return a new UUIDv7 in its canonical text form; ids sort by the time they were made."""
    return str(uuid_utils.uuid7())


class _Facts(MetaDomainEvent):
    """Makes classes of facts, each with what it declares: the state it leads to, what it changes.

    `to` is a state of its aggregate; `changes` names attributes of the record, by one name or
    several, that get the values of the fields of the same names. One of the several that an
    attribute holds is what it `puts` there, `corrects` or `drops`. All this comes after whatever
    else the fact does to be applied.
    """

    def __new__(
        cls,
        name: str,
        bases: tuple[type[Any], ...],
        members: dict[str, Any],
        to: object = None,
        changes: str | tuple[str, ...] = (),
        **turns: str,
    ) -> Any:
        if to is not None or changes or turns:
            changing = (changes,) if isinstance(changes, str) else changes
            turn = next((Turn(act, turns.pop(act)) for act in ACTS if act in turns), None)
            apply = come_about(members.get("apply"))
            members |= {"leading": to, "changing": changing, "turn": turn, "apply": apply}
        if turns:
            raise Misdeclared(f"{name} declares {' and '.join(turns)} besides, which no fact does")
        return super().__new__(cls, name, bases, members)


class _Fact(CanCreateTimestamp, metaclass=_Facts):
    originator_id: str
    originator_version: int
    timestamp: datetime


class Aggregate(Counting, Dating, BaseAggregate[str]):
    """A record of the business with its life cycle: it decides commands and states facts."""

    class Event(CanMutateAggregate[str], _Fact):
        """A fact about the record. `schema` grows by one with each change of its fields.

        A class at schema n has static methods `upcast_v1_v2(data)` … that bring the stored
        payload of an older schema up to date, in place. `dated` names the field that states from
        which day of the business the fact is true, where it has one; `about` the one that says
        which part of the record it is about, where that matters to who may decide about it.
        """

        type: ClassVar[str] = ""
        schema: ClassVar[int] = 1
        dated: ClassVar[str] = effective.STATED
        about: ClassVar[str | None] = None
        leading: ClassVar[object] = None
        changing: ClassVar[tuple[str, ...]] = ()
        turn: ClassVar[Turn | None] = None

        @property
        def stated(self) -> date | None:
            """The day, or the moment, from which the fact is true, if it states one."""
            return getattr(self, self.dated, None)

        @property
        def effective_day(self) -> date:
            """The day from which the fact is true."""
            return effective.day_of(self.stated, self.timestamp)

    class Created(Event, CanInitAggregate[str]):
        """The first fact of a record."""

        originator_topic: str

    kind: ClassVar[str] = ""
    """The stable name of the aggregate, as in `service-ticket`."""
    plural: ClassVar[str] = ""
    """Its collection, as in `service-tickets`; set on the class where adding an s is wrong."""
    titles: ClassVar[Mapping[str, str]] = {}
    """What people call its own fields in Chinese, above the columns of sheets that are imported."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Name the aggregate and its events, and make them known to the registry."""
        settle(cls)
        super().__init_subclass__(**options)
        cls.kind = kebab(cls.__name__)
        regular = re.sub(r"(?<=[^aeiou])y$", "ie", cls.kind) + "s"
        cls.plural = cls.__dict__.get("plural") or regular
        registry.add(cls)

    states: ClassVar[States | None] = None
    """The states it may be in, if it declares them."""
    starting: ClassVar[tuple[tuple[str, Callable[[], Any]], ...]] = ()
    """The attributes whose first values are declared, with what makes them."""
    revives: ClassVar[bool] = False
    """Whether a record that has ended may be open again, by a later fact of its own."""

    _in_force = date.min
    _begun: date | None
    _last_step: datetime

    def __base_init__(
        self, originator_id: str, originator_version: int, timestamp: datetime
    ) -> None:
        super().__base_init__(originator_id, originator_version, timestamp)
        for name, make in self.starting:
            setattr(self, name, make())

    @staticmethod
    def create_id(*_: Any, **__: Any) -> str:
        """Return the id of a new record."""
        return new_id()

    @property
    def retired(self) -> bool:
        """Whether the record has ended: it is closed to anything new attached to it by others."""
        return self.states is not None and getattr(self, self.states.attribute) in self.states.ends

    def require_open(self) -> None:
        """Refuse when the record has ended, by the rule that it declares for that."""
        if self.states is not None and self.states.ended is not None and self.retired:
            raise self.states.ended

    @property
    def units(self) -> frozenset[str]:
        """The codes of the units that the record belongs to."""
        unit = getattr(self, "unit", None)
        return frozenset() if unit is None else frozenset({unit})

    @property
    def owners(self) -> frozenset[str]:
        """The codes of the employees whose own record it is; those of its customer come besides."""
        return frozenset()

    @property
    def affected(self) -> tuple[str, ...]:
        """The ids of other records that its commands change: they are permitted there as well."""
        return ()

    def entrust(self, employee: str) -> None:
        """Make a new record the own one of who made it, where that alone permits making it.

        Kinds that nobody owns, and records that were given to somebody, stay as they are.
        """

    @property
    def unrecorded(self) -> list[Aggregate.Event]:
        """The facts that were stated and are still to be recorded."""
        return cast("list[Aggregate.Event]", self.pending_events)

    @property
    def begun(self) -> Any:
        """The day, or the moment, that the first fact of the record states, if it states one."""
        return vars(self)["_begun"] if "_begun" in vars(self) else self.unrecorded[0].stated

    @property
    def beginning(self) -> date:
        """The day, or the moment, at which the record begins: as stated, or else as recorded."""
        begun: date | None = self.begun
        return begun or self.created_on.replace(microsecond=0)

    def closing(self, field: str) -> RuleViolation:
        """Return why a record that this one ended, or is, is not named in `field`."""
        return RecordClosed(field)

    @property
    def claims(self) -> claim.Claims:
        """What only one record of this kind may hold at a time, by the rule that guards it.

        That is a value, a frozen set of several, or a tuple of fields that make a key.
        """
        return {}

    @property
    def claimed(self) -> tuple[claim.Claim, ...]:
        """Each of its claims, as it is kept."""
        return claim.each(self.claims)

    @property
    def course(self) -> object:
        """What changes in steps that keep their order: none is dated before one that followed."""
        return None if self.states is None else getattr(self, self.states.attribute)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many of something it has, by the name of what only its number is shown of."""
        return {}

    @property
    def now(self) -> Self:
        """The record with all that is known, while one of an earlier day decides about that day."""
        known: Self = vars(self).get("_now", self)
        return known

    @property
    def in_force(self) -> date:
        """The latest day from which something that is recorded of it is true."""
        return self._in_force

    @property
    def last_step(self) -> datetime:
        """The moment of the last step, of a record whose steps are timed to the moment."""
        return self._last_step

    def bear(self, id: str) -> None:
        """Have another id, as long as nothing of the record is recorded."""
        self._id = id
        for fact in self.unrecorded:
            vars(fact)["originator_id"] = id

    def look_back(self, now: Self) -> None:
        """Be the record of an earlier day, which decides with `now` in view."""
        self._now = now
        self.version = now.version

    def look_up(self) -> None:
        """Be the record of today again, with the fact that was stated when looking back."""
        self.version = self._now.version + 1
        del self._now

    def come_to(self, day: date) -> None:
        """Note that a fact that is true from a day was applied."""
        self._in_force = max(self._in_force, day)

    def hold(self, fact: Aggregate.Event) -> None:
        """Note that a fact was recorded and applied."""
        day = fact.effective_day
        if fact.originator_version == 1:
            self._in_force, self._created_on = day, fact.timestamp
            self._begun = fact.stated
        self.come_to(day)
        if fact.dated == effective.TIMED:
            at = effective.moment_of(fact.stated, fact.timestamp)
            self._last_step = max(vars(self).get("_last_step", at), at)
        self.modified_on = max(self.modified_on, fact.timestamp)


def to_stored(fact: Aggregate.Event) -> Stored:
    """Return the stored form of a fact: readable JSON under a stable name."""
    data = codec(type(fact)).encode(fact)
    return Stored(fact.originator_id, fact.originator_version, fact.type, fact.schema, data)


def from_stored(type_: str, schema: int, data: str | bytes) -> dict[str, Any]:
    """Return the payload of a stored event as plain JSON values at the current schema.

    Fields younger than the event have their defaults, so whoever reads it may index. An event type
    that this version of the system does not know is returned as it is. Never raises: what is no
    JSON object, of a newer schema or refused by its upcast comes back `Unreadable`.
    """
    known = registry.events.get(type_)
    try:
        payload: dict[str, Any] = orjson.loads(data)
        if payload.__class__ is not dict:
            raise TypeError("the payload is not a JSON object")
        if known is None:
            return payload
        if known.schema != schema:
            payload = upcast(type_, schema, payload)
        return codec(known).complete(payload)
    except Exception as error:
        return Unreadable(data, f"{type(error).__name__}: {error}")


def upcast(type_: str, schema: int, data: dict[str, Any]) -> dict[str, Any]:
    """Bring the payload of a stored event to the current schema, in place, and return it."""
    event_class = registry.events[type_]
    if schema > event_class.schema:
        raise ValueError(f"schema {schema} is newer than {event_class.schema}, which is known here")
    for step in range(schema, event_class.schema):
        getattr(event_class, f"upcast_v{step}_v{step + 1}")(data)
    return data


def as_stated(
    stream: str, version: int, type_: str, schema: int, time: datetime, data: bytes | str
) -> Aggregate.Event:
    """Return a stored event as the fact that was stated, at the current schema.

    Raises what its codec and its upcast raise; `KeyError` for a type that no aggregate declares.
    """
    event_class = registry.events[type_]
    if schema != event_class.schema:
        data = orjson.dumps(upcast(type_, schema, orjson.loads(data)))
    fact = object.__new__(event_class)
    fact.__dict__.update(codec(event_class).decode(data))
    fact.__dict__.update(originator_id=stream, originator_version=version, timestamp=time)
    if version == 1:
        fact.__dict__["originator_topic"] = get_topic(registry.owners[type_])
    return fact
