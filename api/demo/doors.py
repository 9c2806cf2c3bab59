"""Doors of the demo data: a few people with a password each, so that their roles can be tried."""

from __future__ import annotations

import dataclasses
import secrets
from random import Random

from adapters.identity.passwords import Passwords
from adapters.journal.journal import Journal
from api.demo.organisation import MANAGERS, level_of, officers
from api.demo.people import Person, people
from api.demo.places import GROUP, NETWORKS, PROVINCES, Unit, staff

_LETTERS = "bcdfghjkmnpqrtvwxz"
"""Without vowels: no name and no word comes of them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Door:
    """Somebody of the demo data: who it is, the roles there, and the unit of these."""

    person: Person
    roles: tuple[str, ...]
    unit: Unit


def doors(seed: int = 1) -> list[Door]:
    """Return some people of the demo data of a seed, of as many kinds of roles as can be."""
    names = people(Random(seed))
    team, duties = staff(names), officers(names)
    seller = ("account-manager", "service-agent")
    chiefs = [
        Door(team[unit.code][0], (MANAGERS[level_of(unit)], *seller), unit)
        for unit in (GROUP, PROVINCES[0], NETWORKS[0])
    ]
    analyst = Door(duties["analyst"], ("analyst",), GROUP)
    return [*chiefs, Door(team[NETWORKS[0].code][1], seller, NETWORKS[0]), analyst]


def unlock(journal: Journal, seed: int = 1) -> list[tuple[Door, str]]:
    """Give each a password made by chance; returns these in the clear. Takes half a second."""
    passwords = Passwords(journal.engine)
    found = [(each, "".join(secrets.choice(_LETTERS) for _ in range(16))) for each in doors(seed)]
    for door, password in found:
        passwords.put(door.person.code, password)
    return found
