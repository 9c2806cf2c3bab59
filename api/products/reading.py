"""Reading: a product, and the price plans of it, as of any moment."""

from __future__ import annotations

import sqlalchemy as sa
from starlette.concurrency import run_in_threadpool

from adapters.refusals import UnknownId
from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from api.kernel.reading.as_of import When
from api.kernel.reading.as_of_reads import Then, pinned, row_then, rows_then
from api.kernel.reading.read_parameters import reach
from projections.kernel.read_model import Row
from projections.products.price_plans import price_plans
from projections.products.products import products


async def product_then(
    parts: Parts, see: Seeing, id: str, when: When, min_position: int
) -> tuple[Row, Then]:
    """Return a product as of a moment, and that moment. Raises `UnknownId`."""
    sight = see.need(f"{products.aggregate}.read")
    await reach(parts.visible, min_position)
    at = await run_in_threadpool(pinned, parts, when)
    row = await see.ask(row_then, parts, products, id, at, sight)
    if row is None:
        raise UnknownId(f"There is no product {id!r}{' then' * (not when.now)}.")
    return row, at


async def plans_then(parts: Parts, see: Seeing, id: str, at: Then) -> list[Row]:
    """Return the price plans of a product as they were at a moment."""
    sight = see.need(f"{price_plans.aggregate}.read")
    await reach(parts.visible, at.position)

    def find() -> list[Row]:
        table = price_plans.table
        with parts.rows.connect() as connection:
            ids = connection.scalars(sa.select(table.c.id).where(table.c.product_id == id)).all()
        return rows_then(parts, price_plans, ids, at, sight)

    return await see.ask(find)
