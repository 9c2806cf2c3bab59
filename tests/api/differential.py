"""The comparison: for a party and a way out, what Keyline gives with what the oracle says."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapters.commands.executor import Call
from adapters.commands.past_ownership import belonging
from adapters.journal.feed import Filter, feed
from adapters.refusals import NotPermitted, StaleVersion, UnknownId
from api.kernel.access.visibility import both
from api.reads.chains import _links, _told
from api.reads.late_entries import _late
from api.reads.logs.event_shown import shown
from domain.kernel.aggregate import Origin, new_id
from domain.kernel.time.business_day import recorded_day
from projections.kernel.exports.exports import exported
from projections.kernel.lists.list_query import FieldMasked
from projections.kernel.reports.report import run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.result import Result
from projections.kernel.visibility.visibility import Sight
from tests.api.differential_rows import OfRows
from tests.api.differential_sums import OfSums
from tests.api.oracle import Who

COMMANDS = {
    "customer": ("customer.regrade", {"grade": "A", "reason": "x"}),
    "opportunity": ("opportunity.retitle", {"title": "x"}),
    "service-ticket": ("service-ticket.record-progress", {"note": "x"}),
    "grant": ("grant.revoke", {"reason": "x"}),
}
OF_PEOPLE = frozenset({"phone", "email", "birthday", "preferences"})
OLD = 1_000_000
"""A version that no record has: a command that is permitted is refused for it."""


class Comparison(OfRows, OfSums):
    """Compares every way out for one party after the other."""

    def of(self, who: Who) -> None:
        """Compare everything but exports for one party."""
        self.begin(who)
        with self.ways.parts.rows.connect() as self.rows:
            for model in self.models.values():
                self.lists(model)
                self.singles(model)
                self.columns(model)
            self.pages()
            self.sums()
        self._feed()
        self._late_entries()
        self._chains()
        self._decisions()
        self._reports()

    def _feed(self) -> None:
        found, _ = feed(self.ways.parts.journal, 0, 10_000)
        items = [shown(*each) for each in self.see.events(found)]
        kinds = list(self.models)
        self.told("feed", items, self.tokens(kinds, self.now.facts), self.universe(kinds))
        got = Counter(each["stream"] for each in items if each["aggregate"] in self.models)
        for id_, number in Counter(each.stream for each in self.events).items():
            fact = self.now.facts[id_]
            if fact["kind"] in self.models:
                hidden = self.oracle.hidden(self.seen(f"{fact['kind']}.read"), fact)
                self.equal("feed", id_, got[id_], 0 if hidden is None else number)

    def _late_entries(self) -> None:
        """Compare what was recorded after a position: for today it is all, as far as in sight."""
        day, upto = recorded_day(self.now.time), self.now.position
        for after in (0, self.then.position):
            items, _, _ = _late(self.ways.parts, self.see, day, after, upto, 10_000, Filter(None))
            got = Counter(each["stream"] for each in items)
            recorded = Counter(each.stream for each in self.events if each.position > after)
            for id_, number in recorded.items():
                fact = self.now.facts[id_]
                if fact["kind"] in self.models:
                    hidden = self.oracle.hidden(self.seen(f"{fact['kind']}.read"), fact)
                    self.equal("late entries", id_, got[id_], 0 if hidden is None else number)
            if not after:
                wanted = self.tokens(self.models, self.now.facts)
                self.told("late entries", items, wanted, self.universe(self.models))

    def _chains(self) -> None:
        """Compare the events of some requests, and of what these led to."""
        warehouse, position = self.ways.parts.warehouse, self.now.position
        assert warehouse is not None
        named = self.tokens(self.models, self.now.facts)
        for event in self.chance.sample(self.events, 4):
            found = _links(warehouse, event.command_id, position)
            same = {e.position for e in self.events if e.command_id == event.command_id}
            self.equal("chain of", event.command_id, same - found.keys(), set())
            wanted = set()
            for link in found.values():
                fact = self.now.facts[link.stream]
                if fact["kind"] in self.models and (
                    self.oracle.hidden(self.seen(f"{fact['kind']}.read"), fact) is not None
                ):
                    wanted.add(link.position)
            told = _told(self.ways.parts, self.see, found, 0, 1000, position)
            trees = told[0] if told else []
            got = {
                each["position"] for each in _events_of(trees) if each["aggregate"] in self.models
            }
            self.equal("chain", event.command_id, got, wanted)
            # Its sentences name other records, as far as they are in sight.
            self.told("chain", trees, self.found(trees) & named, set())

    def _decisions(self) -> None:
        for kind in self.models:
            verbs = ("read", "transfer", "revoke", "give", "move")
            permissions = [f"{kind}.{verb}" for verb in verbs] + ["report.read"]
            for id_ in self.world.ids[kind]:
                if id_ not in self.belonging:
                    journal = self.ways.parts.journal
                    self.belonging[id_] = belonging(journal, id_, self.now.position)
                belongs = self.belonging[id_]
                assert belongs is not None
                for name in permissions:
                    got = self.see.access.decide(self.party, name, belongs.subject, self.now.time)
                    wanted = self.oracle.hidden(self.seen(name), self.now.facts[id_]) is not None
                    self.equal("decision", f"{id_} {name}", bool(got), wanted)
        for kind, (command, body) in COMMANDS.items():
            for id_ in self.chance.sample(self.world.ids[kind], 4):
                fact = self.now.facts[id_]
                outcome = "allowed"
                if self.oracle.hidden(self.seen(command), fact) is None:
                    outcome = "403"
                if self.oracle.hidden(self.seen(f"{kind}.read"), fact) is None:
                    outcome = "404"
                found = self._command(command, id_, body)
                self.equal("command", f"{command} {id_}", found, outcome)

    def _command(self, command: str, id_: str, body: dict[str, Any]) -> str:
        who = self.who
        origin = Origin(who.employee or "key", "group", new_id(), who.principal)
        call = Call(command, id_, body, origin, if_match=OLD, keyed=False, party=self.party)
        try:
            self.ways.parts.executor.execute(call)
        except UnknownId:
            return "404"
        except NotPermitted:
            return "403"
        except StaleVersion:
            return "allowed"
        return "done"

    def _reports(self) -> None:
        views = self.seen("report.read")
        closed = self.oracle.closed(views)
        for position, facts in ((None, self.now.facts), (self.then.position, self.then.facts)):
            for kind, report, amount, of in (
                ("opportunity", "pipeline", "amount", "amount"),
                ("customer", "customers", "annual_revenue", "revenue"),
            ):
                hidden = {
                    id_: self.oracle.hidden(views, fact, facts)
                    for id_, fact in facts.items()
                    if fact["kind"] == kind and not fact["over"]
                }
                every = {id_: facts[id_] for id_, masks in hidden.items() if masks is not None}
                open_ = {id_: f for id_, f in every.items() if of not in (hidden[id_] or ())}
                for named, some in ((False, every), (True, open_)):
                    if named and self.oracle.nowhere(views, of):
                        masked = self._masked(report, position, amount)
                        self.equal("report masked", report, masked, True)
                        continue
                    number = "opportunities" if kind == "opportunity" else "customers"
                    got = self._figures(report, position, [number, amount] if named else [])
                    if named:
                        narrowed = len(open_) < len(every)
                        self.equal("narrowed", report, of in got.narrowed or not narrowed, True)
                    rows = {row["unit"]: row for row in got.rows()}
                    told = named or of not in closed
                    for unit in self.world.units:
                        here = [Decimal(f[amount]) for f in some.values() if f["unit"] == unit]
                        row, money = rows.get(unit, {}), str(sum(here)) if here and told else None
                        self.equal("report", unit, next(iter(self._numbers(row)), 0), len(here))
                        self.equal("report", f"{unit} {amount}", row.get(amount), money)

    def _masked(self, report: str, position: int | None, amount: str) -> bool:
        try:
            self._figures(report, position, [amount])
        except FieldMasked:
            return True
        return False

    def _figures(self, report: str, position: int | None, measures: list[str]) -> Result:
        sight: Sight = self.see.sight("report.read")
        warehouse, standpoint = self.ways.parts.warehouse, Standpoint(sight, self.see.under)
        assert warehouse is not None
        with warehouse.reader() as cursor:
            return run(
                cursor, report, ["unit"], as_of=position, measures=measures, standpoint=standpoint
            )

    def _numbers(self, row: dict[str, Any]) -> list[int]:
        return [row[name] for name in ("opportunities", "customers") if name in row]

    def _staff(self, token: str) -> bool:
        return bool(self.now.facts[self.world.tokens[token][0]]["kind"] == "employee")

    def export(self, who: Who) -> None:
        """Compare an export for one party."""
        self.begin(who)
        may, own = self.see.sight("export.read"), self.seen("export.read")
        sights = {kind: both(may, self.see.sight(f"{kind}.read")) for kind in self.models}
        warehouse = self.ways.parts.warehouse
        assert warehouse is not None
        views = {kind: self.oracle.both(own, self.seen(f"{kind}.read")) for kind in self.models}
        got = []
        with warehouse.reader() as cursor:
            for _, query in exported(cursor, self.now.position, sights):
                got.append(json.dumps(cursor.sql(query).to_arrow_table().to_pylist(), default=str))
        wanted = self.tokens(self.models, self.now.facts, views)
        # What tells of people outside the staff leaves sealed.
        wanted -= {t for t in wanted if self.world.tokens[t][1] in OF_PEOPLE and not self._staff(t)}
        self.told("export", " ".join(got), wanted, self.universe(self.models))


def _events_of(trees: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the events in the trees of a chain."""
    for command in trees:
        for event in command["events"]:
            yield event
            yield from _events_of(event["effects"])
