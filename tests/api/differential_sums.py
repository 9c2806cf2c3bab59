"""The comparison of what records come to: it is counted from what a party sees of them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa

from adapters.refusals import NotPermitted
from api.kernel.reading.as_of_reads import page_then
from projections.customers.customer_page import customer_page, on_page
from projections.customers.open_business import open_business
from projections.kernel.lists.list_query import FieldMasked, Question, question
from projections.kernel.lists.listing import Listing
from projections.kernel.lists.point_in_time import Asking, Now, Then
from tests.api.tally import Moment, Tally

KINDS = ("customer", "opportunity", "service-ticket")


class Sum(NamedTuple):
    """What is open with a customer: sales, their amount, tickets; of what was recorded when."""

    sales: int
    amount: Decimal | None
    tickets: int
    position: int
    closed: bool
    """Whether the amount of some sale is masked."""


class OfSums(Tally):
    """Compares the summary of open business that a party is given."""

    rows: sa.Connection

    def sums(self) -> None:
        """Compare the list, its pages, its count, its orders and single rows, now and then."""
        permitted = all(self.seen(f"{kind}.read") for kind in KINDS)
        try:
            self.see.need_of(open_business)
        except NotPermitted:
            self.equal("sums permitted", "", False, permitted)
            return
        self.equal("sums permitted", "", True, permitted)
        warehouse, listing = self.ways.parts.warehouse, Listing(open_business)
        assert warehouse is not None
        now, then = self._wanted(self.now), self._wanted(self.then)
        self._listed("sums", now, listing.page(self.rows, self._asked()).items)
        self.equal("sums count", "", listing.count(self.rows, self._asked()), len(now))
        self._paged(listing, now)
        self._by_amount(listing, now)
        self._ones("sums", Now(self.rows), now)
        at = self.then.position
        opened = self.ways.parts.opening.rows
        page, total = page_then(warehouse, listing, self._asked(), None, at, opened, count=True)
        self._listed("sums as of", then, page.items)
        self.equal("sums count as of", "", total, len(then))
        with warehouse.reader() as cursor:
            self._ones("sums as of", Then(cursor, at), then)

    def _asked(self, **more: Any) -> Question:
        sight = self.ways.sums(self.see, open_business)
        limit = more.pop("limit", 1000)
        return question(open_business, {}, sight=sight, under=self.see.under, limit=limit, **more)

    def _paged(self, listing: Listing, wanted: dict[str, Sum]) -> None:
        asked, after, ids = self._asked(sort="-open_tickets", limit=7), None, list[str]()
        while True:
            page = listing.page(self.rows, asked, after)
            ids += page.ids
            if page.next is None:
                break
            after = page.next
        order = sorted(wanted, key=lambda id_: (wanted[id_].tickets, id_), reverse=True)
        self.equal("sums in pages", "", ids, order)

    def _by_amount(self, listing: Listing, wanted: dict[str, Sum]) -> None:
        nowhere = self.oracle.nowhere(self.seen("opportunity.read"), "amount")
        try:
            asked = self._asked(sort="-amount")
        except FieldMasked:
            self.equal("sums by amount", "", True, nowhere)
            return
        self.equal("sums by amount", "", False, nowhere)
        items = listing.page(self.rows, asked).items
        showing = {id_ for id_, its in wanted.items() if not its.closed}
        self.equal("sums by amount", "", {row["id"] for row in items}, showing)
        amounts = [row["amount"] for row in items if row["amount"] is not None]
        self.equal("sums by amount", "order", amounts, sorted(amounts, reverse=True))
        if len(showing) < len(wanted):
            self.equal("sums by amount", "narrowed", asked.narrowed, ("amount",))

    def _ones(self, way: str, asking: Asking, wanted: dict[str, Sum]) -> None:
        sight = self.ways.sums(self.see, open_business)
        sights = {each.name: self.see.of(each) for each in on_page()} | {open_business.name: sight}
        for id_ in self.chance.sample(self.world.ids["customer"], 4):
            row = Listing(open_business).one(asking, id_, sight)
            self._listed(way, {id_: wanted[id_]} if id_ in wanted else {}, [row] if row else [])
            page = customer_page(asking, id_, sights)
            told = None if page is None else page.summaries[open_business.name]
            self.equal(f"{way} on page", id_, told, row)

    def _listed(self, way: str, wanted: dict[str, Sum], items: list[dict[str, Any]]) -> None:
        rows = {row["id"]: row for row in items}
        self.equal(way, "ids", rows.keys(), wanted.keys())
        for id_ in rows.keys() & wanted.keys():
            row, its = rows[id_], wanted[id_]
            names = ("open_opportunities", "amount", "open_tickets", "position")
            self.equal(way, id_, tuple(row[name] for name in names), its[:4])
            apart = [part["amount"] for part in row["pipeline"] or ()]
            amounts = [None if its.amount is None else str(its.amount)] if its.sales else []
            self.equal(way, f"{id_} by currency", apart, amounts)
            if its.sales:
                self.equal(way, f"{id_} masked", "masked" in row, its.closed)

    def _wanted(self, moment: Moment) -> dict[str, Sum]:
        """Return what the oracle counts, by customer in sight."""
        last = {e.stream: e.position for e in self.events if e.position <= moment.position}
        facts, customers = moment.facts, dict(self._seen("customer", moment))
        sales, tickets = (list(self._seen(kind, moment)) for kind in KINDS[1:])
        found = {}
        for id_ in customers:
            its = [(o, masks) for o, masks in sales if facts[o].get("customer_id") == id_]
            calls = [t for t, _ in tickets if facts[t].get("customer_id") == id_]
            open_ = [Decimal(facts[o]["amount"]) for o, _ in its if not facts[o]["over"]]
            closed = any("amount" in masks for _, masks in its)
            told = [last[each] for each in (id_, *(o for o, _ in its), *calls)]
            amount = sum(open_, Decimal(0)) if open_ and not closed else None
            found[id_] = Sum(len(open_), amount, len(calls), max(told), closed)
        return found

    def _seen(self, kind: str, moment: Moment) -> Iterator[tuple[str, frozenset[str]]]:
        views = self.seen(f"{kind}.read")
        for id_, fact in moment.facts.items():
            if fact["kind"] == kind:
                masks = self.oracle.hidden(views, fact, moment.facts)
                if masks is not None:
                    yield id_, masks
