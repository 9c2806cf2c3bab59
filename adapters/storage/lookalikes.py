"""Look-alikes: codes and names in use from before no two might look alike; claimed, and listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from adapters.storage.journal_tables import claims, events
from domain.kernel.types.codes import EmployeeCodeAlike, RoleCodeAlike, alike, flaw
from domain.kernel.types.values import EMPLOYEE_CODE, ROLE_CODE
from domain.permissions.api_key import KeyNameTaken

_CODES = {"employee": (EMPLOYEE_CODE, EmployeeCodeAlike), "role": (ROLE_CODE, RoleCodeAlike)}


_ENDED = {
    "employee.left": True,
    "employee.reengaged": False,
    "role.retired": True,
    "api-key.revoked": True,
}
"""Whether what is known by a code or name is out of use after an event."""

_MENDS = {
    "employee": "Engage the same person under another code, hand over to it, and let this one go.",
    "role": "Define the same role under another code, grant that instead, and retire this one.",
    "api-key": "Issue the system a key under another name, and revoke this one.",
}
"""What to do instead of renaming: history, grants and records tell of people and roles by codes."""


class Awkward(NamedTuple):
    """What a record in use is known by that would be refused today, why, and what to do."""

    kind: str
    id: str
    text: str
    because: str
    mend: str


def claim_alike(connection: sa.Connection) -> None:
    """Let those who came first have what their code or name looks like."""
    rows: dict[tuple[str, str], str] = {}
    for kind, stream, text in _known(connection):
        rule = _CODES[kind][1] if kind in _CODES else KeyNameTaken
        rows.setdefault((rule.rule(), alike(text)), stream)
    if rows:
        told = [{"rule": rule, "value": value, "stream": s} for (rule, value), s in rows.items()]
        connection.execute(claims.insert(), told)


def awkward(connection: sa.Connection) -> Iterator[Awkward]:
    """Yield the codes and names in use that would not be given today, so that they can go."""
    first: dict[tuple[str, str], str] = {}
    for kind, stream, text in _known(connection):
        before = first.setdefault((kind, alike(text)), text)
        reason = flaw(kind, text) if kind in _CODES else None
        if before is not text:
            reason = f"It looks like {before!r}, which was there first."
        if reason is not None and not _ended(connection, stream):
            yield Awkward(kind, stream, text, reason, _MENDS[kind])


def _ended(connection: sa.Connection, stream: str) -> bool:
    """Tell whether a record is out of use, and so poses as nobody any more."""
    query = sa.select(events.c.type).where(events.c.stream == stream, events.c.type.in_(_ENDED))
    last: str | None = connection.scalar(query.order_by(events.c.version.desc()).limit(1))
    return last is not None and _ENDED[last]


def _known(connection: sa.Connection) -> Iterator[tuple[str, str, str]]:
    """Yield kind, id and code or name of employees, roles and keys in use, the oldest first."""
    for kind, (rule, _) in _CODES.items():
        query = sa.select(claims.c.stream, claims.c.value).where(claims.c.rule == rule)
        for stream, code in connection.execute(query.order_by(claims.c.stream)):
            yield kind, stream, code
    revoked = sa.select(events.c.stream).where(events.c.type == "api-key.revoked")
    keys = sa.select(events.c.stream, events.c.data).where(
        events.c.type == "api-key.issued", events.c.stream.not_in(revoked)
    )
    for stream, data in connection.execute(keys.order_by(events.c.position)):
        yield "api-key", stream, orjson.loads(data)["name"]
