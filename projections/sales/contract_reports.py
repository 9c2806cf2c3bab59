"""The reports on contracts: what is in force on a day, and how the monthly fees came to that."""

from __future__ import annotations

from domain.sales.contract_clock import Renewal
from domain.sales.contract_course import ENDS, RUNNING, UNSIGNED, Status
from projections.customers.customer_dimensions import customer_join, of_customer
from projections.kernel.reports.dimensions import Dimension, currency
from projections.kernel.reports.measures import Measure, count, total
from projections.kernel.reports.report import Report
from projections.kernel.reports.report_scope import seen
from projections.kernel.warehouse.facts import literal

_CUSTOMER = ("customers", "[customer.id]")

_FEES = '[{"from":"DATE","monthly":"DECIMAL(18,2)"}]'
_PARTS = f'[{{"product":"VARCHAR","value":"DECIMAL(18,2)","fees":{_FEES}}}]'
_SUSPENSIONS = '[{"first":"DATE","last":"DATE"}]'

_ABOUT = "id, title, unit, manager, customer_id, renewal, currency"
_TERMS = f"{_ABOUT}, status, starts_on, last_day, suspensions"
_BEGUN = f"""from_json(fees, '{_FEES}')[1]."from" AS begun"""

_WHOLE = f"""
    SELECT {_TERMS}, value, from_json(fees, '{_FEES}') AS fees FROM {seen("contracts")}"""
_EACH = f"""
    SELECT * EXCLUDE (part), part.product AS product, part.value AS value, part.fees AS fees
    FROM (
        SELECT {_TERMS}, replaces_id, {_BEGUN}, unnest(from_json(by_product, '{_PARTS}')) AS part
        FROM {seen("contracts")}
    )"""

_SIGNED = ", ".join(map(literal, (*RUNNING, Status.EXPIRED, Status.TERMINATED)))


def _standing(contracts: str) -> str:
    """Return a source of contracts as they stand on the last day of each span, by their terms."""
    return f"""SELECT *, standing IN ('in-force', 'suspended') AS held,
        coalesce(list_filter(fees, lambda fee: fee."from" <= last)[-1].monthly, 0) AS fee
    FROM (
        SELECT *, CASE
            WHEN status NOT IN ({_SIGNED}) THEN status
            WHEN last < starts_on THEN 'signed'
            WHEN last > last_day THEN if(status = 'terminated', 'terminated', 'expired')
            WHEN len(list_filter(from_json(suspensions, '{_SUSPENSIONS}'),
                lambda each: each.first <= spans.last AND spans.last <= coalesce(
                each.last, spans.last))) > 0 THEN 'suspended'
            ELSE 'in-force'
        END AS standing
        FROM ({contracts}) CROSS JOIN spans
    )"""


_DIMENSIONS = (
    Dimension("unit", "Unit", "base.unit", of="units", tree=True),
    Dimension("manager", "Account manager", "base.manager", of="employees"),
    Dimension("renewal", "Renewal", "base.renewal", values=tuple(Renewal)),
    *of_customer("industry", "category", "grade", "region", "customer_state"),
    currency(),
)
_PRODUCT = Dimension("product", "Product", "base.product", grain="product")


def _ending(days: int) -> Measure:
    return Measure(
        f"ending_{days}",
        f"Ending within {days} days",
        f"contracts in force whose last day is at most {days} days away",
        count(f"base.held AND base.last_day <= base.last + {days}"),
    )


contracts_report = Report(
    name="contracts",
    title="Contracts: what is in force on a day",
    records="contracts",
    source=_standing(_WHOLE),
    grains={"product": _standing(_EACH)},
    joins=customer_join(),
    behind={"customer": _CUSTOMER},
    on="base.last",
    period="the day that the figures are of: the last one of each period asked for",
    spanning=True,
    dimensions=(
        Dimension(
            "status",
            "Status on the day, by the terms",
            "base.standing",
            order=(*UNSIGNED, *RUNNING, *ENDS),
        ),
        *_DIMENSIONS,
        _PRODUCT,
    ),
    measures=(
        Measure("contracts", "Contracts", "contracts of whatever status", count()),
        Measure(
            "value",
            "Value",
            "sum of what the contracts are worth over their terms, of whatever status but void; by "
            "product, split in hundredths by what the lines come to",
            total("base.value", where="base.standing <> 'void'"),
            money=True,
            sensitive="amount",
        ),
        Measure(
            "in_force",
            "In force",
            "signed contracts whose term has begun and not ended, suspended or not",
            count("base.held"),
        ),
        Measure(
            "monthly_fee",
            "Monthly fee",
            "sum of the monthly fees of the day of contracts in force; none while suspended",
            total("base.fee", where="base.held"),
            money=True,
            sensitive="amount",
        ),
        *map(_ending, (30, 60, 90)),
    ),
)

_KINDS = ("new", "expansion", "contraction", "lost")

_STEPS = f"""
    SELECT id, product, currency, replaces_id, day, day = begun AS begins, day > last_day AS ends,
        CAST(fees[place].monthly - coalesce(fees[place - 1].monthly, 0) AS DECIMAL(38, 2)) AS delta
    FROM (
        SELECT *, fees[place]."from" AS day
        FROM (SELECT *, unnest(generate_series(1, len(fees))) AS place FROM ({_EACH}))
    ) WHERE status IN ({_SIGNED})"""
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
            SELECT {_ABOUT} FROM {seen("contracts")}
        ) USING (id)
        LEFT JOIN (
            SELECT id, list(other) AS others FROM (
                SELECT new AS id, old AS other FROM renewed UNION SELECT old, new FROM renewed
            ) GROUP BY id
        ) USING (id)"""


def _fees(name: str, title: str, definition: str) -> Measure:
    part = total(f"base.{name}")
    return Measure(name, title, definition, part, money=True, sensitive="amount")


def _share(name: str, title: str, definition: str, more: str = "") -> Measure:
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
    )


movement = Report(
    name="contract-movement",
    title="Contracts: how the monthly fees moved in a period",
    records="contracts",
    source=_moved("id"),
    grains={"product": _moved("id, product")},
    joins=customer_join(),
    behind={"": ("contracts", "base.others"), "customer": _CUSTOMER},
    on="base.last",
    period="each period asked for, by its last day",
    spanning=True,
    dimensions=(*_DIMENSIONS, _PRODUCT),
    measures=(
        Measure("contracts", "Contracts", "contracts with a monthly fee before or in it", count()),
        _fees("opening", "Opening", "monthly fees on the day before the period"),
        _fees(
            "new",
            "New",
            "fees of contracts from their first day on; not of those that replace another",
        ),
        _fees(
            "expansion",
            "Expansion",
            "what fees rose by, product by product, by amendment, renewal, a later line, a new "
            "text, or the end of a suspension",
        ),
        _fees(
            "contraction",
            "Contraction",
            "what fees fell by, product by product, while the contract or the one that replaces it "
            "goes on; a suspension too",
        ),
        _fees("lost", "Lost", "fees of contracts that ended and were not replaced"),
        _fees(
            "carried",
            "Carried over",
            "what contracts took over of those that they replace, less what was taken over of "
            "them: nothing, where both count",
        ),
        _fees(
            "closing",
            "Closing",
            "monthly fees on the last day: opening, new and expansion, less contraction and lost, "
            "and what was carried over",
        ),
        _share(
            "gross_retention",
            "Gross retention",
            "what is left of the opening after contraction and loss, as a share of it",
        ),
        _share(
            "net_retention",
            "Net retention",
            "the same with expansion",
            "expansion",
        ),
    ),
)
