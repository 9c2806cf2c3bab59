"""The organisation of the demo data: its units, the people in them, and what they may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from adapters.commands.bootstrap import ADMINISTRATOR
from adapters.commands.executor import Executor
from api.demo.customers import OLDEST
from api.demo.people import Person
from api.demo.places import GROUP, NETWORKS, PROVINCES, UNITS, Unit, size
from api.demo.story import Do, Story, play

OFFICERS = (
    ("auditor", "审计专员", ()),
    ("analyst", "经营分析", ("phone", "birthday")),
    ("operator", "系统运维", ()),
    ("campaign-planner", "营销策划", ()),
)
"""Roles at the group beside its account managers: role, post, fields masked."""

FOUNDED = "2000-04-20"
"""Since when there are the units."""

STORIES = len(UNITS) - 1 + sum(map(size, UNITS)) + len(OFFICERS) + 1
"""How many stories there are: the units but the group, the people, and a team."""

MANAGERS = {"group": "group-manager", "province": "province-manager", "network": "network-manager"}
"""The role of the chief of a unit, by its level."""

_POSTS = {"group": "大客户部总经理", "province": "省大客户部主任", "network": "大客户中心主任"}


def officers(names: Iterator[Person]) -> dict[str, Person]:
    """Return the people with duties at the group, by their role."""
    return {role: next(names) for role, _, _ in OFFICERS}


def tell(
    executor: Executor,
    random: Random,
    staff: Mapping[str, Sequence[Person]],
    duties: Mapping[str, Person],
    today: date,
) -> int:
    """Open the units, engage everybody, grant them roles. Returns how many stories were told."""
    for level, units in (("province", PROVINCES), ("network", NETWORKS)):
        play(executor, f"unit/{level}", [_unit(each, level) for each in units])
    people = [
        _person(random, person, unit, today, chief=n == 0)
        for unit in UNITS
        for n, person in enumerate(staff[unit.code])
    ]
    people += [_officer(role, post, masked, duties[role]) for role, post, masked in OFFICERS]
    play(executor, "employee", people)
    play(executor, "team", [_team(staff)])
    return STORIES


def level_of(unit: Unit) -> str:
    """Return how high a unit stands."""
    return "group" if unit is GROUP else "province" if unit in PROVINCES else "network"


def _do(command: str, record: str | None = None, **body: Any) -> Do:
    return Do(command, record, body, ADMINISTRATOR, GROUP.code)


def _unit(unit: Unit, level: str) -> Story[None]:
    parent = GROUP.code if level == "province" else unit.province
    named = {"code": unit.code, "name": unit.name, "english_name": unit.english}
    yield _do("unit.open", level=level, parent=parent, **named, effective=FOUNDED)


def _person(random: Random, person: Person, unit: Unit, today: date, chief: bool) -> Story[None]:
    """Tell of somebody who looks after customers; the chief of a unit also manages it."""
    level = level_of(unit)
    post = _POSTS[level] if chief else random.choice(("客户经理", "客户经理", "高级客户经理"))
    since = today - timedelta(days=random.randint(OLDEST, 9000))
    yield _engage(person, unit, post, effective=str(since))
    grant = {"employee": person.code, "unit": unit.code}
    if chief:
        yield _do("grant.give", role=MANAGERS[level], **grant)
    yield _do("grant.give", role="account-manager", reach="own", **grant)
    yield _do("grant.give", role="service-agent", masked=["birthday", "revenue"], **grant)


def _officer(role: str, post: str, masked: Sequence[str], person: Person) -> Story[None]:
    yield _engage(person, GROUP, post)
    given = {"employee": person.code, "role": role, "unit": GROUP.code}
    yield _do("grant.give", masked=list(masked), **given)


def _engage(person: Person, unit: Unit, post: str, **more: str) -> Do:
    known = {"code": person.code, "name": person.name, "email": f"{person.code}@keyline.example"}
    return _do("employee.engage", unit=unit.code, post=post, **known, **more)


def _team(staff: Mapping[str, Sequence[Person]]) -> Story[None]:
    """Tell of a virtual team across provinces, led from the group."""
    answer = yield _do("team.form", name="全国重点客户虚拟团队", unit=GROUP.code)
    yield _do("team.add-member", answer.id, employee=staff[GROUP.code][0].code, role="lead")
    for province in PROVINCES[:4]:
        member = staff[province.code][0].code
        yield _do("team.add-member", answer.id, employee=member, role="sales")
