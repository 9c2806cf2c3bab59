"""The comparison of rows: lists, single records, and the page of a customer."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from api.kernel.reading.as_of_reads import Then, page_then, row_then
from api.reads.logs.event_shown import shown
from domain.kernel.aggregate import discover
from projections.customers.customer_page import customer_page, on_page, summed_up
from projections.kernel.lists.list_query import FieldMasked
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.lists.point_in_time import Now
from projections.kernel.read_model import ReadModel
from projections.kernel.visibility.column_masks import MASKED
from projections.kernel.visibility.sealed_columns import Opener
from tests.api.oracle import NAMING_ONLY, Facts
from tests.api.tally import Tally

BY_CLASS = {
    "customer": (("annual_revenue", "revenue"), ("it_budget", "it-budget"), ("name", "")),
    "opportunity": (("amount", "amount"), ("weighted_amount", "amount"), ("unit", "")),
    "campaign": (("budget", "cost"), ("won_amount", "amount"), ("starts_on", "")),
    "employee": (("phone", "phone"), ("email", "email"), ("post", "")),
}
"""Columns to sort and filter by, and the class by which each is masked."""
OWN_PART = {"customer", "opportunity", "service-ticket"}
"""Kinds that have a part of their own on the page of a customer."""
AT_LENGTH = ("agenda", "explanation", "fallback")
"""Texts that are read in the record itself: no page of a customer has them."""


class OfRows(Tally):
    """Compares the rows that a party is given."""

    rows: sa.Connection

    @property
    def opened(self) -> Opener:
        """What opens the rows that leave."""
        return self.ways.parts.opening.rows

    def lists(self, model: ReadModel) -> None:
        kind, listing, see = model.aggregate, Listing(model), self.see
        views, all_ = self.seen(f"{kind}.read"), self.universe([kind])
        wanted = self.tokens([kind], self.now.facts)
        asked = self.ways.asked(model, see, limit=1000)
        self.told("list", listing.page(self.rows, asked, opened=self.opened).items, wanted, all_)
        visible = {
            id_: fact
            for id_, fact in self.now.facts.items()
            if fact["kind"] == kind and self.oracle.hidden(views, fact) is not None
        }
        self.equal("count", kind, listing.count(self.rows, asked), len(visible))
        small = self.ways.asked(model, see, limit=7, sort="-id")
        paged, after = list[str](), None
        while True:
            page: Page = listing.page(self.rows, small, after)
            paged += [row["id"] for row in page.items]
            if page.next is None:
                break
            after = page.next
        self.equal("pages", kind, paged, sorted(visible, reverse=True))
        if model.search and kind in ("customer", "opportunity"):
            word = f"group{self.chance.randrange(5)}"
            words = self.ways.asked(model, see, words=word, limit=1000)
            number = int(word[-1])
            some = {t for t in wanted if self._number(t) % 5 == number}
            among = {t for t in all_ if self._number(t) % 5 == number}
            self.told(
                "search", listing.page(self.rows, words, opened=self.opened).items, some, among
            )
        if "unit" in model.table.c:
            self._by_unit(model, listing, visible)
        then = self.ways.asked(model, see, limit=1000)
        warehouse = self.ways.parts.warehouse
        assert warehouse is not None
        position = self.then.position
        past, total = page_then(warehouse, listing, then, None, position, self.opened, count=True)
        self.told("list as of", past.items, self.tokens([kind], self.then.facts), all_)
        held = [
            fact
            for fact in self.then.facts.values()
            if fact["kind"] == kind and self.oracle.hidden(views, fact, self.then.facts) is not None
        ]
        self.equal("count as of", kind, total, len(held))

    def _number(self, token: str) -> int:
        record, _ = self.world.tokens[token]
        return self.world.ids[self.now.facts[record]["kind"]].index(record)

    def _by_unit(self, model: ReadModel, listing: Listing, visible: Facts) -> None:
        unit = self.chance.choice(self.world.units)
        for name in ("unit", "unit_under"):
            asked = self.ways.asked(model, self.see, where={name: unit}, limit=1000)
            got = {row["id"] for row in listing.page(self.rows, asked).items}
            wanted = {
                id_
                for id_, fact in visible.items()
                if (fact.get("unit") == unit)
                or (name == "unit_under" and self.oracle.below(fact.get("unit"), unit))
                or (name == "unit_under" and unit == "group")
            }
            self.equal("filter by unit", f"{model.aggregate} {name}={unit}", got, wanted)

    def singles(self, model: ReadModel) -> None:
        kind, listing = model.aggregate, Listing(model)
        sight, views = self.see.sight(f"{kind}.read"), self.seen(f"{kind}.read")
        ids = self.world.ids[kind]
        for id_ in ids:
            hidden = self.oracle.hidden(views, self.now.facts[id_])
            mine = self._mine(id_)
            row = listing.one(Now(self.rows), id_, sight, self.opened)
            self.equal("one", id_, row is not None, hidden is not None)
            self.told("one", row, self.among({id_: hidden}), mine)
            marked = set((row or {}).get(MASKED, ()))
            masks = {self.world.tokens[token][1] for token in mine} & (hidden or set())
            self.equal("marked", id_, marked & {self.world.tokens[t][1] for t in mine}, masks)
        for id_ in self.chance.sample(ids, min(6, len(ids))):
            fact = self.then.facts.get(id_)
            before = None if fact is None else self.oracle.hidden(views, fact, self.then.facts)
            past = row_then(self.ways.parts, model, id_, Then(self.then.position, None), sight)
            self.told("one as of", past, self.among({id_: before}), self._mine(id_))
            history = self.see.events(self.ways.parts.journal.history(id_))
            items = [shown(*each) for each in history]
            now = self.oracle.hidden(views, self.now.facts[id_])
            self.told("history", items, self.among({id_: now}), self._mine(id_))

    def _mine(self, id_: str) -> list[str]:
        if not self.text:
            for token, (record, _) in self.world.tokens.items():
                self.text.setdefault(record, set()).add(token)
        return sorted(self.text.get(id_, ()))

    def columns(self, model: ReadModel) -> None:
        """Compare lists that go by a column: they are of the rows that show it, and say so."""
        kind, listing = model.aggregate, Listing(model)
        views = self.seen(f"{kind}.read")
        for column, of in BY_CLASS.get(kind, ()):
            hidden = {
                id_: self.oracle.hidden(views, fact)
                for id_, fact in self.now.facts.items()
                if fact["kind"] == kind
            }
            showing = {
                id_ for id_, masks in hidden.items() if masks is not None and of not in masks
            }
            partly = any(masks is not None and of in masks for masks in hidden.values())
            for how in ({"sort": f"-{column}"}, {"where": {column: ""}}):
                try:
                    asked = self.ways.asked(model, self.see, limit=1000, **how)
                except FieldMasked:
                    asked = None
                nowhere = self.oracle.nowhere(views, of)
                self.equal("sort and filter", f"{how}", asked is None, nowhere)
                if asked is None:
                    continue
                rows = listing.page(self.rows, asked).items
                self.equal("sort and filter", how, listing.count(self.rows, asked), len(rows))
                got = {row["id"] for row in rows}
                if "sort" in how:
                    self.equal("sorted", column, got, showing)
                    values = [row[column] for row in rows if row[column] is not None]
                    self.equal("sorted", column, values, sorted(values, reverse=True))
                else:
                    self.equal("filtered", column, got - showing, set())
                if partly:
                    self.equal("narrowed", column, asked.narrowed, (of,))

    def pages(self) -> None:
        sights = {each.name: self.see.of(each) for each in (*on_page(), *summed_up())}
        of = {f["kind"] for f in self.now.facts.values() if f.get("customer_id")} - NAMING_ONLY
        kinds, facts = ("customer", *sorted(of)), self.now.facts
        among = self.universe(kinds)
        for id_ in self.chance.sample(self.world.ids["customer"], 8):
            page = customer_page(Now(self.rows), id_, sights, self.opened)
            hidden = {
                other: self.oracle.hidden(self.seen(f"{fact['kind']}.read"), fact)
                for other, fact in facts.items()
                if fact["kind"] in kinds and self._on_page(id_, other, fact)
            }
            whole = hidden[id_] is not None
            wanted = self.among(hidden) if whole else set()
            below = {t for t in wanted if self._only_named(id_, t)}
            self.equal("page", id_, page is not None, whole)
            content = None if page is None else {**dataclasses.asdict(page), "pipeline": None}
            self.told("page", content, wanted - below, among)
            if page is None:
                continue
            sales = [o for o, f in facts.items() if f["kind"] == "opportunity"]
            sales = [o for o in sales if hidden.get(o) is not None]
            for row in page.pipeline:
                some = [o for o in sales if (facts[o]["over"] or "open") == row["status"]]
                closed = any("amount" in (hidden[o] or ()) for o in some)
                amount = sum(Decimal(facts[o]["amount"]) for o in some)
                got = (row["count"], row["amount"])
                self.equal("page figures", id_, got, (len(some), None if closed else amount))

    def _on_page(self, customer: str, other: str, fact: dict[str, Any]) -> bool:
        if fact["kind"] == "customer":
            parent = self.now.facts[customer].get("parent_id")
            return other in (customer, parent) or fact.get("parent_id") == customer
        return fact.get("customer_id") == customer

    def _only_named(self, customer: str, token: str) -> bool:
        """Tell whether a value is of another customer's file, an amount or of what is over.

        Of kinds that have no part of their own only names are on the page.
        """
        record, _ = self.world.tokens[token]
        fact = self.now.facts[record]
        other = fact["kind"] not in OWN_PART
        named = other or (fact["kind"] == "customer" and record != customer)
        over = fact["over"] if fact["kind"] == "opportunity" else other and self._has_ended(record)
        at_length = token in (fact.get(name) for name in AT_LENGTH)
        return bool(over) or at_length or (named and not token.endswith("n"))

    def _has_ended(self, record: str) -> bool:
        """Tell whether the last state that the facts of a record led to is one of its ends."""
        known = discover()
        types = (each.type for each in self.events if each.stream == record)
        led = [known.events[each].leading for each in types if known.events[each].leading]
        states = known.aggregates[self.now.facts[record]["kind"]].states
        return bool(led) and states is not None and states.own(led[-1]) in states.ends
