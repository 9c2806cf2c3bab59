"""Answers about the system and its use: access, logs, parked events, health, problems."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from api.document.answers import ActorKind, Next, Uuid


class HeldGrant(TypedDict):
    """A grant of an employee, or the key of a system, as far as it permits something."""

    id: Uuid
    employee: NotRequired[str]
    prefix: NotRequired[str]
    role: str
    unit: str
    reach: NotRequired[Literal["unit", "team", "own"]]
    masked: NotRequired[list[str] | None]
    starts: NotRequired[datetime | None]
    until: NotRequired[datetime | None]
    given_by: NotRequired[str | None]
    given_by_kind: NotRequired[ActorKind | None]


class MyPermissions(TypedDict):
    """What somebody may do somewhere at least, and by which grants."""

    employee: str | None
    on_behalf_of: str | None
    on_behalf_kind: Literal["person"] | None
    grants: list[HeldGrant]
    permissions: list[str]


class AccessReason(TypedDict):
    """Why somebody may or may not do something."""

    employee: str | None
    permission: str
    allowed: bool
    words: str
    grant: HeldGrant | None
    missing: list[str]


class Witness(TypedDict):
    """Somebody who may do something: an employee, or a system by its key."""

    employee: str | None
    key: str | None
    on_behalf_of: str | None
    grant: HeldGrant | None


class Witnesses(TypedDict):
    """Who might do something with a record at a moment."""

    permission: str
    at: datetime
    position: int
    items: list[Witness]


class Operation(TypedDict):
    """An attempt to command, or a read: who, what, which record, from where, how it ended."""

    number: int
    time: datetime
    kind: Literal["command", "read"]
    actor: str
    actor_kind: ActorKind
    on_behalf_of: str | None
    on_behalf_kind: ActorKind | None
    credential: str | None
    address: str | None
    unit: str
    command: Annotated[str, Field(description="the command, or the operation id of a read")]
    command_id: str
    target: str | None
    targets: str | None
    query: str | None
    accepted: bool
    status: int
    refusal: str | None
    detail: str | None
    times: Annotated[int, Field(description="attempts that it stands for, refused alike")]
    version: int | None
    position: int | None
    rows: int | None
    trace: str | None
    duration_us: int


class Operations(TypedDict):
    """Entries of the operation log, newest first."""

    items: list[Operation]
    next: Next


class ReadOfRecord(Operation):
    """A read by which a record could have been seen."""

    how: Literal["direct", "listed", "covered"]


class ReadsOfRecord(TypedDict):
    """Reads by which a record could have been seen, newest first."""

    items: list[ReadOfRecord]
    next: Next


class SystemEntry(TypedDict):
    """What happened to the program itself."""

    time: datetime
    number: int
    level: str
    event: str
    process: str
    source: str
    data: dict[str, Any]


class SystemLog(TypedDict):
    """Entries of the system log, newest first."""

    items: list[SystemEntry]
    next: Next


@with_config(ConfigDict(extra="allow"))
class ParkedEvent(TypedDict):
    """An event that was put aside, by what could not take it, and why."""

    model: str
    stream: Uuid
    error: str
    event: dict[str, Any]


class ParkedEvents(TypedDict):
    """What was put aside, and what operators have decided to go on without."""

    items: list[ParkedEvent]
    passed_over: list[ParkedEvent]


class Repaired(TypedDict):
    """What is still parked of a record."""

    parked: int


class Alive(TypedDict):
    """The server answers."""

    status: Literal["alive"]


class Part(TypedDict):
    """How far a part has come, and how many events it is behind."""

    position: int
    lag: int


class ParkedIn(TypedDict):
    """What could not take an event."""

    model: str


@with_config(ConfigDict(extra="allow"))
class Readiness(TypedDict):
    """Whether the server does its work, how far each part has come, what is in its way."""

    status: Literal["ready", "not ready"]
    position: int
    began_at: int
    parts: dict[str, Part]
    parked: list[ParkedIn]
    passed_over: int
    overdue_seconds: NotRequired[float]
    stale: list[str]
    warehouse_memory: dict[str, int] | None
    altered: list[str]
    faults: list[str]
    processes: list[dict[str, Any]]
    disk_free_bytes: int


class ProblemMeaning(TypedDict):
    """What a problem means, by its type."""

    type: str
    status: int
    title: str
    meaning: str


class ProblemBook(TypedDict):
    """Every problem that can be answered, with the business rules among them."""

    items: list[ProblemMeaning]


class PermissionName(TypedDict):
    """A permission, with what it allows in words."""

    name: str
    words: str


class PermissionNames(TypedDict):
    """Every permission."""

    items: list[PermissionName]


class Tokens(TypedDict):
    """What opens the API to an employee."""

    access_token: Annotated[str, Field(description="goes with every request as Bearer token")]
    token_type: Literal["Bearer"]
    expires_in: Annotated[int, Field(description="seconds")]
    refresh_token: NotRequired[
        Annotated[str, Field(description="good once, for the next pair of tokens")]
    ]
    device_token: NotRequired[
        Annotated[
            str,
            Field(
                description="goes with the next sign-in from this device, which then waits for "
                "nobody else's failures"
            ),
        ]
    ]
    password_change_required: NotRequired[
        Annotated[bool, Field(description="the token opens nothing but POST /me/password")]
    ]
