"""Explanations: by which grant somebody may do something, or what is in the way, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from projections.kernel.read_model import Row
from projections.kernel.visibility.visibility import Party, Subject, View
from projections.permissions.access_control import PUBLIC, SELF, Access, changes_permissions
from projections.permissions.holdings import of_grant, of_key

_REACH = {"unit": "all records", "team": "records of own teams", "own": "own records"}


class Reason(NamedTuple):
    """Why a party may or may not: in words, by which grant, and what is wrong with the others."""

    allowed: bool
    words: str
    grant: Row | None
    missing: list[str]


class Witness(NamedTuple):
    """Somebody who may: an employee or a system by its key, by which grant, and for whom."""

    employee: str | None
    key: str | None
    on_behalf_of: str | None
    grant: Row | None


def why(
    access: Access, party: Party, permission: str, subject: Subject | None, now: datetime
) -> Reason:
    """Tell why a party may or may not do something with a record; without one, anywhere."""
    decision = access.decide(party, permission, subject, now)
    who = party.employee if party.on_behalf_of is None else party.on_behalf_of
    name = who or "This key"
    if decision:
        grant = _row(access, decision.grant)
        if grant is None:
            own = "for everybody" if permission in PUBLIC else "for what is one's own"
            return Reason(True, f"{name} may {permission}: it is {own}.", None, [])
        return Reason(True, f"{name} may {permission} by {_grant(grant)}.", grant, [])
    missing = list(_missing(access, party, permission, now))
    return Reason(False, decision.missing, None, missing)


def who(access: Access, permission: str, subject: Subject, now: datetime) -> Iterator[Witness]:
    """Yield everybody who may do something with a record, with the first grant that says so."""
    granted = {row["employee"] for row in access.shelves["grants"].rows.values()}
    if permission in SELF:
        granted |= subject.owners
    if permission in PUBLIC:
        granted |= {row["code"] for row in access.shelves["employees"].rows.values()}
    for code in sorted(granted):
        if decision := access.decide(Party(code), permission, subject, now):
            yield Witness(code, None, None, _row(access, decision.grant))
    for row in access.shelves["delegations"].rows.values():
        deputy = Party(row["deputy"], on_behalf_of=row["principal"])
        if decision := access.decide(deputy, permission, subject, now):
            grant = _row(access, decision.grant)
            yield Witness(row["deputy"], None, row["principal"], grant)
    for row in access.shelves["api_keys"].rows.values():
        if access.decide(Party(None, key=row["id"]), permission, subject, now):
            yield Witness(None, row["prefix"], None, _public(row))


def grants_of(access: Access, party: Party, now: datetime) -> list[Row]:
    """Return the grants of a party that are in effect, or its key."""
    rows = (_row(access, each.id) for each in access.holdings(party, now))
    return [row for row in rows if row is not None]


def _row(access: Access, id_: str | None) -> Row | None:
    """Return what may be told of a grant or a key."""
    if id_ is None:
        return None
    found = access.shelves["grants"].rows.get(id_) or access.shelves["api_keys"].rows.get(id_)
    return None if found is None else _public(found)


def _public(row: Row) -> Row:
    names = ("id", "employee", "prefix", "role", "unit", "reach", "masked", "starts", "until")
    return {name: row[name] for name in (*names, "given_by", "given_by_kind") if name in row}


def _grant(row: Row) -> str:
    """Return a grant in words."""
    what = f"the role {row['role']} at {row['unit']} and below, {_REACH[row.get('reach', 'unit')]}"
    until = f", until {row['until'].isoformat()}" if row["until"] else ""
    who, kind = row.get("given_by"), row.get("given_by_kind")
    by = f", given by {who if kind == 'person' else f'the {kind} {who}'}" if who else ""
    return f"{what}{until}{by}"


def _missing(access: Access, party: Party, permission: str, now: datetime) -> Iterator[str]:
    """Yield what is in the way, the grants that come near first."""
    if party.employee is not None and not access.active(party.employee):
        yield f"{party.employee} is not an employee."
    if party.on_behalf_of is not None:
        if access.person(party, now) is None:
            yield f"{party.employee} has no delegation of {party.on_behalf_of} in effect."
        if changes_permissions(permission):
            yield "Nobody changes permissions on behalf of others."
    holder = party.on_behalf_of or party.employee
    rows: list[Row] = list(access.shelves["grants"].find(holder))
    if party.key is not None:
        rows += filter(None, [access.shelves["api_keys"].rows.get(party.key)])
    near = [row for row in rows if access.permits(row["role"], permission)]
    for row in near:
        yield f"{_grant(_public(row)).capitalize()}: {_fault(access, row, now)}."
    retired = {row["role"] for row in rows if not access.permits(row["role"], "unit.read")}
    for code in sorted(retired):
        role = access.shelves["roles"].one(code)
        if role is not None and role["state"] != "active":
            yield f"The role {code} is retired."
    if not near:
        roles = access.shelves["roles"].rows.values()
        having = sorted(row["code"] for row in roles if access.permits(row["code"], permission))
        yield f"No role held has {permission}; these have: {', '.join(having) or 'none'}."


def _fault(access: Access, row: Row, now: datetime) -> str:
    holding = of_grant(row) if "employee" in row else of_key(row)
    if holding is None:
        return "it was revoked"
    if holding.starts is not None and holding.starts > now:
        return "it has not begun"
    if not holding.live(now):
        return "it has ended"
    view: View = access.view(holding)
    if view.owners is not None:
        return "the record is none of these"
    return "the record is not there"
