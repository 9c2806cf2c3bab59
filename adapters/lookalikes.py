"""Look-alikes: codes and names in use from before no two might look alike; claimed, and listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from adapters.journal_tables import claims, events
from domain.api_key import KeyNameTaken
from domain.codes import EmployeeCodeAlike, RoleCodeAlike, alike, flaw
from domain.values import EMPLOYEE_CODE, ROLE_CODE

_CODES = {"employee": (EMPLOYEE_CODE, EmployeeCodeAlike), "role": (ROLE_CODE, RoleCodeAlike)}


class Awkward(NamedTuple):
    """What a record is known by that would be refused today, and why."""

    kind: str
    id: str
    text: str
    because: str


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
        if reason is not None:
            yield Awkward(kind, stream, text, reason)


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
