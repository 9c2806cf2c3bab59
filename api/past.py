"""The past: lists and pages as they were at a position, from the histories of the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from adapters.warehouse import Warehouse
from projections.customer_page import CustomerPage, customer_page
from projections.customers import customers
from projections.kernel import ReadModel, row_tables
from projections.opportunities import opportunities
from projections.queries import Listing, Page, compiled, decoded, past
from projections.question import Question
from projections.service_tickets import service_tickets as tickets


def page_then(
    warehouse: Warehouse,
    listing: Listing,
    asked: Question,
    after: Sequence[Any] | None,
    position: int,
    *,
    count: bool,
) -> tuple[Page, int | None]:
    """Return a page of a list as it was at a position and, if asked, the rows of the whole list.

    Raises `BadParameter` when the place `after` is not of this list.
    """
    source = past(listing.model, position)
    query = listing.select(asked, after, source, "duckdb")
    with warehouse.reader() as cursor:
        rows = cursor.execute(*compiled(query)).fetchall()
        total = None
        if count:
            counting = compiled(listing.select_count(asked, source, "duckdb"))
            (total,) = cursor.execute(*counting).fetchall()[0]
    return listing.cut(asked, decoded(query, rows)), total


def customer_page_then(warehouse: Warehouse, id: str, position: int) -> CustomerPage | None:
    """Return the page of a customer as it was at a position, `None` when there was none yet.

    The few rows that the page is made of are put into tables in memory, so that one piece of
    code makes the page, whatever the time.
    """
    memory = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    row_tables.create_all(memory, [model.table for model in (customers, opportunities, tickets)])
    with warehouse.reader() as cursor, memory.begin() as connection:

        def bring(model: ReadModel, column: str, value: str | None) -> None:
            source = past(model, position)
            kept = [source.c[name] for name in model.blank if name != "search"]
            query = sa.select(*kept).where(source.c[column] == value)
            rows = decoded(query, cursor.execute(*compiled(query)).fetchall())
            if rows:
                connection.execute(model.table.insert(), rows)

        bring(customers, "id", id)
        customer = Listing(customers).one(connection, id)
        if customer is None:
            return None
        bring(customers, "parent_id", id)
        if customer["parent_id"] is not None:
            bring(customers, "id", customer["parent_id"])
        bring(opportunities, "customer_id", id)
        bring(tickets, "customer_id", id)
        return customer_page(connection, id)
