"""The foundation: what there must be before anybody can work, made once and completed later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
import structlog

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.journal.recorded_actors import by
from adapters.refusals import KeyReused, RuleBroken
from adapters.storage.journal_tables import claims, events, operations
from domain.kernel.actors import SYSTEM
from domain.kernel.aggregate import Origin
from domain.kernel.types.values import CALENDAR_CODE, ROLE_CODE
from domain.organisation.standard_calendars import STANDARD_CALENDARS, StandardCalendar
from domain.permissions.standard_roles import EDITION, STANDARD_ROLES, StandardRole
from projections.kernel.read_model import fold
from projections.organisation.working_calendars import working_calendars
from projections.permissions.roles import roles

log = structlog.get_logger(__name__)

ROOT = "group"
"""The code of the unit above all others."""

ADMINISTRATOR = "admin"
"""The code of the employee whom the administrator's key identifies."""

MARK = "standard/"
"""How the command ids of the foundation begin."""


def lay(executor: Executor) -> None:
    """Make the root unit, the standard roles, the administrator, the standard calendars.

    Only what is missing is made. What people have changed stays as they left it: a standard role is
    brought to the edition of this version only while nobody but the system has touched it. Several
    processes may do this at once; the executor works meanwhile.
    """
    for wish in _missing(executor.journal):
        try:
            executor.execute(wish)
        except (RuleBroken, KeyReused) as refusal:
            # Another version of the program was quicker, or people had one of the same code.
            log.info("foundation.left", wish=wish.origin.command_id, refusal=refusal.name)


def is_bare(journal: Journal) -> bool:
    """Tell whether the journal holds nothing beside the foundation."""
    ours = sa.and_(by(events, SYSTEM), events.c.command_id.startswith(MARK))
    with journal.engine.connect() as connection:
        return connection.scalar(sa.select(events.c.position).where(~ours).limit(1)) is None


def _missing(journal: Journal) -> Iterator[Call]:
    """Yield the commands that have not been given yet, in the order in which they are needed."""
    done = _done(journal)
    if "unit/group" not in done:
        group = {"code": ROOT, "name": "集团", "english_name": "Group", "level": "group"}
        yield _call("unit/group", "unit.open", None, group)
    coming = [each for each in STANDARD_ROLES if _key(each) not in done]
    held = _held(journal, ROLE_CODE, [each.code for each in coming]) if coming else {}
    for role in coming:
        if role.code in held:
            yield from _revision(journal, role, held[role.code])
        else:
            body = {"code": role.code, "unit": ROOT, **_definition(role)}
            yield _call(_key(role), "role.define", None, body)
    if "employee/admin" not in done:
        admin = {"code": ADMINISTRATOR, "name": "Administrator", "unit": ROOT}
        yield _call("employee/admin", "employee.engage", None, admin)
    for calendar in STANDARD_CALENDARS:
        # Who began without them has calendars of their own, or opens these when they want them.
        if "grant/admin" not in done or f"calendar/{calendar.code}" in done:
            yield from _calendar(journal, calendar, done)
    if "grant/admin" not in done:
        grant = {"employee": ADMINISTRATOR, "role": "administrator", "unit": ROOT}
        yield _call("grant/admin", "grant.give", None, grant)


def _calendar(journal: Journal, calendar: StandardCalendar, done: set[str]) -> Iterator[Call]:
    """Yield the commands that open a calendar and announce its years."""
    key = f"calendar/{calendar.code}"
    coming = [each for each in calendar.years if f"{key}/{each.year}" not in done]
    if key not in done:
        body = {"code": calendar.code, "name": calendar.name, "zone": calendar.zone, "unit": ROOT}
        week = calendar.week.model_dump(mode="json")
        yield _call(key, "working-calendar.open", None, {**body, "week": week})
    for stream in _held(journal, CALENDAR_CODE, [calendar.code]).values() if coming else ():
        row = fold(working_calendars, {}, journal.history(stream)).rows[stream]
        for each in coming:
            if row["state"] == "open" and each.year not in row["hours"]["announced"]:
                own = each.own.model_dump(mode="json")
                told = {"year": each.year, "source": each.source, **own}
                command = "working-calendar.announce-year"
                yield _call(f"{key}/{each.year}", command, stream, told)


def _revision(journal: Journal, role: StandardRole, stream: str) -> Iterator[Call]:
    """Yield the command that brings a role to this edition, unless people have touched it."""
    history = journal.history(stream)
    row = fold(roles, {}, history).rows[stream]
    shipped = _definition(role)
    if all(event.who == SYSTEM for event in history) and any(
        row[name] != value for name, value in shipped.items()
    ):
        yield _call(_key(role), "role.revise", stream, shipped)


def _definition(role: StandardRole) -> dict[str, Any]:
    return {
        "name": role.name,
        "permissions": list(role.permissions),
        "description": role.description,
    }


def _key(role: StandardRole) -> str:
    return f"role/{role.code}/{EDITION}"


def _call(key: str, command: str, id_: str | None, body: dict[str, Any]) -> Call:
    return Call(command, id_, body, _origin(key))


def _origin(key: str) -> Origin:
    return Origin(SYSTEM.id, ROOT, MARK + key, actor_kind=SYSTEM.kind)


def _done(journal: Journal) -> set[str]:
    """Return the keys of the commands that were accepted, or for roles a later edition's."""
    query = sa.select(operations.c.command_id).where(
        by(operations, SYSTEM),
        operations.c.accepted,
        operations.c.command_id.startswith(MARK),
    )
    with journal.engine.connect() as connection:
        found = {each.removeprefix(MARK) for each in connection.scalars(query)}
    later = (each.rpartition("/") for each in found if each.startswith("role/"))
    return found | {f"{key}/{EDITION}" for key, _, edition in later if int(edition) >= EDITION}


def _held(journal: Journal, rule: str, codes: Sequence[str]) -> dict[str, str]:
    """Return the ids of the records that hold codes under a rule, of those that there are."""
    query = sa.select(claims.c.value, claims.c.stream).where(
        claims.c.rule == rule, claims.c.value.in_(codes)
    )
    with journal.engine.connect() as connection:
        return {row.value: row.stream for row in connection.execute(query)}
