"""The report on product holdings: which customers have what of us on a day; how many of all do."""

from __future__ import annotations

from projections.customers.customer_dimensions import OWN_BEHIND, STANDING, own_group
from projections.customers.sites.use_sources import beside, told_of, used
from projections.kernel.reports.dimensions import Dimension
from projections.kernel.reports.measures import Measure, count, total
from projections.kernel.reports.ratios import Ratio
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import then


def _held(more: str = "") -> str:
    """Return the query of active customers with what they use on the last day of each span."""
    return f"""SELECT customer.*, held.* EXCLUDE (customer_id, last)
    FROM {then("customers")} AS customer JOIN (
        SELECT customer_id, last, list(id ORDER BY id) AS uses{more}
        FROM ({used()}) WHERE active GROUP BY customer_id, last{more}
    ) AS held ON held.customer_id = customer.id AND held.last = customer.last
    WHERE customer.state = 'active'"""


_GRAIN = "product"
_PRODUCTS = (
    Dimension(
        "product",
        "Product",
        told_of("product", "product.id"),
        join="product",
        grain=_GRAIN,
        of="products",
        zh="产品",
    ),
    Dimension(
        "product_category",
        "Product's category",
        told_of("product", "product.category"),
        join="product",
        grain=_GRAIN,
        zh="产品类别",
    ),
    Dimension(
        "old_product",
        "Product that is in no catalogue",
        "base.product_name",
        grain=_GRAIN,
        zh="目录外产品",
    ),
)

product_holdings = Report(
    name="product-holdings",
    title="Product holdings: customers that have products in use on a day",
    zh="产品持有",
    records="customers",
    source=_held(),
    grains={_GRAIN: _held(", product_id, product_name")},
    joins={"product": beside("product", "products"), **own_group()},
    behind={
        "": ("products_in_use", "base.uses"),
        "product": ("products", "[product.id]"),
        **OWN_BEHIND,
    },
    on="base.last",
    period="the day that the figures are of: the last one of each period asked for",
    spanning=True,
    dimensions=(*_PRODUCTS, *STANDING),
    measures=(
        Measure(
            "holders",
            "Holders",
            "active customers with a product in use on the day, those that are suspended among "
            "them; by product, with that one",
            count(),
            zh="持有客户数",
            kind="stock",
            better="up",
        ),
        Measure(
            "holdings",
            "Holdings",
            "products in use by active customers on the day, each once whatever its quantity",
            total("len(base.uses)", "BIGINT"),
            zh="持有产品数",
            kind="stock",
            better="up",
        ),
    ),
)

penetration = Ratio(
    "penetration",
    "Penetration",
    "active customers with a product in use by all active customers: these are the same for each "
    "product, so that shares of several do not come to one",
    above="product-holdings.holders",
    below="active_customers",
    over=tuple(each.name for each in _PRODUCTS),
    zh="渗透率",
    better="up",
)

products_per_customer = Ratio(
    "products_per_customer",
    "Products per customer",
    "products in use by active customers, by all active customers: these are the same for each "
    "product",
    above="product-holdings.holdings",
    below="active_customers",
    over=tuple(each.name for each in _PRODUCTS),
    unit="count",
    zh="户均产品数",
    better="up",
)
