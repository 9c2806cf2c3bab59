"""Reading: the price plans of a product as of any moment."""

from __future__ import annotations

import sqlalchemy as sa

from api.kernel.access.visibility import Seeing
from api.kernel.process import Parts
from api.kernel.reading.as_of_reads import Then, rows_then
from api.kernel.reading.read_parameters import reach
from projections.kernel.read_model import Row
from projections.products.price_plans import price_plans


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
