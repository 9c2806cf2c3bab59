"""The report on the catalogue: how many products there are, and what they still lack."""

from __future__ import annotations

from domain.products.product import Ends
from domain.products.product_course import State
from projections.kernel.reports.dimensions import UNIT, Dimension
from projections.kernel.reports.measures import Measure, Part, count, mean
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen

_PRICED = f"""
    SELECT product.*, date_diff('day', planned_on, on_sale_on) AS days_to_sale, plans,
        state IN ('{State.TRIAL}', '{State.ON_SALE}') AS offered
    FROM {seen("products")} AS product
    LEFT JOIN (
        SELECT product_id AS id, list(id ORDER BY id) AS plans
        FROM {seen("price_plans")}
        WHERE in_force_from IS NOT NULL AND ended_on IS NULL
        GROUP BY product_id
    ) AS priced USING (id)"""
"""Products with the ids of their price plans that were approved and have not ended."""


def _lacking(what: str) -> Part:
    return count(f"base.offered AND {what}")


catalogue = Report(
    name="catalogue",
    title="Catalogue: products, how long they took to be on sale, what they lack",
    records="products",
    source=_PRICED,
    behind={"": ("price_plans", "base.plans")},
    on="base.planned_on",
    period="the plan",
    dimensions=(
        Dimension("state", "State", "base.state", order=tuple(State), zh="状态"),
        Dimension("category", "Category", "base.category", zh="类别"),
        UNIT,
        Dimension("ends", "Ends", "base.ends", values=tuple(Ends), zh="端数"),
    ),
    measures=(
        Measure(
            "products",
            "Products",
            "products planned, whatever became of them",
            count(),
            zh="产品数",
        ),
        Measure(
            "bundles",
            "Bundles",
            "of these, bundles of several",
            count("base.bundle"),
            zh="组合产品",
        ),
        Measure(
            "offered",
            "Offered",
            "of these, products on trial or on sale",
            _lacking("true"),
            zh="在售产品（含试用）",
        ),
        Measure(
            "days_to_sale",
            "Days from plan to sale",
            "mean days from the plan of a product to its sale",
            mean("base.days_to_sale"),
            "round({}, 1)",
            zh="规划到上市天数",
            kind="ratio",
            unit="days",
            better="down",
        ),
        Measure(
            "without_price",
            "Without price",
            "of those offered, products without an approved price plan that has not ended",
            _lacking("base.plans IS NULL"),
            zh="无资费产品",
            better="down",
        ),
        Measure(
            "without_sla",
            "Without SLA",
            "of those offered, products without a quality of service that is offered",
            _lacking("base.sla = '[]'"),
            zh="无服务等级产品",
            better="down",
        ),
        Measure(
            "without_comparison",
            "Without comparison",
            "of those offered, products that were compared with none of a competitor",
            _lacking("base.comparisons = '[]'"),
            zh="无竞品对比产品",
            better="down",
        ),
    ),
    zh="产品目录",
)
