"""What of a request goes into the operation log: every read, and what the writer never sees."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import cache
from hashlib import blake2b
from typing import Any, Literal, TypeVar
from urllib.parse import parse_qs, unquote_plus

from starlette.types import Scope

from adapters.logs.operation_log_writer import Entry
from adapters.refusals import Refusal
from api.commands.routes import Asked, Target
from api.kernel import deprecations
from api.kernel.access.authentication import OPEN, OPEN_FOLDERS, Principal
from api.kernel.process import Parts
from api.kernel.reading.told import Told
from domain.kernel.actors import STRANGER
from domain.kernel.types.sought import EMAIL, PHONE
from projections.kernel.read_model import read_models
from projections.kernel.visibility.sealed_columns import personal

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@cache
def _of_persons() -> frozenset[str]:
    """Return the parameters whose words may name a person: what searches and look-ups take.

    And what rows have sealed: no list is filtered by it, but who tries it has told us the name.
    """
    asked = {"q", PHONE.kind, EMAIL.kind, "birthday_from", "birthday_to"}
    return frozenset(asked.union(*map(personal, read_models().values())))


NOW_AND_THEN = 10.0
"""Seconds after which what a lasting answer has told is noted, and again at its end."""

NOBODY = Principal(STRANGER.id, "none", actor_kind=STRANGER.kind)
"""Whoever asks while it is not known who it is."""


def says_nothing_of_anybody(endpoint: Endpoint) -> Endpoint:
    """Declare a route whose answer is about no record and nobody: alone of all, it is not noted."""
    endpoint.__dict__["unnoted"] = True
    return endpoint


class Visit:
    """One request on its way, as the operation log will know it."""

    __slots__ = (
        "_address",
        "_began",
        "_noted",
        "_parts",
        "_scope",
        "_trace",
        "routed",
        "target",
        "told",
        "who",
    )

    def __init__(self, parts: Parts, scope: Scope, address: str, trace: str) -> None:
        """Begin to time a request."""
        self._parts = parts
        self._scope = scope
        self._address = address
        self._trace = trace
        self._began = time.perf_counter()
        self._noted = False
        self.who = NOBODY
        self.target: Target | None = None
        """The command that is asked for, if it is one."""
        self.told = Told()
        """What is known of the answer."""
        self.routed: Scope | None = None
        """The request as the router has it, when it is not a command of the domain."""

    def answered(self, status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        """Note a request that a route answers, before the first byte of the answer leaves.

        What another process answered says how much it told in its headers.
        """
        said, told = dict(headers), self.told
        if told.position is None and (position := said.get(b"position")):
            told.position = int(position)
        if told.rows is None and (rows := said.get(b"rows")):
            told.rows = int(rows)
        if self.routed is None or self._noted:
            return
        refusal: Refusal | None = self.routed.get("refusal")
        if self.who is NOBODY:
            if status in (401, 403):
                self._note(status, refusal)
        elif refusal is not None or _noted(self.routed):
            self._note(status, refusal)

    def how_many(self) -> list[tuple[bytes, bytes]]:
        """Return the header that says how many rows the answer tells, where it is known."""
        return [] if self.told.rows is None else [(b"rows", b"%d" % self.told.rows)]

    def deprecations(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that say what of the request goes."""
        return deprecations.told(self._command, self._scope["query_string"])

    def goes_on(self, told: Told) -> None:
        """Note what a lasting answer has told since it was noted last, as a read of its own."""
        self.told = told
        self._note(200, None)

    def refused(self, refusal: Refusal) -> None:
        """Note a request that was refused, unless the writer has done so."""
        if (
            not refusal.logged
            and not self._noted
            and (self.who is not NOBODY or refusal.status in (401, 403))
        ):
            self._note(refusal.status, refusal)

    def _note(self, status: int, refusal: Refusal | None) -> None:
        self._noted = True
        query = self._discreet(self._scope["query_string"].decode("utf-8", "replace"))
        path = self._scope["path"]
        name = refusal.name if refusal else "internal-error" if status >= 500 else None
        entry = Entry(
            kind=self._kind,
            command=self._command,
            actor=self.who.actor,
            actor_kind=self.who.actor_kind,
            unit=self.who.unit,
            on_behalf_of=self.who.on_behalf_of,
            credential=self.who.credential,
            address=self._address,
            trace=self._trace,
            target=self._record(query),
            query=f"{path}?{query}" if query else path,
            status=status,
            refusal=name,
            detail=refusal.detail if refusal else None,
            duration_us=int((time.perf_counter() - self._began) * 1e6),
            position=self.told.position,
            rows=self.told.rows,
            targets=self.told.ids,
        )
        if self.who is NOBODY:
            self._parts.strangers.note(entry)
        else:
            self._parts.notes.note(entry)

    def _discreet(self, query: str) -> str:
        """Return a query with digests of the words in it that may name a person.

        The log is for ever. Whoever has the key can tell whether it was this or that word.
        """

        def part(text: str) -> str:
            name, _, value = text.partition("=")
            if not value or unquote_plus(name) not in _of_persons():
                return text
            words = unquote_plus(value).encode("utf-8", "replace")
            key = self._parts.person_keys.digest_key
            return f"{name}=~{blake2b(words, digest_size=8, key=key).hexdigest()}"

        return "&".join(map(part, query.split("&")))

    @property
    def _kind(self) -> Literal["command", "read"]:
        if self.target is not None:
            return "command"
        return "read" if self._scope["method"] in ("GET", "HEAD") else "command"

    @property
    def _command(self) -> str:
        if self.target is not None:
            return self.target.command.name
        route = (self.routed or {}).get("route")
        return str(
            getattr(route, "operation_id", None) or getattr(route, "name", None) or "unknown"
        )

    def _record(self, query: str) -> str | None:
        """Return the id of the record that is read or commanded, if there is one."""
        if self.target is not None:
            return self.target.id
        given = (self.routed or {}).get("path_params", {})
        found: str | None = given.get("id") or given.get("stream")
        if found is None and "stream=" in query:
            found = parse_qs(query).get("stream", [None])[0]
        return found


