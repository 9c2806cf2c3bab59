"""Calls and answers: a wish to command, as it goes into the executor, and what comes out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from domain.kernel.aggregate import Origin
from projections.kernel.visibility.visibility import Party


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """A wish to command.

    `id` is the record's, `None` for a command that creates one, unless a policy names the new one:
    if it is there already that is the answer, whatever the body says. `body` is JSON text or plain
    JSON values; `if_match` the version that the client has seen; `keyed` says that the command id
    is the client's own, so that the call may be a repeat, with `anybody` of whoever gave it first;
    `address`, `trace` and `credential` go into the operation log; `issued` are the parameters that
    the server makes up, no part of the body. `party` is whose permissions decide; without one it
    is the system itself, which may everything. What a call that `yields` says holds on the day
    that it states, though not before the last that is known of the record.
    """

    command: str
    id: str | None
    body: bytes | Mapping[str, Any]
    origin: Origin
    if_match: int | None = None
    keyed: bool = True
    anybody: bool = False
    address: str | None = None
    trace: str | None = None
    credential: str | None = None
    issued: Mapping[str, str] = dataclasses.field(default_factory=dict)
    party: Party | None = None
    yields: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted command is answered: the record, its version, the last position.

    `added` are the ids of the parts that it added to the record, by the fields of its facts.
    """

    id: str
    version: int
    position: int
    repeated: bool = False
    added: Mapping[str, str] = dataclasses.field(default_factory=dict)
