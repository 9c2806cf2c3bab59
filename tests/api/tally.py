"""A tally: what was told, what the oracle says, how many values were compared."""

from __future__ import annotations

import dataclasses
import random
import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from adapters.commands.past_ownership import Belonging
from api.kernel.access.authentication import Principal
from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from api.kernel.reading.read_parameters import JSON
from domain.kernel.aggregate import Recorded
from projections.kernel.lists.list_query import Question, question
from projections.kernel.read_model import ReadModel, read_models
from projections.kernel.summary import Summary
from projections.kernel.visibility.visibility import Party, Sight, Sights
from tests.api.generated import World
from tests.api.oracle import Facts, Oracle, View, Who, facts_of

TOKEN = re.compile(r"zq[a-z]\d{4}[a-z]|7[12567]\d{6}(?=\.5)|\b7[34]\d{8}\b|\b19[5-9]\d-\d\d-\d\d\b")
"""What tells a value of the world in any text."""


class Ways:
    """The ways out, as the routes go them."""

    seeing: type[Seeing] = Seeing

    def __init__(self, parts: Parts) -> None:
        """Go through the parts of a running server."""
        self.parts = parts

    def see(self, party: Party) -> Seeing:
        """See as a party."""
        seeing = self.seeing(self.parts, Principal("somebody", "group", party=party))
        seeing.again()
        return seeing

    def asked(self, model: ReadModel, see: Seeing, **more: Any) -> Question:
        """Ask for a list."""
        sight = see.sight(f"{model.aggregate}.read")
        return question(model, more.pop("where", {}), sight=sight, under=see.under, **more)

    def sums(self, see: Seeing, summary: Summary) -> Sight | Sights:
        """Return what is seen of what records come to."""
        return see.of(summary)


@dataclasses.dataclass
class Moment:
    """A moment whose records are asked for: its position, its time, and what was so."""

    position: int
    time: datetime
    facts: Facts


class Tally:
    """What the oracle says of one party after the other, and how often Keyline says otherwise."""

    def __init__(
        self, ways: Ways, world: World, now: Moment, then: Moment, events: list[Recorded]
    ) -> None:
        """Take the ways out and what the oracle is to know."""
        self.ways, self.world, self.now, self.then, self.events = ways, world, now, then, events
        self.chance = random.Random(world.chance.random())
        self.oracle = Oracle(now.facts, now.time)
        self.counted: Counter[str] = Counter()
        self.differences: list[str] = []
        self.models = {
            model.aggregate: model
            for model in read_models().values()
            if not model.scope.public and model.aggregate != "handover"
        }
        self.belonging: dict[str, Belonging | None] = {}
        self.text: dict[str, set[str]] = {}

    def seen(self, permission: str) -> list[View]:
        """Return what the oracle shows the party under a permission."""
        if permission not in self.views:
            self.views[permission] = self.oracle.views(self.who, permission)
        return self.views[permission]

    def equal(self, way: str, about: Any, got: Any, wanted: Any) -> None:
        """Compare one thing."""
        self.counted[way] += 1
        if got != wanted:
            self.differences.append(f"{self.who} {way} {about}: {got!r}, the oracle: {wanted!r}")

    def told(self, way: str, got: Any, wanted: set[str], among: Iterable[str]) -> None:
        """Compare which of some values were told."""
        found = self.found(got)
        among = set(among)
        self.counted[way] += len(among)
        for token in (found ^ wanted) & (among | found):
            record, of = self.world.tokens.get(token, ("nothing", ""))
            side = "shown" if token in found else "not shown"
            self.differences.append(f"{self.who} {way}: {token} ({of or 'open'}) {side}; {record}")

    def found(self, got: Any) -> set[str]:
        """Return the values of the world in an answer."""
        text = got if isinstance(got, str) else orjson.dumps(got, default=str, option=JSON).decode()
        return set(TOKEN.findall(text))

    def tokens(
        self, kinds: Iterable[str], facts: Facts, views: dict[str, list[View]] | None = None
    ) -> set[str]:
        """Return the values of records of some kinds that are in sight."""
        hidden = {
            id_: self.oracle.hidden(
                (views or {}).get(fact["kind"], self.seen(f"{fact['kind']}.read")), fact, facts
            )
            for id_, fact in facts.items()
            if fact["kind"] in kinds
        }
        return self.among(hidden)

    def among(self, hidden: dict[str, frozenset[str] | None]) -> set[str]:
        """Return the values in some records, each without what is hidden in it."""
        found = set()
        for token, (record, of) in self.world.tokens.items():
            masks = hidden.get(record)
            if masks is not None and of not in masks:
                found.add(token)
        return found

    def universe(self, kinds: Iterable[str]) -> set[str]:
        """Return all values in records of some kinds."""
        facts = self.now.facts
        return {t for t, (id_, _) in self.world.tokens.items() if facts[id_]["kind"] in kinds}

    def begin(self, who: Who) -> None:
        """Turn to a party."""
        self.who, self.views = who, dict[str, list[View]]()
        self.party = Party(who.employee, who.key, who.principal)
        self.see = self.ways.see(self.party)


def moment(parts: Parts) -> Moment:
    """Return this moment; nothing is being written."""
    events = parts.journal.read(0, 100_000)
    last = events[-1]
    return Moment(last.position, last.time, facts_of(events))
