"""A customer on one page: its file, subsidiaries, what is open with it, and what it comes to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from domain.kernel.time.business_day import today
from domain.service.ticket_handling import UNRESOLVED
from projections.customers.customer_billing import (
    COLUMNS,
    Arrears,
    BilledProduct,
    arrears,
    asked,
    billed,
)
from projections.customers.customers import customers
from projections.kernel.belonging import OfCustomer
from projections.kernel.columns import exact_sum
from projections.kernel.lists.listing import Listing
from projections.kernel.lists.point_in_time import Asking
from projections.kernel.read_model import ReadModel, Row, read_models
from projections.kernel.summary import Summary, summaries
from projections.kernel.visibility.column_masks import masked, shown
from projections.kernel.visibility.row_security import lens_for, showing
from projections.kernel.visibility.sealed_columns import Opener, as_sealed
from projections.kernel.visibility.visibility import Sight, Sights

MOST = 50
"""Rows of each list on the page; `counts` has the whole numbers."""


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """All that is asked about a customer first.

    `subsidiaries` are those directly below; `pipeline` sums the opportunities by status and
    currency (count, amount, weighted_amount); `counts` has the numbers of subsidiaries, open
    opportunities and open tickets, and of all tickets; `satisfaction` is the mean of the scores.
    `billed` has what was billed in twelve months, by product, `arrears` what is overdue.
    `others` has what is open of every other kind that belongs to a customer, by its read model;
    `summaries` the row of each summary about customers, nothing where it is out of sight.
    """

    customer: Row
    parent: Row | None
    subsidiaries: list[Row]
    opportunities: list[Row]
    tickets: list[Row]
    pipeline: list[Row]
    counts: dict[str, int]
    satisfaction: float | None
    billed: list[BilledProduct]
    arrears: list[Arrears]
    others: dict[str, list[Row]]
    summaries: dict[str, Row | None]


def on_page() -> tuple[ReadModel, ...]:
    """Return the read models that a page is made of: customers, opportunities, service tickets.

    Behind them come the others whose records belong to a customer.
    """
    models = read_models()
    first = (customers, models["opportunities"], models["service_tickets"])
    others = (model for model in models.values() if model not in first and _shown_here(model))
    return (*first, *others)


def summed_up() -> tuple[Summary, ...]:
    """Return the summaries that are on a page: all that are about customers."""
    return tuple(each for each in summaries().values() if each.aggregate == customers.aggregate)


def _shown_here(model: ReadModel) -> bool:
    its = model.belongs.customer
    return isinstance(its, OfCustomer) and its.page is None


_SUBSIDIARY = ("id", "name", "state", "grade", "unit", "manager")
_OPPORTUNITY = (
    *("id", "title", "stage", "probability", "amount", "weighted_amount", "currency"),
    *("expected_close", "manager", "unit"),
)
_TICKET = ("id", "title", "kind", "severity", "status", "owner", "unit", "opened_at")

_OTHER = ("id", "number", "code", "name", "title", "status", "state")
"""What is shown of other kinds where they have it, beside what they are sorted by and belong to."""


def columns_on_page() -> dict[str, tuple[ReadModel, tuple[str, ...]]]:
    """Return whose rows are in each list of a page, and the columns that they have there."""
    _, sales, tickets, *others = on_page()
    return {
        "subsidiaries": (customers, _SUBSIDIARY),
        "opportunities": (sales, _OPPORTUNITY),
        "tickets": (tickets, _TICKET),
        **{model.name: (model, _columns(model)) for model in others},
    }


def _columns(model: ReadModel) -> tuple[str, ...]:
    belongs = model.belongs
    assert isinstance(belongs.customer, OfCustomer)
    order = model.order.removeprefix("-")
    names = dict.fromkeys((*_OTHER, order, *sorted(belongs.columns), *belongs.customer.shown))
    return tuple(name for name in names if name in model.table.c)


def customer_page(
    asking: Asking,
    id_: str,
    sights: Mapping[str, Sight | Sights] | None = None,
    opened: Opener = as_sealed,
    day: date | None = None,
) -> CustomerPage | None:
    """Return the page of a customer, `None` when there is none of this id in sight.

    Args:
        asking: Where to ask: of now, or of a moment in the past.
        id_: The customer.
        sights: What is seen of each read model and summary, by name; by default everything.
        opened: Opens what is sealed in the rows.
        day: The day that is asked about, by which things are overdue; by default today.
    """
    return _Page(asking, sights or {}, opened).of(id_, day or today())


class _Page:
    """The parts of a page, each as far as it is in sight."""

    def __init__(
        self, asking: Asking, sights: Mapping[str, Sight | Sights], opened: Opener
    ) -> None:
        self._asking = asking
        self._opened = opened
        self._sights = sights
        self._lenses = {
            model.name: lens_for(
                model, sights.get(model.name), asking.dialect, asking.tables, along=True
            )
            for model in on_page()
        }
        _, self._sales, self._tickets, *self._others = on_page()
        mine = sights.get(self._sales.name)
        self._amounts = showing(self._sales, mine, "amount", asking.dialect, asking.tables)

    def of(self, id_: str, day: date) -> CustomerPage | None:
        known = self._table(customers).c
        found = self._rows(customers, shown(customers), known.id == id_)
        if not found:
            return None
        (customer,) = found
        tickets = self._table(self._tickets).c
        calls = tickets.customer_id == id_
        still_open = tickets.status.in_([status.value for status in UNRESOLVED])
        offers = self._table(self._sales).c
        deals = offers.customer_id == id_
        pipeline = self._pipeline(deals)
        (figures,) = self._figures(
            self._tickets,
            sa.select(
                sa.func.count().label("tickets"),
                sa.func.count().filter(still_open).label("open_tickets"),
                sa.func.avg(tickets.satisfaction).label("satisfaction"),
            ).where(calls),
        )
        below = sa.and_(known.parent_id == id_, known.state != "merged")
        (subsidiaries,) = self._figures(
            customers, sa.select(sa.func.count().label("count")).where(below)
        )
        parent = self._rows(customers, _SUBSIDIARY, known.id == customer["parent_id"])
        score = figures["satisfaction"]
        model = next(each for each in self._others if each.name == "bills")
        bill = self._table(model).c
        bills = self._rows(
            model, COLUMNS, bill.customer_id == id_, asked(bill, day, model.belongs.ended)
        )
        return CustomerPage(
            customer=customer,
            parent=parent[0] if parent else None,
            subsidiaries=self._some(customers, _SUBSIDIARY, "name", below),
            opportunities=self._some(
                self._sales, _OPPORTUNITY, "expected_close", deals, offers.status == "open"
            ),
            tickets=self._some(self._tickets, _TICKET, "opened_at", calls, still_open),
            pipeline=pipeline,
            counts={
                "subsidiaries": subsidiaries["count"],
                "open_opportunities": sum(
                    each["count"] for each in pipeline if each["status"] == "open"
                ),
                "tickets": figures["tickets"],
                "open_tickets": figures["open_tickets"],
            },
            satisfaction=None if score is None else float(score),
            billed=billed(bills, day),
            arrears=arrears([b for b in bills if not model.belongs.has_ended(b)], day),
            others={model.name: self._open(model, id_) for model in self._others},
            summaries={each.name: self._summary(each, id_) for each in summed_up()},
        )

    def _summary(self, summary: Summary, id_: str) -> Row | None:
        sight = self._sights.get(summary.name)
        return Listing(summary).one(self._asking, id_, sight, self._opened)

    def _open(self, model: ReadModel, id_: str) -> list[Row]:
        """Return the open records of a kind, in the order of its lists."""
        belongs, table = model.belongs, self._table(model)
        assert isinstance(belongs.customer, OfCustomer)
        return self._some(
            model,
            _columns(model),
            model.order.removeprefix("-"),
            table.c[belongs.customer.column] == id_,
            belongs.open(table),
        )

    def _pipeline(self, deals: sa.ColumnElement[bool]) -> list[Row]:
        """Sum up what is in sight; what is masked in one of the sales is masked in their sum."""
        offers = self._table(self._sales).c
        columns = [offers[name] for name in ("status", "currency", "amount", "weighted_amount")]
        masked_here = sa.case((self._amounts, 0), else_=1).label("masked")
        query = sa.select(*columns, masked_here).where(deals)
        sale = self._lenses[self._sales.name].narrow(query).subquery().c
        found = self._asking.rows(
            sa.select(
                sale.status,
                sale.currency,
                sa.func.count().label("count"),
                exact_sum(sale.amount).label("amount"),
                exact_sum(sale.weighted_amount).label("weighted_amount"),
                sa.func.max(sale.masked).label("hidden"),
            )
            .group_by(sale.status, sale.currency)
            .order_by(sale.status, sale.currency)
        )
        return [
            masked(self._sales, row, frozenset({"amount"} if row.pop("hidden") else ()))
            for row in found
        ]

    def _table(self, model: ReadModel) -> sa.FromClause:
        return self._asking.tables(model)

    def _figures(self, model: ReadModel, query: sa.Select[Any]) -> list[Row]:
        return self._asking.rows(self._lenses[model.name].narrow(query))

    def _rows(
        self, model: ReadModel, names: Iterable[str], *conditions: sa.ColumnElement[bool]
    ) -> list[Row]:
        return self._shown(model, self._select(model, names, *conditions))

    def _some(
        self,
        model: ReadModel,
        names: Iterable[str],
        order: str,
        *conditions: sa.ColumnElement[bool],
    ) -> list[Row]:
        columns = self._table(model).c
        first = columns[order].nulls_first()
        query = self._select(model, names, *conditions).order_by(first, columns.id)
        return self._shown(model, query.limit(MOST))

    def _select(
        self, model: ReadModel, names: Iterable[str], *conditions: sa.ColumnElement[bool]
    ) -> sa.Select[Any]:
        columns, marks = self._table(model).c, self._lenses[model.name].marks
        return sa.select(*(columns[name] for name in names), *marks).where(*conditions)

    def _shown(self, model: ReadModel, query: sa.Select[Any]) -> list[Row]:
        lens = self._lenses[model.name]
        seen = [lens.show(row) for row in self._asking.rows(lens.narrow(query))]
        return list(self._opened(model, seen))
