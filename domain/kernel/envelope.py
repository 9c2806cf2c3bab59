"""What is stored: an event with its envelope, where it comes from, and what cannot be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, dataclass_transform

import uuid_utils

from domain.kernel.actors import Actor, ActorKind

T = TypeVar("T")

History = Iterable[tuple[str, int, str, int, datetime, bytes | str]]
"""Stored events, oldest first: stream, version, type, schema, time, data."""


def named_id(time: datetime, *of: object) -> str:
    """Return the id that something has by what it is made `of`: a UUIDv7 of that moment.

    It comes out the same whoever asks and however often. Ids know no moment before 1970.
    """
    told = "\0".join(map(str, of)).encode()
    milliseconds = max(round(time.timestamp() * 1_000_000) // 1000, 0)
    rest = hashlib.blake2b(told, digest_size=10).digest()
    return str(uuid_utils.UUID(bytes=milliseconds.to_bytes(6) + rest, version=7))


@dataclass_transform(frozen_default=True)
def _immutable(cls: type[T]) -> type[T]:
    """Make a data class that the type checker keeps from being changed, and nothing else does.

    What Python does to that end takes three quarters of the time of making one.
    """
    return dataclass(slots=True)(cls)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a command comes from: who, for whom, from which unit, and what caused it.

    `actor` is an identity among those of `actor_kind`, as `on_behalf_of` is of its own kind.
    `command_id` is the client's Idempotency-Key or one of ours, unique for each actor alone;
    `cause` is the id of the command or the position of the event that led to this one, for
    commands that nobody typed.
    """

    actor: str
    unit: str
    command_id: str
    on_behalf_of: str | None = None
    cause: str | None = None
    on_behalf_kind: ActorKind = "person"
    actor_kind: ActorKind = "person"

    @property
    def who(self) -> Actor:
        """Who does it."""
        return Actor(self.actor_kind, self.actor)

    @property
    def hands(self) -> frozenset[Actor]:
        """Who does it, and for whom."""
        behalf = self.on_behalf_of
        return frozenset({self.who, Actor(self.on_behalf_kind, behalf) if behalf else self.who})


@_immutable
class Recorded:
    """An event as the journal holds it.

    `position` counts all events from 1 without gaps, `version` those of one `stream` (the id of
    the aggregate); `time` is UTC and never decreases with the position. `data` is the payload,
    plain JSON values at the current schema, or `Unreadable`. `actor` is an identity among those of
    `actor_kind`, `on_behalf_of`, where there is one, among those of `on_behalf_kind`.
    """

    position: int
    stream: str
    version: int
    type: str
    schema: int
    time: datetime
    actor: str
    unit: str
    command_id: str
    on_behalf_of: str | None
    cause: str | None
    data: dict[str, Any]
    on_behalf_kind: ActorKind | None = None
    actor_kind: ActorKind = "person"

    @property
    def aggregate(self) -> str:
        """The kind of the aggregate, as in `service-ticket`."""
        return self.type.partition(".")[0]

    @property
    def who(self) -> Actor:
        """Who did it."""
        return Actor(self.actor_kind, self.actor)

    @property
    def behalf(self) -> Actor | None:
        """For whom it was done, if for somebody else."""
        if self.on_behalf_of is None:
            return None
        return Actor(self.on_behalf_kind or "person", self.on_behalf_of)

    def naming(self, what: str) -> str:
        """Return the id of what a policy makes because of the event, as in `naming("renewal")`.

        A fold that asks the same links the record of the event to it.
        """
        return named_id(self.time, self.stream, self.version, what)

    @property
    def principal(self) -> Actor:
        """Who answers for it: for whom it was done, else who did it."""
        return self.behalf or self.who


@dataclass(frozen=True, slots=True)
class Stored:
    """A fact in its stored form, before the journal gives it a position and a time."""

    stream: str
    version: int
    type: str
    schema: int
    data: bytes


class Unreadable(dict[str, Any]):
    """Stands for the payload of an event that this program cannot read: empty, with the reason.

    `raw` is what is stored. Readers carry it along like any other payload, so that one event never
    stops them; whoever folds it puts it aside.
    """

    def __init__(self, raw: str | bytes, error: str) -> None:
        """Keep what is stored, and why it cannot be read."""
        super().__init__()
        self.raw = raw if isinstance(raw, str) else raw.decode(errors="backslashreplace")
        self.error = error


class UnreadableEvent(Exception):
    """An event of a record cannot be read by this program."""
