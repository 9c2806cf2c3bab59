"""What the reports on contracts are made of: the contracts, each product of them, what they are of.

It reads nothing itself: what is in sight is known when all read models are.
"""

from __future__ import annotations

from domain.sales.contract_clock import Renewal
from domain.sales.contract_course import RUNNING, Status
from projections.customers.customer_dimensions import of_customer
from projections.kernel.reports.dimensions import CURRENCY, MANAGER, UNIT, Dimension
from projections.kernel.reports.report_scope import seen
from projections.kernel.warehouse.facts import literal

_FEES = '[{"from":"DATE","monthly":"DECIMAL(18,2)"}]'
_PARTS = f'[{{"product":"VARCHAR","value":"DECIMAL(18,2)","fees":{_FEES}}}]'

ABOUT = "id, title, unit, manager, customer_id, renewal, currency"
_TERMS = f"{ABOUT}, status, starts_on, last_day, suspensions, lines, former_ends, replaces_id"

SIGNED = ", ".join(map(literal, (*RUNNING, Status.EXPIRED, Status.TERMINATED)))
"""The states of contracts that were signed, as SQL lists them."""

DIMENSIONS = (
    UNIT,
    MANAGER,
    Dimension("renewal", "Renewal", "base.renewal", values=tuple(Renewal), zh="续签"),
    *of_customer("industry", "category", "grade", "region", "customer_state"),
    CURRENCY,
)
PRODUCT = Dimension("product", "Product", "base.product", grain="product", zh="产品")


def whole() -> str:
    """Return the source with each contract: its value and the steps of its fee."""
    return f"""
    SELECT {_TERMS}, value, from_json(fees, '{_FEES}') AS fees FROM {seen("contracts")}"""


def each_product() -> str:
    """Return the source with each product of a contract: its part of the value and of the fee."""
    begun = f"""from_json(fees, '{_FEES}')[1]."from" AS begun"""
    return f"""
    SELECT * EXCLUDE (part), part.product AS product, part.value AS value, part.fees AS fees
    FROM (
        SELECT {_TERMS}, {begun}, unnest(from_json(by_product, '{_PARTS}')) AS part
        FROM {seen("contracts")}
    )"""
