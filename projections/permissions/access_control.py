"""Access: who may do what where, decided from roles, grants, delegations and the organisation."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from domain.kernel.aggregate import Recorded
from domain.permissions.permission import matches
from projections.kernel.read_model import Passes, Row, fold, read_models
from projections.kernel.visibility.unit_tree import Organisation
from projections.kernel.visibility.visibility import Decision, Party, Sight, Subject, View
from projections.permissions.holdings import Holding, in_effect, of_grant, of_key
from projections.permissions.keyed_rows import Keys, Shelf

SELF = frozenset(
    {
        *("employee.read", "grant.read", "team.read"),
        *("delegation.read", "delegation.give", "delegation.withdraw"),
    }
)
"""What every employee may with records of their own, without a grant."""

PUBLIC = frozenset({"unit.read", "role.read", "working-calendar.read"})
"""What everybody may who has signed in."""

OF_PERMISSIONS = frozenset({"role", "grant", "delegation", "api-key"})
"""Kinds of records that say what somebody may: no deputy changes them on behalf of others."""

_FAR = datetime.max.replace(tzinfo=UTC)
_KEPT = 100_000  # sights; a system with more parties works them out again now and then


def _code(row: Row) -> Iterable[Hashable]:
    return (row["code"],)


_KEYS: dict[str, Keys] = {
    "units": _code,
    "employees": _code,
    "teams": lambda row: row["members"],
    "roles": _code,
    "grants": lambda row: (row["employee"], ("role", row["role"])),
    "delegations": lambda row: (row["deputy"], ("principal", row["principal"])),
    "api_keys": lambda row: (row["prefix"], ("role", row["role"])),
}
_MATTERS = {
    "units": ("code", "parent", "state", "successor"),
    "employees": ("code", "state"),
    "teams": ("members", "state"),
    "roles": ("code", "permissions", "state"),
    "grants": ("employee", "role", "unit", "reach", "masked", "starts", "until", "state"),
    "delegations": ("principal", "deputy", "starts", "until", "state"),
    "api_keys": ("role", "unit", "masked", "until", "state"),
}
"""The columns, by read model, that decide what anybody sees."""

ACCESS_MODELS = frozenset(_KEYS)
"""The read models that access is decided from."""

ACCESS_KINDS = frozenset(
    {"unit", "employee", "team", "role", "grant", "delegation", "api-key"},
)
"""The aggregates behind them."""


class Access:
    """What was known at a position about who may do what. Immutable.

    `after` gives the next one, which shares with this one whatever the events left alone.
    """

    __slots__ = ("_sights", "missed", "organisation", "position", "shelves")

    def __init__(
        self,
        position: int = 0,
        shelves: Mapping[str, Shelf] | None = None,
        organisation: Organisation | None = None,
    ) -> None:
        """Know nothing yet, or what is on the shelves of another."""
        self.position = position
        self.shelves = shelves or {name: Shelf(keys) for name, keys in _KEYS.items()}
        self.organisation = organisation or Organisation(self.shelves["units"].rows.values())
        self.missed: frozenset[str] = frozenset()
        """Streams with events that could not be applied: some before them are not known."""
        self._sights: dict[tuple[Party, str], tuple[datetime, datetime, Sight]] = {}

    @classmethod
    def of(cls, position: int, rows: Mapping[str, Iterable[Row]]) -> Access:
        """Return what rows say, by read model, that hold all events up to a position."""
        shelves = {name: Shelf(keys, rows.get(name, ())) for name, keys in _KEYS.items()}
        return cls(position, shelves)

    def after(
        self,
        events: Iterable[Recorded],
        position: int | None = None,
        passes: Callable[[str], Passes] | None = None,
    ) -> Access:
        """Return what is known after more events, oldest first; repeats change nothing.

        Args:
            events: All events of these kinds since `self.position`; others are passed over.
            position: Up to here there are no more; by default the last event's position.
            passes: Tells, for a read model, which events that cannot be folded are passed over.
        """
        events = list(events)
        if position is None:
            position = events[-1].position if events else self.position
        shelves = dict(self.shelves)
        models, missed = read_models(), set[str]()
        structure = matters = False
        for name, shelf in self.shelves.items():
            mine = [each for each in events if each.aggregate == models[name].aggregate]
            if not mine:
                continue
            passed = None if passes is None else passes(name)
            folded = fold(models[name], shelf.rows, mine, keep_versions=False, passes=passed)
            missed.update(stream for stream, _ in folded.parked)
            shelves[name] = shelf.after(folded.rows)
            changed = any(
                _differ(shelf.rows.get(id_), row, _MATTERS[name])
                for id_, row in folded.rows.items()
            )
            structure |= changed and name == "units"
            matters |= changed
        access = Access(position, shelves, None if structure else self.organisation)
        access.missed = frozenset(missed)
        if not matters:
            access._sights = self._sights
        return access

    def above(self, unit: str) -> tuple[str, ...]:
        """Return the unit, or what has succeeded it, and all above it, nearest first."""
        return self.organisation.above(unit)

    def units_above(self, unit: str) -> Iterator[Row]:
        """Yield the rows of those units."""
        yield from filter(None, map(self.shelves["units"].one, self.above(unit)))

    def under(self, unit: str) -> frozenset[str]:
        """Return the codes of the unit and of all that is below it, ended units among them."""
        return self.organisation.under(unit)

    def employee(self, code: str) -> Row | None:
        """Return the row of an employee, by code."""
        return self.shelves["employees"].one(code)

    def api_key(self, prefix: str) -> Row | None:
        """Return the row of an API key, by its prefix."""
        return self.shelves["api_keys"].one(prefix)

    def decide(
        self, party: Party, permission: str, subject: Subject | None, now: datetime
    ) -> Decision:
        """Decide whether a party may do something with a record; without one, anywhere at all."""
        sight = self.sight(party, permission, now)
        for view in sight.views:
            if subject is None or view.covers(subject):
                return Decision(view.grant)
        who = party.on_behalf_of or party.employee or "This key"
        if not sight.views:
            return Decision(None, f"{who} has the permission {permission} nowhere.")
        return Decision(None, f"{who} has the permission {permission}, but not here.")

    def sight(self, party: Party, permission: str, now: datetime) -> Sight:
        """Return what a party sees under a permission."""
        known = self._sights.get((party, permission))
        if known is not None and known[0] <= now < known[1]:
            return known[2]
        views = tuple(self._views(party, permission, now))
        moments = [moment for moment in self._moments(party) if moment is not None]
        since = max((each for each in moments if each <= now), default=now)
        until = min((each for each in moments if each > now), default=_FAR)
        sight = Sight(tuple(sorted(views, key=_narrow)))
        if len(self._sights) >= _KEPT:
            self._sights.clear()
        self._sights[party, permission] = (since, until, sight)
        return sight

    def _views(self, party: Party, permission: str, now: datetime) -> Iterator[View]:
        """Yield what each grant of a party shows under a permission."""
        person = self.person(party, now)
        if person is None and (party.key is None or party.on_behalf_of is not None):
            return
        if party.on_behalf_of is not None and changes_permissions(permission):
            return
        held = list(self.holdings(party, now))
        if permission in PUBLIC and (person is not None or held):
            yield View("self")
        elif permission in SELF and person is not None:
            yield View("self", owners=frozenset({person}))
        for holding in held:
            if self.permits(holding.role, permission):
                yield self.view(holding)

    def person(self, party: Party, now: datetime) -> str | None:
        """Return the employee whose grants apply, `None` when none does: a system, or departed."""
        if party.employee is None or not self.active(party.employee):
            return None
        if party.on_behalf_of is None:
            return party.employee
        principal = party.on_behalf_of
        delegated = any(True for _ in self.delegations(party.employee, principal, now))
        return principal if delegated and self.active(principal) else None

    def active(self, employee: str) -> bool:
        """Tell whether somebody is an employee now."""
        row = self.employee(employee)
        return row is not None and row["state"] == "active"

    def delegations(self, deputy: str, principal: str, now: datetime) -> Iterator[Row]:
        """Yield the delegations in effect from a principal to a deputy."""
        for row in self.shelves["delegations"].find(deputy):
            given = row["principal"] == principal and row["state"] == "active"
            if given and in_effect(row["starts"], row["until"], now):
                yield row

    def holdings(self, party: Party, now: datetime) -> Iterator[Holding]:
        """Yield the roles that a party holds now, by its grants or by its principal's."""
        person = self.person(party, now)
        if person is not None:
            held = map(of_grant, self.shelves["grants"].find(person))
        else:
            held = map(of_key, self._key(party))
        yield from (each for each in held if each is not None and each.live(now))

    def permitted_at(self, party: Party, permission: str, now: datetime) -> frozenset[str]:
        """Return the codes of the units at which a party has a permission for all records."""
        return frozenset(
            each.unit
            for each in self.holdings(party, now)
            if each.reach == "unit" and self.permits(each.role, permission)
        )

    def _key(self, party: Party) -> list[Row]:
        row = None
        if party.key is not None and party.employee is None and party.on_behalf_of is None:
            row = self.shelves["api_keys"].rows.get(party.key)
        return [] if row is None else [row]

    def _moments(self, party: Party) -> Iterator[datetime | None]:
        """Yield the moments at which what a party may changes by itself."""
        rows = [*self.shelves["grants"].find(party.on_behalf_of or party.employee)]
        if party.on_behalf_of is not None:
            rows += self.shelves["delegations"].find(party.employee)
        rows += self._key(party)
        for row in rows:
            yield row.get("starts")
            yield row["until"]

    def permits(self, role: str, permission: str) -> bool:
        """Tell whether a role, which may have been retired, has a permission."""
        row = self.shelves["roles"].one(role)
        if row is None or row["state"] != "active":
            return False
        return any(matches(pattern, permission) for pattern in row["permissions"])

    def view(self, holding: Holding) -> View:
        """Return what a holding shows under each permission of its role."""
        top = holding.unit == self.organisation.root
        units = None if top else self.under(holding.unit)
        owners = None
        if holding.reach != "unit" and holding.holder is not None:
            mates = (
                mate
                for team in self.shelves["teams"].find(holding.holder)
                if holding.reach == "team" and team["state"] == "active"
                for mate in team["members"]
            )
            owners = frozenset({holding.holder, *mates})
        return View(holding.id, units, owners, holding.masked)


def changes_permissions(permission: str) -> bool:
    """Tell whether a permission is about changing what somebody may."""
    kind, _, verb = permission.partition(".")
    return kind in OF_PERMISSIONS and verb != "read"


def _differ(before: Row | None, after: Row, columns: Iterable[str]) -> bool:
    return before is None or any(before[name] != after[name] for name in columns)


def _narrow(view: View) -> tuple[Any, ...]:
    """Return what sorts views so that the widest is looked at first."""
    return (view.units is not None, view.owners is not None, len(view.masked))
