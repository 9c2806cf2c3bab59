"""The report on the installed base: what is in use on a day, what came and what went."""

from __future__ import annotations

from domain.customers.sites.product_in_use_course import UseState
from domain.customers.sites.site import SiteKind
from projections.customers.customer_dimensions import CUSTOMER_BEHIND, customer_join, of_customer
from projections.customers.sites.use_sources import beside, told_of, used
from projections.kernel.reports.dimensions import CURRENCY, UNIT, Dimension
from projections.kernel.reports.measures import Measure, count, total
from projections.kernel.reports.report import Report

installed_base = Report(
    name="installed-base",
    title="Installed base: products in use on a day, those that came and those that went",
    records="products_in_use",
    source=used(),
    joins={
        **customer_join(),
        "site": beside("site", "sites"),
        "product": beside("product", "products"),
    },
    behind={
        **CUSTOMER_BEHIND,
        "site": ("sites", "[site.id]"),
        "product": ("products", "[product.id]"),
    },
    on="base.last",
    period="the day that the figures are of: the last one of each period asked for",
    spanning=True,
    dimensions=(
        Dimension(
            "product",
            "Product",
            told_of("product", "product.id"),
            join="product",
            of="products",
            zh="产品",
        ),
        Dimension(
            "old_product", "Product that is in no catalogue", "base.product_name", zh="目录外产品"
        ),
        Dimension("state", "State by now", "base.state", order=tuple(UseState), zh="现状态"),
        UNIT,
        Dimension(
            "site_kind",
            "Kind of site",
            told_of("site", "site.kind"),
            join="site",
            values=tuple(SiteKind),
            zh="客户点类型",
        ),
        Dimension(
            "medium",
            "Medium by which its site is reached: the one, or several",
            told_of(
                "site",
                "CASE WHEN json_array_length(site.medium) > 1 THEN 'several' "
                "ELSE site.medium ->> '$[0]' END",
            ),
            join="site",
            zh="接入介质",
        ),
        Dimension(
            "competitor",
            "Competitor",
            "base.lost_to",
            zh="竞争对手",
            note="that gained what was ceased",
        ),
        *of_customer("industry", "category", "grade", "region", "customer_state"),
        CURRENCY,
    ),
    measures=(
        Measure(
            "active",
            "Active",
            "products in use on the day, those that are suspended among them",
            count("base.active"),
            zh="在用",
            kind="stock",
            better="up",
        ),
        Measure(
            "quantity",
            "Quantity",
            "how many pieces these come to",
            total("base.step.quantity", "BIGINT", where="base.used"),
            zh="数量",
            kind="stock",
            better="up",
        ),
        Measure(
            "monthly_fees",
            "Monthly fees",
            "sum of their fees a month",
            total("base.step.monthly_fee", where="base.used"),
            money=True,
            sensitive="amount",
            zh="月费",
            kind="stock",
            better="up",
        ),
        Measure(
            "added",
            "Added",
            "products that became active in the period",
            count("base.added"),
            zh="新增",
            better="up",
        ),
        Measure(
            "ceased",
            "Ceased",
            "products that were active and were ceased in the period",
            count("base.gone"),
            zh="拆除",
            better="down",
        ),
        Measure(
            "net",
            "Net additions",
            "those added less those ceased",
            {"added": count("base.added"), "ceased": count("base.gone")},
            "{added} - {ceased}",
            zh="净增",
            better="up",
        ),
    ),
    zh="在用产品",
)
