"""Answers: what reads of records, events and figures answer, as types that the document shows."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, NotRequired

from pydantic import Field
from typing_extensions import TypeAliasType, TypedDict

from domain.kernel.actors import ActorKind as _ActorKind

ActorKind = TypeAliasType("ActorKind", _ActorKind)
Uuid = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
Next = Annotated[str | None, Field(description="the cursor of the next page")]
Position = Annotated[int, Field(description="all events up to here are in it")]
Masked = Annotated[list[str], Field(description="the classes of what is masked in it")]
Sealed = Annotated[
    list[str], Field(description="the fields that nobody can read: their person was erased")
]
Link = Annotated[str, Field(description="a path of this API")]
Effective = Annotated[date, Field(description="the day of the business from which it holds")]
Counts = Annotated[dict[str, int], Field(description="how many, by the kind of record")]


def answer(description: str, model: Any) -> dict[int | str, dict[str, Any]]:
    """Return what a route declares of its answer, which is of a type."""
    return {200: {"description": description, "model": model}}


class Who(TypedDict):
    """Who did something, and for whom."""

    actor: str
    actor_kind: ActorKind
    on_behalf_of: str | None
    on_behalf_kind: ActorKind | None


class Event(Who):
    """A fact as it was recorded; `data` has the fields of its type."""

    position: Annotated[int, Field(description="its number among all events")]
    aggregate: Annotated[str, Field(description="the kind of its record")]
    stream: Annotated[Uuid, Field(description="the id of its record")]
    version: Annotated[int, Field(description="its number among the events of the record")]
    type: Annotated[str, Field(examples=["customer.regraded"])]
    schema: Annotated[int, Field(description="the version of its fields")]
    time: datetime
    unit: str
    command_id: str
    cause: str | None
    data: dict[str, Any] | None
    masked: NotRequired[Masked]
    sealed: NotRequired[Sealed]
    raw: NotRequired[Annotated[str, Field(description="of an event that cannot be read")]]
    unreadable: NotRequired[Annotated[str, Field(description="why it cannot be read")]]


class EventPage(TypedDict):
    """Events in the order in which they were recorded."""

    items: list[Event]
    next: Annotated[
        int | None,
        Field(description="`after` of the next page; null at the end, where `position` goes on"),
    ]
    position: Position


class StreamTicket(TypedDict):
    """What opens a stream of events once, without credentials."""

    ticket: str
    url: Annotated[str, Field(description="without the host")]
    expires_in: Annotated[int, Field(description="seconds")]


class Change(TypedDict):
    """A field that changed, before and after."""

    field: Annotated[str, Field(examples=["grade", "contacts/<id>/phone"])]
    before: Any
    after: Any


class ChangeOfDays(Change):
    """A field that changed, of days from the first to the last; without end where none is known."""

    valid_from: date | None
    valid_to: date | None


class CausingEvent(TypedDict):
    """The event that caused another."""

    position: int
    type: str
    stream: Uuid
    record: Link
    sentence: str


class Because(TypedDict):
    """What caused an event: a command, and its event where that is in sight."""

    command_id: str
    chain: Link
    event: NotRequired[CausingEvent]


class HistoryItem(Event):
    """An event as people read it."""

    effective: Effective
    sentence: str
    changes: list[ChangeOfDays]
    why: Annotated[str | None, Field(description="the reason that was stated")]
    because: Because | None


class History(TypedDict):
    """Events of one record, oldest first."""

    items: list[HistoryItem]
    next: Next
    position: Position


class LateEntry(Event):
    """An event that was recorded late."""

    effective: Effective
    record: Link


class LateEntries(TypedDict):
    """What was recorded after a moment and holds of a day before."""

    items: list[LateEntry]
    next: Next
    position: Position


class ChainEvent(Who):
    """An event of a chain, with the commands that it caused."""

    position: int
    time: datetime
    type: str
    aggregate: str
    stream: Uuid
    record: Link
    title: str | None
    sentence: str
    why: str | None
    changes: list[ChangeOfDays]
    effects: list[ChainCommand]
    masked: NotRequired[Masked]
    sealed: NotRequired[Sealed]


class ChainCommand(TypedDict):
    """A command of a chain, with its events."""

    command_id: str
    actor: str
    actor_kind: ActorKind
    events: list[ChainEvent]


class Chain(TypedDict):
    """Trees of what a request led to."""

    items: list[ChainCommand]
    next: Next
    position: Position
    counts: Counts


class Sentence(Who):
    """What happened, in words."""

    position: int
    time: datetime
    type: str
    sentence: str
    why: str | None
    because: Because | None


class DigestItem(TypedDict):
    """What changed with a record: the net of it, and what happened."""

    kind: str
    id: Uuid
    title: str | None
    began: bool
    ended: bool
    record: Link
    changes: list[Change]
    events: int
    sentences: list[Sentence]
    history: Link


class Counted(TypedDict):
    """How many began, ended and changed."""

    began: int
    ended: int
    changed: NotRequired[int]


class Happened(Who):
    """What happened last, in words, to a record: that of a row, or one that belongs to it."""

    kind: str
    id: Uuid
    title: str | None
    record: Link
    position: int
    time: datetime
    type: str
    sentence: str
    why: str | None


class RowChanges(TypedDict):
    """What was recorded since a moment of the record of a row, and of what belongs to it."""

    events: Annotated[int, Field(description="how many, as far as they are in sight")]
    records: Annotated[int, Field(description="of how many records")]
    latest: Annotated[list[Happened], Field(description="the last of them, newest first")]
    more: Annotated[Link, Field(description="where all of them are told")]


class Digest(TypedDict):
    """What changed with a customer and all that hangs on it."""

    items: list[DigestItem]
    next: Next
    position: Position
    counts: Annotated[dict[str, Counted], Field(description="by kind of record, and `contacts`")]
    from_position: int
    to_position: int


class Todo(TypedDict):
    """Something that waits for somebody."""

    kind: str
    id: Uuid
    command: str
    text: str | None
    customer_id: Uuid | None
    unit: str | None
    employee: str | None
    since: datetime | None
    due_at: datetime | None
    overdue: bool
    day: Annotated[date | None, Field(description="of the business, on which it is due")]
    names: NotRequired[
        Annotated[dict[str, str | None], Field(description="of the columns in `expand`")]
    ]


class Todos(TypedDict):
    """What waits for somebody, by the day on which it is due."""

    items: list[Todo]
    next: Next
    position: Position
    count: NotRequired[int]


class Worked(TypedDict):
    """Working hours between two instants."""

    hours: float
    provisional: bool
    position: Position


class Due(TypedDict):
    """When so many hours are worked."""

    due_at: datetime
    provisional: bool
    position: Position
