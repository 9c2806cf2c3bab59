"""The comparison of what is made and moved: by whom it may be, and whose it is then."""

from __future__ import annotations

import random
from typing import Any

from adapters.commands.executor import Call
from adapters.refusals import NotPermitted, UnknownId
from domain.kernel.aggregate import Origin, new_id
from projections.kernel.visibility.visibility import Party
from tests.api.generated_case import Case
from tests.api.oracle import Oracle, Who, facts_of

MAKING = {"customer": ("register", "name"), "opportunity": ("open", "title")}
MOVING = ("customer", "opportunity", "service-ticket")


class Places:
    """Lets parties make and move records, and foretells each outcome from what is so."""

    def __init__(self, case: Case, seed: int) -> None:
        """Begin with what is so now."""
        self._case, self._chance = case, random.Random(seed)
        self._position, self._facts = case.now.position, facts_of([], case.now.facts)
        self._oracle = Oracle(self._facts, case.now.time)
        units = self._oracle.units.values()
        self._units = [each["code"] for each in units if not each["over"]]
        self.outcomes: list[tuple[str, str, str]] = []
        """Of each attempt what it was, what came of it, and what the oracle said."""

    def make(self, who: Who) -> None:
        """Let a party make a record at some unit, perhaps for somebody."""
        kind = self._chance.choice(sorted(MAKING))
        verb, name = MAKING[kind]
        unit, body = self._chance.choice(self._units), dict[str, Any]()
        person = self._oracle.person(who)
        if kind == "opportunity" and person and self._chance.random() < 0.3:
            body["manager"] = person
        views = self._oracle.views(who, f"{kind}.{verb}")
        fact = {"kind": kind, "unit": unit, "team": set(), "over": "", **body}
        wanted = "made"
        if self._oracle.hidden(views, fact) is None:
            own = {**fact, "manager": person}
            kept = person is not None and self._oracle.hidden(views, own) is not None
            wanted = "made as their own" if kept else "403"
        body |= {name: f"made {len(self.outcomes)}", "unit": unit}
        got, id_ = self._do(who, f"{kind}.{verb}", None, body)
        if got == "done":
            kept = "manager" not in body and self._facts[id_].get("manager") == person
            got = "made as their own" if kept and person else "made"
        self.outcomes.append((f"{who} {kind}.{verb} at {unit} {body}", got, wanted))

    def move(self, who: Who) -> None:
        """Let a party transfer an open record to another unit."""
        kind = self._chance.choice(MOVING)
        open_ = [i for i, f in self._facts.items() if f["kind"] == kind and not f["over"]]
        id_ = self._chance.choice(open_)
        fact = self._facts[id_]
        unit = self._chance.choice([each for each in self._units if each != fact["unit"]])
        rises = kind == "service-ticket" and self._oracle.below(fact["unit"], unit)
        views = self._oracle.views(who, f"{kind}.transfer")
        wanted = "done"
        if self._oracle.hidden(self._oracle.views(who, f"{kind}.read"), fact) is None:
            wanted = "404"
        elif self._oracle.hidden(views, fact) is None or (
            not rises and self._oracle.hidden(views, {**fact, "unit": unit}) is None
        ):
            wanted = "403"
        got, _ = self._do(who, f"{kind}.transfer", id_, {"unit": unit, "reason": "x"})
        self.outcomes.append((f"{who} {kind}.transfer {fact['unit']} to {unit}", got, wanted))

    def _do(self, who: Who, command: str, id_: str | None, body: dict[str, Any]) -> tuple[str, str]:
        party = Party(who.employee, who.key, who.principal)
        origin = Origin(who.employee or "key", "group", new_id(), who.principal)
        parts = self._case.parts
        try:
            made = parts.executor.execute(
                Call(command, id_, body, origin, keyed=False, party=party)
            ).id
        except UnknownId:
            return "404", ""
        except NotPermitted:
            return "403", ""
        news = parts.journal.read(self._position, 1000)
        self._position = news[-1].position
        self._facts = self._oracle.facts = facts_of(news, self._facts)
        return "done", made
