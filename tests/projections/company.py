"""A small company in rows, for tests of deciding about access: units, people, roles, grants."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from projections.kernel.read_model import Row
from projections.kernel.visibility.visibility import Party, Subject
from projections.permissions.access_control import Access

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)

LIVES = {"version": 1, "position": 1, "created_at": NOW, "changed_at": NOW}


def unit(code: str, parent: str | None, state: str = "open", successor: str | None = None) -> Row:
    """Return the row of a unit."""
    names = {"name": code, "english_name": None, "level": "team"}
    days: Row = {"opened_on": None, "ended_on": None}
    row: Row = {"id": f"u-{code}", "code": code, "parent": parent, "state": state}
    return row | {"successor": successor} | names | days | LIVES


def employee(code: str, unit: str = "group", state: str = "active", **more: Any) -> Row:
    """Return the row of an employee."""
    row: Row = {"id": f"e-{code}", "code": code, "name": code, "unit": unit, "state": state}
    return row | LIVES | {"sessions_after": None} | more


def role(code: str, *permissions: str, state: str = "active", unit: str = "group") -> Row:
    """Return the row of a role."""
    row: Row = {"id": f"r-{code}", "code": code, "name": code, "unit": unit, "state": state}
    return row | {"permissions": list(permissions)} | LIVES


def grant(employee: str, role: str, unit: str, reach: str = "unit", **more: Any) -> Row:
    """Return the row of a grant; its id says whose it is, of what and where."""
    row: Row = {"id": f"{employee}/{role}/{unit}", "employee": employee, "role": role, "unit": unit}
    row |= {"reach": reach, "masked": [], "starts": None, "until": None, "state": "active"}
    return row | {"given_by": "admin", "given_by_kind": "person"} | LIVES | more


def team(name: str, *members: str, state: str = "active") -> Row:
    """Return the row of a team."""
    row: Row = {
        "id": f"t-{name}",
        "name": name,
        "unit": "group",
        "state": state,
        "customer_id": None,
    }
    return row | {"members": dict.fromkeys(members, "member")} | LIVES


def delegation(principal: str, deputy: str, until: datetime, **more: Any) -> Row:
    """Return the row of a delegation that has begun."""
    row: Row = {"id": f"d-{principal}-{deputy}", "principal": principal, "deputy": deputy}
    return row | {"starts": None, "until": until, "state": "active"} | LIVES | more


def api_key(prefix: str, role: str, unit: str, **more: Any) -> Row:
    """Return the row of an API key; its id is `k-` and the prefix."""
    row: Row = {"id": f"k-{prefix}", "prefix": prefix, "name": prefix, "role": role, "unit": unit}
    row |= {"masked": [], "until": None, "state": "active", "digest": ""}
    return row | LIVES | more


UNITS = (
    unit("group", None),
    unit("gd", "group"),
    unit("gd-gz", "gd"),
    unit("gd-sz", "gd"),
    unit("gd-gz-1", "gd-gz"),
    unit("bj", "group"),
)
"""The group with two provinces, two local networks below one of them, a team below one of these."""

_TABLES = {
    "u": "units",
    "e": "employees",
    "t": "teams",
    "r": "roles",
    "d": "delegations",
    "k": "api_keys",
}


def access(*rows: Row, units: tuple[Row, ...] = UNITS) -> Access:
    """Return what rows say about access, in a company of the given units."""
    tables: dict[str, list[Row]] = {"units": list(units)}
    for row in rows:
        name = "grants" if "/" in row["id"] else _TABLES[row["id"][0]]
        tables.setdefault(name, []).append(row)
    return Access.of(1, tables)


def at(unit: str, *owners: str) -> Subject:
    """Return a record of a unit and of owners."""
    return Subject(frozenset({unit}), frozenset(owners))


def sees(
    known: Access, who: str | Party, subject: Subject, permission: str = "customer.read"
) -> bool:
    """Tell whether somebody may read a record."""
    party = Party(who) if isinstance(who, str) else who
    return bool(known.decide(party, permission, subject, NOW))