class Tally:
    """What a lasting answer tells, noted now and then: not each piece of it needs an entry."""

    def __init__(self, visit: Visit) -> None:
        """Tally for a request."""
        self._visit = visit
        self._since = time.monotonic()
        self._position: int | None = None
        self._rows = 0
        self._ids: set[str] = set()

    def add(self, rows: int, position: int | None = None, ids: Iterable[str] = ()) -> None:
        """Add lines, with the position that they have come to and the records they tell of."""
        before = self._rows
        self._rows += rows
        self._position = position
        self._ids.update(ids)
        if before and time.monotonic() - self._since > NOW_AND_THEN:
            self.note()

    def note(self) -> None:
        """Note what was added since the last time, if anything was."""
        if self._rows:
            self._visit.goes_on(Told(self._position, self._rows, self._ids or None))
        self._since, self._rows, self._ids = time.monotonic(), 0, set()


def _noted(scope: Scope) -> bool:
    """Tell whether the answer of the route that was found is noted."""
    route = scope.get("route")
    if route is None:
        return False
    path: str = scope["path"]
    if path in OPEN or path.startswith(OPEN_FOLDERS):
        return False
    return not getattr(getattr(route, "endpoint", None), "unnoted", False)


def note_line(parts: Parts, asked: Asked, command: str, refusal: Refusal) -> None:
    """Note a line of many commands that was refused, unless the writer has done so."""
    if refusal.logged:
        return
    who = asked.who
    entry = Entry(
        kind="command",
        command=command,
        actor=who.actor,
        actor_kind=who.actor_kind,
        unit=who.unit,
        on_behalf_of=who.on_behalf_of,
        credential=who.credential,
        address=asked.address,
        trace=asked.trace,
        target=None,
        query="/commands",
        status=refusal.status,
        refusal=refusal.name,
        detail=refusal.detail,
    )
    parts.notes.note(entry)
