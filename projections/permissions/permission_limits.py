"""Limits: what nobody may do with permissions, whatever their own: the rules that guard them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain.permissions.permission import LastAdministrator, OwnPermissions, WiderThanOwn, expand
from projections.kernel.read_model import Row
from projections.kernel.visibility.visibility import Party
from projections.permissions.access_control import Access
from projections.permissions.holdings import Holding, of_grant, of_key


def require_limits(before: Access, after: Access, record: str, party: Party, now: datetime) -> None:
    """See to it that a party keeps within what everybody must who changes permissions.

    Args:
        before: What held before the command.
        after: What will hold after it.
        record: The id of the record that the command changes.
        party: Who commands.
        now: When.

    Raises `OwnPermissions`, `WiderThanOwn` or `LastAdministrator`.
    """
    giver = _Giver(before, party, now)
    for name, check in _CHECKS.items():
        row = after.shelves[name].rows.get(record)
        old = before.shelves[name].rows.get(record)
        if row is not None and row is not old:
            check(giver, row, old)
    if _administered(before, now) and not _administered(after, now):
        raise LastAdministrator


class _Giver:
    """Who changes permissions, and what they could give away."""

    def __init__(self, access: Access, party: Party, now: datetime) -> None:
        self.access = access
        self.party = party
        self.now = now
        self.people = {party.employee, party.on_behalf_of} - {None}

    def grant(self, row: Row, old: Row | None) -> None:
        if row["employee"] in self.people:
            raise OwnPermissions(None if old else "employee")
        if holding := of_grant(row):
            self.require(holding, self.role(holding.role), "role")

    def api_key(self, row: Row, _: Row | None) -> None:
        if row["id"] == self.party.key:
            raise OwnPermissions
        if holding := of_key(row):
            self.require(holding, self.role(holding.role), "role")

    def delegation(self, row: Row, _: Row | None) -> None:
        if row["state"] != "active":
            return
        if row["deputy"] in self.people:
            raise OwnPermissions("deputy")
        if row["principal"] not in self.people:
            self.require_all(self.access.shelves["grants"].find(row["principal"]), "principal")

    def employee(self, row: Row, old: Row | None) -> None:
        if row["state"] == "active" and (old is None or old["state"] != "active"):
            self.require_all(self.access.shelves["grants"].find(row["code"]), None)

    def team(self, row: Row, old: Row | None) -> None:
        """Nobody brings others into a team whose records they see by it."""
        members, before = set(row["members"]), set(old["members"] if old else ())
        mine = members & self.people
        if not (members - before) or members == mine or row["state"] != "active":
            return
        for person in mine:
            for holding in map(of_grant, self.access.shelves["grants"].find(person)):
                if holding and holding.reach == "team" and not self._over(holding):
                    raise OwnPermissions("employee")

    def _over(self, holding: Holding) -> bool:
        return holding.until is not None and holding.until <= self.now

    def changed_role(self, row: Row, old: Row | None) -> None:
        if any(each.role == row["code"] for each in self.access.holdings(self.party, self.now)):
            raise OwnPermissions
        added = expand(row["permissions"]) - (expand(old["permissions"]) if old else frozenset())
        if row["state"] != "active" or not added:
            return
        everywhere = frozenset[str]()
        here = Holding(row["id"], None, row["code"], row["unit"], "unit", everywhere, None, None)
        for holding in (here, *_held(self.access, row["code"])):
            if holding.until is None or holding.until > self.now or holding is here:
                self.require(holding, added, "permissions", timeless=holding is here)

    def role(self, code: str) -> frozenset[str]:
        row = self.access.shelves["roles"].one(code)
        return expand(row["permissions"]) if row else frozenset()

    def require_all(self, grants: Iterable[Row], field: str | None) -> None:
        """Require of the giver whatever these grants give, now or later."""
        for holding in map(of_grant, grants):
            if holding and (holding.until is None or holding.until > self.now):
                self.require(holding, self.role(holding.role), field)

    def require(
        self,
        holding: Holding,
        permissions: Iterable[str],
        field: str | None,
        *,
        timeless: bool = False,
    ) -> None:
        """Require of the giver all that a holding gives: as wide, as open, for as long."""
        ends = {
            each.id: each.until for each in self.access.holdings(self.party, self.now) if each.until
        }
        for permission in permissions:
            for view in self.access.sight(self.party, permission, self.now).views:
                end = None if timeless else ends.get(view.grant)
                if (
                    (view.units is None or holding.unit in view.units)
                    and view.owners is None
                    and view.masked <= holding.masked
                    and (end is None or (holding.until is not None and holding.until <= end))
                ):
                    break
            else:
                raise WiderThanOwn(field)


_CHECKS = {
    "grants": _Giver.grant,
    "api_keys": _Giver.api_key,
    "delegations": _Giver.delegation,
    "employees": _Giver.employee,
    "roles": _Giver.changed_role,
    "teams": _Giver.team,
}


def _held(access: Access, role: str) -> Iterator[Holding]:
    """Yield what is held by a role, now or later."""
    for row in access.shelves["grants"].find(("role", role)):
        if holding := of_grant(row):
            yield holding
    for row in access.shelves["api_keys"].find(("role", role)):
        if holding := of_key(row):
            yield holding


def _administered(access: Access, now: datetime) -> bool:
    """Tell whether anybody has an unlimited grant of everything at the top."""
    top = access.organisation.root
    return any(
        each.unit == top
        and each.reach == "unit"
        and each.until is None
        and not each.masked
        and each.live(now)
        and each.holder is not None
        and access.active(each.holder)
        for row in access.shelves["roles"].rows.values()
        if row["state"] == "active" and "*" in row["permissions"]
        for each in _held(access, row["code"])
    )
