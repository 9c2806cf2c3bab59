"""The oracle: who may see what, told plainly from the events, by no code of the product."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from domain.kernel.aggregate import Recorded

Facts = dict[str, dict[str, Any]]
"""What is so, by the id of each record: what its events stated last, and its kind, team and end."""

OWN = {"employee.read", "grant.read", "team.read", "delegation.read"}
OWN |= {"delegation.give", "delegation.withdraw"}
ABOUT_PERMISSIONS = {"role", "grant", "delegation", "api-key"}
OWNERS = ("manager", "owner")
NAMING_ONLY = {"team", "campaign"}
"""Kinds whose facts name customers that they are not of."""
WITH = {"amount": {"cost"}}
"""What is hidden with a class of fields that is masked."""

OVER = {"left", "closed", "merged", "merged-into", "revoked", "withdrawn", "retired"}
OVER |= {"dissolved", "abandoned"}


def facts_of(events: Iterable[Recorded], before: Facts | None = None) -> Facts:
    """Return what is so after some events, perhaps with what was so before them."""
    facts = {id_: {**fact, "team": {*fact["team"]}} for id_, fact in (before or {}).items()}
    for event in events:
        fact = facts.setdefault(event.stream, {"team": set(), "over": ""})
        verb = event.type.partition(".")[2]
        given = {name: value for name, value in event.data.items() if value is not None}
        team = given.pop("team", ())  # what a merge brings, or takes away when it is undone
        fact |= given
        fact["kind"] = event.aggregate  # events have a kind of their own, as of a fault
        if verb.endswith("member-added"):
            fact["team"].add(event.data["employee"])
        elif verb.endswith("member-removed"):
            fact["team"].discard(event.data["employee"])
        elif verb == "manager-released":
            fact["manager"] = None
        elif event.type == "service-ticket.transferred":
            fact["owner"] = None
        elif event.type == "customer.absorbed":
            fact["team"].update(team)
        elif event.type == "customer.gave-back":
            fact["team"].difference_update(team)
        if verb in OVER:
            fact["over"] = verb
        elif verb in ("reengaged", "separated"):
            fact["over"] = ""
    return facts


class Who(NamedTuple):
    """Who asks: an employee, perhaps for a principal; or a key by its id."""

    employee: str | None = None
    principal: str | None = None
    key: str | None = None


class View(NamedTuple):
    """What is shown: below all of these units, of one of the owners in each set, not the masked."""

    tops: tuple[str, ...]
    owners: tuple[frozenset[str], ...]
    masked: frozenset[str]


class Oracle:
    """Knows who may what by the facts of now, and where records belong by the facts given."""

    def __init__(self, facts: Facts, now: datetime) -> None:
        """Take what is so."""
        self.facts, self.now = facts, now.isoformat()
        self.units = {each["code"]: each for each in self._all("unit")}

    def _all(self, kind: str, **wanted: Any) -> Iterator[dict[str, Any]]:
        for each in self.facts.values():
            if each["kind"] == kind and all(each.get(n) == v for n, v in wanted.items()):
                yield each

    def live(self, fact: dict[str, Any]) -> bool:
        """Tell whether something given is in effect."""
        begun = fact.get("starts") is None or fact["starts"] <= self.now
        return not fact["over"] and begun and (not fact.get("until") or self.now < fact["until"])

    def below(self, unit: str | None, top: str) -> bool:
        """Tell whether a unit is, or leads to, another one."""
        while unit is not None and unit != top:
            row = self.units.get(unit, {"over": "", "parent": "group"})
            ended = {"": "parent", "merged": "into", "closed": "successor"}[row["over"]]
            unit = row.get(ended)
        return unit == top

    def person(self, who: Who) -> str | None:
        """Return the employee whose grants count."""
        for each in filter(None, (who.employee, who.principal)):
            if not any(self._all("employee", code=each, over="")):
                return None
        if who.principal is None:
            return who.employee
        given = self._all("delegation", principal=who.principal, deputy=who.employee)
        return who.principal if any(map(self.live, given)) else None

    def views(self, who: Who, permission: str) -> list[View]:
        """Return what each grant shows under a permission."""
        person, kind = self.person(who), permission.partition(".")[0]
        if who.principal and kind in ABOUT_PERMISSIONS and not permission.endswith(".read"):
            return []
        held = list(self._all("grant", employee=person)) if person else []
        if who.key is not None:
            held = [self.facts[who.key]]
        found = []
        if person and permission in OWN:
            found.append(View(("group",), (frozenset({person}),), frozenset()))
        for each in filter(self.live, held):
            roles = self._all("role", code=each["role"], over="")
            if any(fnmatchcase(permission, p) for role in roles for p in role["permissions"]):
                reach = each.get("reach", "unit")
                owners = {each["employee"], *self.mates(each)} if reach != "unit" else None
                of = () if owners is None else (frozenset(owners),)
                masked = {*each["masked"]}.union(*(WITH.get(name, ()) for name in each["masked"]))
                found.append(View((each["unit"],), of, frozenset(masked)))
        return found

    def mates(self, grant: dict[str, Any]) -> set[str]:
        """Return those of the live teams of the holder of a grant that reaches to the team."""
        teams = [each["team"] for each in self._all("team", over="")]
        mine = [team for team in teams if grant["employee"] in team]
        return set[str]().union(*mine) if grant["reach"] == "team" else set()

    def owners(self, fact: dict[str, Any], facts: Facts) -> set[str]:
        """Return the employees whose own record it is."""
        own: set[str] = {fact[name] for name in OWNERS if fact.get(name)} | fact["team"]
        own |= {
            *({fact["code"]} if fact["kind"] == "employee" else ()),
            *({fact["employee"]} if fact["kind"] == "grant" else ()),
            *({fact["principal"], fact["deputy"]} if fact["kind"] == "delegation" else ()),
        }
        if fact["kind"] not in NAMING_ONLY and fact.get("customer_id"):
            own |= self.owners(facts[fact["customer_id"]], facts)
        return own

    def hidden(
        self, views: list[View], fact: dict[str, Any], facts: Facts | None = None
    ) -> frozenset[str] | None:
        """Return the classes that are masked in a record, `None` when it is not in sight."""
        units = fact.get("units") or [fact.get("unit")]
        owners = self.owners(fact, facts or self.facts)
        masks = [
            view.masked
            for view in views
            if any(
                all(top == "group" or (unit and self.below(unit, top)) for top in view.tops)
                for unit in units
            )
            and (not view.owners or owners.intersection(*view.owners))
        ]
        return frozenset.intersection(*masks) if masks else None

    def closed(self, views: list[View]) -> frozenset[str]:
        """Return the classes that some grant masks where no other one, as wide, shows them."""
        return frozenset(
            of
            for view in views
            for of in view.masked
            if not any(self.within(view, other) for other in views if of not in other.masked)
        )

    def within(self, one: View, other: View) -> bool:
        """Tell whether all that one grant shows another one shows, too."""
        return all(any(self.below(a, b) for a in one.tops) for b in other.tops) and all(
            any(a <= b for a in one.owners) for b in other.owners
        )

    def nowhere(self, views: list[View], of: str) -> bool:
        """Tell whether there are grants, and all of them mask a class."""
        return bool(views) and all(of in view.masked for view in views)

    def both(self, one: list[View], other: list[View]) -> list[View]:
        """Return what is in sight under two permissions at once."""
        return [
            View(a.tops + b.tops, a.owners + b.owners, a.masked | b.masked)
            for a in one
            for b in other
        ]
