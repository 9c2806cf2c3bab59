"""Completeness: how much is known of each customer, of 100, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from domain.customers.sites.product_in_use_course import UseState
from domain.customers.sites.site import SiteState
from projections.kernel.columns import COARSE, Json, Text, one_of
from projections.kernel.summary import Finds, Rows, Summary

WEIGHTS: Mapping[str, int] = {
    "registration-number": 10,
    "industry": 5,
    "category-and-reach": 5,
    "grade": 5,
    "employees": 5,
    "region": 5,
    "manager": 10,
    "decision-maker-telephone": 15,
    "second-contact": 5,
    "decision-maker-birthday": 5,
    "site": 10,
    "product-in-use": 10,
    "purchase-elsewhere": 5,
    "it-budget": 5,
}
"""What should be known of a customer, and how much each counts; together they come to 100."""


def _having(rows: sa.FromClause, *conditions: sa.ColumnElement[bool]) -> sa.Subquery:
    """Return the customers that some rows belong to."""
    its = rows.c.customer_id
    return sa.select(its).where(*conditions).group_by(its).subquery(f"{rows.name}_had")  # type: ignore[attr-defined]


def completeness(rows: Rows) -> sa.Select[tuple[object, ...]]:
    """Return the query for the score of each customer, and what is missing, of some rows."""
    customers, sites, uses = (rows[name] for name in ("customers", "sites", "products_in_use"))
    its = customers.c
    used = _having(uses, uses.c.state.in_([UseState.ACTIVE.value, UseState.SUSPENDED.value]))
    at = _having(sites, sites.c.state != SiteState.VACATED.value)
    known = {
        "registration-number": its.registration_number.is_not(None),
        "industry": its.industry.is_not(None),
        "category-and-reach": sa.and_(its.category.is_not(None), its.reach.is_not(None)),
        "grade": its.grade.is_not(None),
        "employees": its.employees.is_not(None),
        "region": its.region.is_not(None),
        "manager": its.manager.is_not(None),
        "decision-maker-telephone": its.decision_phone,
        "second-contact": its.contact_count > 1,
        "decision-maker-birthday": its.decision_birthday,
        "site": at.c.customer_id.is_not(None),
        "product-in-use": used.c.customer_id.is_not(None),
        "purchase-elsewhere": sa.cast(its.purchases, sa.Text) != "[]",
        "it-budget": its.it_budget.is_not(None),
    }
    score: sa.ColumnElement[int] = sa.literal_column("0", sa.Integer)
    gaps: sa.ColumnElement[str] = sa.literal("", sa.Text)
    for name, weight in WEIGHTS.items():
        points, none = (sa.literal_column(str(n), sa.Integer) for n in (weight, 0))
        score = score + sa.case((known[name], points), else_=none)
        gaps = gaps + sa.case((known[name], sa.literal("", sa.Text)), else_=f',"{name}"')
    listed = sa.literal("[", sa.Text) + sa.func.substr(gaps, 2) + sa.literal("]", sa.Text)
    return sa.select(
        *(its[name] for name in ("id", "name", "state", "grade", "unit", "manager")),
        score.label("score"),
        sa.type_coerce(listed, Json).label("gaps"),
    ).select_from(
        customers.outerjoin(at, at.c.customer_id == its.id).outerjoin(
            used, used.c.customer_id == its.id
        )
    )


profiles = Summary(
    "profiles",
    "customer",
    sa.Column("name", Text, nullable=False),
    sa.Column("state", Text, nullable=False, info=COARSE),
    sa.Column("grade", Text, info=COARSE),
    sa.Column("unit", Text, nullable=False),
    sa.Column("manager", Text),
    sa.Column("score", sa.Integer, nullable=False),
    sa.Column("gaps", Json, nullable=False, info={"list": True} | one_of(*WEIGHTS)),
    key="customer_id",
    of=("customers", "sites", "products_in_use"),
    sql=completeness,
    order="score",
    indexes=[["manager", "score"]],
    sorts=["score", "name", "changed_at"],
    filters=["state", "grade", "unit"],
    finds=(Finds("completeness_below", "score"),),
)
"""`score` is what is known of a customer, of 100; `gaps` is what is not known yet. That there is a
telephone or a birthday counts, not which."""
