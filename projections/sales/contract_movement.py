"""The report on how the monthly fees of contracts came to what they are."""

from __future__ import annotations

from typing import Any

from projections.customers.customer_dimensions import CUSTOMER_BEHIND, customer_join
from projections.kernel.reports.measures import Measure, count, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen
from projections.sales.contract_sources import (
    ABOUT,
    DIMENSIONS,
    PRODUCT,
    SIGNED,
    each_product,
)

_KINDS = ("new", "expansion", "contraction", "lost")

_STEPS = f"""
    SELECT id, product, currency, replaces_id, day, day = begun AS begins, day > last_day AS ends,
        CAST(fees[place].monthly - coalesce(fees[place - 1].monthly, 0) AS DECIMAL(38, 2)) AS delta
    FROM (
        SELECT *, fees[place]."from" AS day
        FROM (SELECT *, unnest(generate_series(1, len(fees))) AS place FROM ({each_product()}))
    ) WHERE status IN ({SIGNED})"""
"""Each change of what a product of a contract comes to a month."""

_CARRIED = """
    renewed AS MATERIALIZED (
        SELECT DISTINCT old.id AS old, new.id AS new FROM steps AS old JOIN steps AS new
        ON new.replaces_id = old.id AND new.id <> old.id AND new.currency = old.currency
    ), taken AS (
        SELECT old, new, product, least(fee, upto) - least(fee, upto - own) AS carried
        FROM (
            SELECT old, new, product, delta AS own,
                sum(delta) OVER (PARTITION BY old, product ORDER BY day, new) AS upto
            FROM renewed JOIN steps ON id = new AND begins
        ) JOIN (SELECT id AS old, product, -delta AS fee FROM steps WHERE ends)
        USING (old, product)
    ), sides AS (
        SELECT new AS id, product, true AS begins, carried FROM taken
        UNION ALL SELECT old, product, false, -carried FROM taken
    )"""
"""What a new text takes over of the fee of each product of the contract that it replaces."""

_MOVES = """
    SELECT *, CASE
        WHEN begins AND id NOT IN (SELECT new FROM renewed) THEN 'new'
        WHEN ends AND id NOT IN (SELECT old FROM renewed) THEN 'lost'
        WHEN delta > carried THEN 'expansion' ELSE 'contraction'
    END AS kind
    FROM (
        SELECT steps.*, coalesce(over.carried, 0) AS carried
        FROM steps LEFT JOIN (
            SELECT id, product, begins, sum(carried) AS carried FROM sides GROUP BY ALL
        ) AS over ON over.id = steps.id AND over.product = steps.product
            AND over.begins = steps.begins AND (steps.begins OR steps.ends)
    )"""


def _moved(each: str) -> str:
    """Return a source of what moved within each span, by contract or by more than that."""
    kinds = (
        f"sum(if(day >= first AND kind = '{kind}', abs(delta - carried), 0)) AS {kind}"
        for kind in _KINDS
    )
    return f"""
        WITH steps AS MATERIALIZED ({_STEPS}), {_CARRIED}
        SELECT * FROM (
            SELECT {each}, first, last, sum(delta) AS closing,
                sum(if(day < first, delta, 0)) AS opening,
                sum(if(day < first, 0, carried)) AS carried, {", ".join(kinds)}
            FROM ({_MOVES}) JOIN spans ON day <= last
            GROUP BY ALL HAVING closing <> 0 OR max(day) >= first
        ) JOIN (
            SELECT {ABOUT} FROM {seen("contracts")}
        ) USING (id)
        LEFT JOIN (
            SELECT id, list(other) AS others FROM (
                SELECT new AS id, old AS other FROM renewed UNION SELECT old, new FROM renewed
            ) GROUP BY id
        ) USING (id)"""


def _fees(name: str, title: str, zh: str, definition: str, **more: Any) -> Measure:
    part = total(f"base.{name}")
    return Measure(name, title, definition, part, money=True, sensitive="amount", zh=zh, **more)


def _share(name: str, title: str, zh: str, definition: str, more: str = "") -> Measure:
    names = ("opening", *filter(None, [more]), "contraction", "lost")
    kept = " - ".join(f"{{{each}}}" for each in ("contraction", "lost"))
    gained = f" + {{{more}}}" if more else ""
    return Measure(
        name,
        title,
        definition,
        {each: total(f"base.{each}") for each in names},
        f"round(({{opening}}{gained} - {kept}) / nullif({{opening}}, 0), 4)",
        money=True,
        sensitive="amount",
        zh=zh,
        kind="ratio",
        unit="share",
        better="up",
    )


movement = Report(
    name="contract-movement",
    title="Contracts: how the monthly fees moved in a period",
    records="contracts",
    source=_moved("id"),
    grains={"product": _moved("id, product")},
    joins=customer_join(),
    behind={"": ("contracts", "base.others"), **CUSTOMER_BEHIND},
    on="base.last",
    period="each period asked for, by its last day",
    spanning=True,
    dimensions=(*DIMENSIONS, PRODUCT),
    measures=(
        Measure(
            "contracts",
            "Contracts",
            "contracts with a monthly fee before or in it",
            count(),
            zh="合同数",
            kind="stock",
        ),
        _fees(
            "opening", "Opening", "期初", "monthly fees on the day before the period", kind="stock"
        ),
        _fees(
            "new",
            "New",
            "新签",
            "fees of contracts from their first day on; not of those that replace another",
            better="up",
        ),
        _fees(
            "expansion",
            "Expansion",
            "扩增",
            "what fees rose by, product by product, by amendment, renewal, a later line, a new "
            "text, or the end of a suspension",
            better="up",
        ),
        _fees(
            "contraction",
            "Contraction",
            "缩减",
            "what fees fell by, product by product, while the contract or the one that replaces it "
            "goes on; a suspension too",
            better="down",
        ),
        _fees(
            "lost",
            "Lost",
            "丢失",
            "fees of contracts that ended and were not replaced",
            better="down",
        ),
        _fees(
            "carried",
            "Carried over",
            "续转",
            "what contracts took over of those that they replace, less what was taken over of "
            "them: nothing, where both count",
        ),
        _fees(
            "closing",
            "Closing",
            "期末",
            "monthly fees on the last day: opening, new and expansion, less contraction and lost, "
            "and what was carried over",
            kind="stock",
            better="up",
        ),
        _share(
            "gross_retention",
            "Gross retention",
            "毛留存率",
            "what is left of the opening after contraction and loss, as a share of it",
        ),
        _share(
            "net_retention",
            "Net retention",
            "净留存率",
            "the same with expansion",
            "expansion",
        ),
    ),
    zh="合同月费变动",
)
