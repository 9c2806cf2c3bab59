"""The customer as a dimension: of the reports whose rows belong to one, and what it is like."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from domain.customers.customer_profile import Category, Grade, Industry, ProfileReach
from domain.customers.customer_standing import State
from projections.kernel.reports.dimensions import MANAGER, UNIT, UNSEEN, Dimension
from projections.kernel.reports.report_scope import hidden, on, seen

CUSTOMER = Dimension("customer", "Customer", "base.customer_id", of="customers", zh="客户")

GROUP_CUSTOMER = Dimension(
    "group_customer",
    "Group customer",
    f"if(beyond.id IS NULL, coalesce(grouped.top, base.customer_id), '{UNSEEN}')",
    join="group",
    of="customers",
    note="(the customer at the top, as groups are made up at the moment asked for)",
    zh="集团客户",
)

OWN_GROUP = replace(GROUP_CUSTOMER, sql="grouped.top")
"""That of a report whose rows are customers, by the join `own_group`."""

OWN_BEHIND = {"group": ("customers", "grouped.path")}

CUSTOMER_BEHIND = {
    **OWN_BEHIND,
    "customer": ("customers", "[customer.id]"),
}
"""On which customers it depends what rows with a `customer_id` give."""


def own(*names: str) -> tuple[Dimension, ...]:
    """Return dimensions of a report whose rows are customers, or are like them."""
    return tuple(_CUSTOMERS[name] for name in names)


def of_customer(*names: str) -> tuple[Dimension, ...]:
    """Return dimensions of a report whose rows have a `customer_id`: the customer, and its own.

    They need the joins of `customer_join`. What a customer out of sight is like is not told, nor
    which group it belongs to, nor who is above one in sight where that is not.
    """
    about = (
        replace(
            each,
            sql=f"CASE WHEN unseen.id IS NULL THEN customer.{each.sql.removeprefix('base.')} "
            f"ELSE '{UNSEEN}' END",
            join="customer",
        )
        for each in own(*names)
    )
    return (CUSTOMER, GROUP_CUSTOMER, *about)


def _like(name: str, title: str, zh: str, order: type[StrEnum] | None = None) -> Dimension:
    sql = f"base.{name.removeprefix('customer_')}"
    return Dimension(name, f"Customer's {title}", sql, order=tuple(order or ()), zh=zh)


_CUSTOMERS = {
    each.name: each
    for each in (
        _like("industry", "industry (GB/T 4754 section)", "客户行业（GB/T 4754 门类）", Industry),
        _like("category", "category", "客户类别", Category),
        _like("grade", "grade", "客户等级", Grade),
        _like("reach", "reach", "客户业务范围", ProfileReach),
        _like("region", "region", "客户地区"),
        _like("state", "state", "客户状态", State),
        _like("customer_state", "state", "客户状态", State),
    )
}


STANDING = (
    UNIT,
    MANAGER,
    replace(CUSTOMER, sql="base.id"),
    OWN_GROUP,
    *own("category", "grade", "reach", "industry", "customer_state", "region"),
)
"""The dimensions of customers as they stood on a day."""


CUSTOMER_THEN = {"customers": "base.customer_id"}
"""What a report whose customers are told as they were on the day of a row says of that."""


def _group_join(customer: str) -> dict[str, str]:
    """Return the join that gives the `top` of the group of a customer, and the `path` there.

    The top is not told where somebody on the way is out of sight. Who was not there yet is in no
    group, and has nobody below.
    """
    return {
        "group": f"""LEFT JOIN (
            WITH RECURSIVE up AS (
                SELECT id, id AS top, parent_id, [id] AS path FROM {seen("customers")}
                UNION ALL
                SELECT up.id, above.id, above.parent_id, list_append(up.path, above.id)
                FROM up JOIN {seen("customers")} AS above
                ON above.id = up.parent_id AND NOT list_contains(up.path, above.id)
            )
            SELECT up.id, arg_max(if(out.id IS NULL, top, '{UNSEEN}'), len(path)) AS top,
                arg_max(path, len(path)) AS path
            FROM up LEFT JOIN {hidden("customers")} AS out ON out.id = up.parent_id
            GROUP BY up.id
        ) AS grouped ON grouped.id = {customer}
        LEFT JOIN {hidden("customers")} AS beyond ON beyond.id = {customer}"""
    }


def own_group() -> dict[str, str]:
    """Return the join of a report whose rows are customers that `OWN_GROUP` needs."""
    return _group_join("base.id")


def customer_join(day: str = "") -> dict[str, str]:
    """Return the joins that give the customer of a row, as on a day if asked for, and its group."""
    customers = on("customers") if day else seen("customers")
    dated = f" AND customer.as_on = {day}" * bool(day)
    return {
        "customer": f"LEFT JOIN {customers} AS customer "
        f"ON customer.id = base.customer_id{dated} "
        f"LEFT JOIN {hidden('customers')} AS unseen ON unseen.id = base.customer_id",
        **_group_join("base.customer_id"),
    }
