"""The portfolio of an employee: the open records of all kinds that are in their hands."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from projections.customers.customers import customers
from projections.kernel.belonging import KeptBy, OfCustomer
from projections.kernel.read_model import ReadModel, read_models


def portfolio(employees: Collection[str]) -> sa.CompoundSelect[Any]:
    """Return the query of what some employees look after: kind, id, holder, customer_id, unit.

    The unit is the customer's, where there is a customer.
    """
    kept = ((model, model.belongs.keeper) for model in read_models().values())
    return sa.union_all(*(_kept(model, by, employees) for model, by in kept if by is not None))


def _kept(model: ReadModel, by: KeptBy, employees: Collection[str]) -> sa.Select[Any]:
    table, belongs, customer = model.table, model.belongs, customers.table
    holder = table.c[by.column]
    unit = sa.null() if belongs.unit is None else table.c[belongs.unit.column]
    query = sa.select(
        sa.literal(model.aggregate).label("kind"), table.c.id, holder.label("holder")
    ).where(holder.in_(employees), belongs.open(table))
    if model is customers:
        return query.add_columns(table.c.id.label("customer_id"), unit.label("unit"))
    if not isinstance(belongs.customer, OfCustomer):
        return query.add_columns(sa.null().label("customer_id"), unit.label("unit"))
    customer_id = table.c[belongs.customer.column]
    return query.outerjoin_from(table, customer, customer.c.id == customer_id).add_columns(
        customer_id.label("customer_id"), sa.func.coalesce(customer.c.unit, unit).label("unit")
    )
