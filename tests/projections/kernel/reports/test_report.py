"""Reports against plain Python over the same rows; what can be asked and what cannot."""

import io
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from duckdb import DuckDBPyConnection

from domain.customers.customer import Customer
from domain.kernel.aggregate import new_id
from domain.kernel.time.business_day import day_at
from domain.sales.opportunity import Opportunity
from domain.sales.opportunity_offer import ProductLine
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.read_model import Row, fold, read_models
from projections.kernel.reports.dimensions import UNSEEN
from projections.kernel.reports.drill_down import Explanation
from projections.kernel.reports.report import ask, reports, run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.result import Result
from projections.kernel.visibility.visibility import Sight, View
from projections.kernel.warehouse.loader import Loader
from tests.projections.business import Business
from tests.projections.happenings import Ledger, Raw, recorded
from tests.volume import some


class World:
    """A warehouse, and the same rows in Python."""

    def __init__(self, connection: DuckDBPyConnection, rows: list[Raw]) -> None:
        self.connection = connection
        self.raw = rows
        loader = Loader(connection)
        loader.create()
        loader.load_all([rows])

    def rows(self, model: str, upto: int | None = None) -> dict[str, Row]:
        return fold(read_models()[model], {}, recorded(self.raw[:upto])).rows

    def run(self, name: str, **asked: Any) -> Result:
        return run(self.connection, name, **asked)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with duckdb.connect() as connection:
        yield World(connection, Business(seed=5).rows())


TREE = Standpoint(under=lambda unit: frozenset({unit, f"{unit}-gz", f"{unit}-sz"}))


def groups(rows: Any, *keys: Callable[[Row], Any]) -> Mapping[tuple[Any, ...], list[Row]]:
    found: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in rows:
        found[tuple(key(row) for key in keys)].append(row)
    return found


def figures(result: Result, dimensions: int) -> dict[tuple[Any, ...], dict[str, Any]]:
    keys = [name for name in result.columns if not name.endswith("_name")][:dimensions]
    return {tuple(row[key] for key in keys): row for row in result.table.to_pylist()}


def of(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name]


def total(rows: list[Row], name: str) -> Decimal | None:
    values = [row[name] for row in rows if row[name] is not None]
    return sum(values, Decimal(0)) if values else None


def quantile(values: list[float], share: float) -> float | None:
    if not values:
        return None
    values = sorted(values)
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


def test_customers_by_grade_and_unit(world: World) -> None:
    found = figures(world.run("customers", by=["grade", "unit"]), 3)
    expected = groups(world.rows("customers").values(), of("grade"), of("unit"), of("currency"))
    assert found.keys() == expected.keys()
    for key, rows in expected.items():
        assert found[key]["customers"] == len(rows)
        assert found[key]["annual_revenue"] == total(rows, "annual_revenue")


def test_customers_by_industry_of_one_category(world: World) -> None:
    result = world.run(
        "customers", by=["industry"], where={"category": ["group", ""]}, measures=["customers"]
    )
    chosen = [row for row in world.rows("customers").values() if row["category"] in ("group", None)]
    expected = groups(chosen, of("industry"))
    assert {tuple(row.values()) for row in result.rows()} == {
        (*key, len(rows)) for key, rows in expected.items()
    }


def test_the_pipeline_by_stage_and_month(world: World) -> None:
    found = figures(world.run("pipeline", by=["stage", "month"]), 3)
    opened = [row for row in world.rows("opportunities").values() if row["status"] == "open"]
    expected = groups(
        opened,
        of("stage"),
        lambda row: row["expected_close"] and f"{row['expected_close']:%Y-%m}",
        of("currency"),
    )
    assert found.keys() == expected.keys()
    for key, rows in expected.items():
        assert found[key]["opportunities"] == len(rows)
        assert found[key]["amount"] == total(rows, "amount")
        assert found[key]["weighted_amount"] == total(rows, "weighted_amount")


def test_the_pipeline_by_the_customers_industry(world: World) -> None:
    customers = world.rows("customers")
    opened = [row for row in world.rows("opportunities").values() if row["status"] == "open"]
    expected = groups(opened, lambda row: customers[row["customer_id"]]["industry"])
    result = world.run("pipeline", by=["industry"], measures=["opportunities"])
    assert {tuple(row.values()) for row in result.rows()} == {
        (*key, len(rows)) for key, rows in expected.items()
    }


def shares(row: Row) -> dict[str | None, float]:
    """Split an opportunity among its products by what the lines come to."""
    worth = [
        float(each["quantity"]) * (float(each["one_off"]) + float(each["monthly"]) * each["months"])
        for each in row["lines"]
    ]
    if not worth:
        return {None: 1.0}
    found: dict[str | None, float] = defaultdict(float)
    for line, value in zip(row["lines"], worth, strict=True):
        found[line["product"]] += value / sum(worth) if sum(worth) else 1 / len(worth)
    return found


def test_sales_by_product_add_up_to_the_sales(world: World) -> None:
    won = [row for row in world.rows("opportunities").values() if row["status"] == "won"]
    expected: dict[tuple[Any, ...], float] = defaultdict(float)
    counts: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in won:
        for product, share in shares(row).items():
            expected[product, row["currency"]] += share * float(row["amount"])
            counts[product, row["currency"]] += 1
    result = world.run("sales", by=["product"], where={"outcome": ["won"]})
    found = figures(result, 2)
    assert found.keys() == expected.keys()
    for key, amount in expected.items():
        assert float(found[key]["won_amount"]) == pytest.approx(amount, abs=0.011)
        assert found[key]["won"] == counts[key]


def test_an_opportunity_with_two_of_the_products_counts_once(world: World) -> None:
    products = ["DIA, 100M", "SD-WAN"]
    rows = world.rows("opportunities").values()
    expected = [
        row
        for row in rows
        if row["status"] == "open" and {each["product"] for each in row["lines"]} & set(products)
    ]
    assert any({*products} <= {each["product"] for each in row["lines"]} for row in expected)
    asked = ["opportunities", "average_probability"]
    (found,) = world.run("pipeline", where={"product": products}, measures=asked).rows()
    assert found["opportunities"] == len(expected)
    mean = statistics.mean(row["probability"] for row in expected)
    assert found["average_probability"] == pytest.approx(mean, abs=0.0051)


def test_sales_by_manager_and_quarter(world: World) -> None:
    ended = [row for row in world.rows("opportunities").values() if row["status"] != "open"]
    expected = groups(
        ended,
        of("manager"),
        lambda row: f"{row['closed_on']:%Y}-Q{(row['closed_on'].month + 2) // 3}",
        of("currency"),
    )
    found = figures(world.run("sales", by=["manager", "quarter"]), 3)
    assert found.keys() == expected.keys()
    for key, rows in expected.items():
        won = [row for row in rows if row["status"] == "won"]
        lost = [row for row in rows if row["status"] == "lost"]
        days = [(row["closed_on"] - row["opened_on"]).days for row in won]
        figure = found[key]
        assert (figure["won"], figure["lost"]) == (len(won), len(lost))
        assert figure["abandoned"] == len(rows) - len(won) - len(lost)
        assert figure["won_amount"] == total(won, "amount")
        rate = len(won) / (len(won) + len(lost)) if won or lost else None
        assert figure["win_rate"] == pytest.approx(rate, abs=0.0001)
        assert figure["average_days_to_win"] == pytest.approx(
            statistics.mean(days) if days else None, abs=0.006
        )


def test_stages_by_stage(world: World) -> None:
    order = ["lead", "qualified", "solution", "proposal", "negotiation"]
    outcomes: dict[str, list[tuple[str, int | None]]] = defaultdict(list)
    for row in world.rows("opportunities").values():
        for place, stay in enumerate(row["stages"]):
            if place + 1 == len(row["stages"]):
                outcome = row["status"]
            else:
                step = order.index(row["stages"][place + 1]["stage"]) - order.index(stay["stage"])
                outcome = "advanced" if step > 0 else "moved_back" if step else "reopened"
            outcomes[stay["stage"]].append((outcome, stay["days"]))
    result = world.run("stages", by=["stage"])
    assert [row["stage"] for row in result.rows()] == [each for each in order if each in outcomes]
    for row in result.rows():
        stays = outcomes[row["stage"]]
        assert row["entered"] == len(stays)
        for name in ("advanced", "moved_back", "reopened", "won", "lost", "abandoned", "open"):
            assert row[name] == sum(outcome == name for outcome, _ in stays)
        ended = [outcome for outcome, _ in stays if outcome != "open"]
        onward = sum(outcome in ("advanced", "won") for outcome in ended)
        assert row["conversion"] == pytest.approx(onward / len(ended) if ended else None, abs=1e-4)
        days = [each for _, each in stays if each is not None]
        assert row["median_days"] == (statistics.median(days) if days else None)
        assert row["average_days"] == pytest.approx(
            statistics.mean(days) if days else None, abs=0.006
        )


def test_tickets_by_kind_and_severity(world: World) -> None:
    expected = groups(world.rows("service_tickets").values(), of("kind"), of("severity"))
    found = figures(world.run("tickets", by=["kind", "severity"]), 2)
    assert found.keys() == expected.keys()
    for key, rows in expected.items():
        figure = found[key]
        states = [row["status"] for row in rows]
        assert figure["opened"] == len(rows)
        assert figure["open"] == sum(
            each in ("open", "assigned", "in-progress", "waiting") for each in states
        )
        assert figure["resolved"] == sum(
            each in ("resolved", "confirmed", "closed") for each in states
        )
        hours = [
            row["resolution_seconds"] / 3600
            for row in rows
            if row["resolution_seconds"] is not None
        ]
        assert figure["median_hours"] == pytest.approx(quantile(hours, 0.5), abs=0.006)
        assert figure["p90_hours"] == pytest.approx(quantile(hours, 0.9), abs=0.006)
        scores = [row["satisfaction"] for row in rows if row["satisfaction"] is not None]
        assert figure["satisfaction"] == pytest.approx(
            statistics.mean(scores) if scores else None, abs=0.006
        )


def test_campaigns_with_what_their_opportunities_brought(world: World) -> None:
    opportunities = world.rows("opportunities")
    found = figures(world.run("campaigns", by=["campaign"]), 1)
    campaigns = world.rows("campaigns").values()
    assert len(found) == len(campaigns)
    for row in campaigns:
        figure = found[row["id"],]
        assert figure["campaign_name"] == row["name"]
        linked = [opportunities[each] for each in row["opportunities"]]
        won = [each for each in linked if each["status"] == "won"]
        amount = sum(
            (each["amount"] for each in won if each["currency"] == row["currency"]), Decimal(0)
        )
        assert figure["targets"] == row["targets"]
        assert figure["response_rate"] == pytest.approx(
            row["responded"] / row["targets"], abs=0.0001
        )
        assert figure["cost"] == row["cost"]
        assert figure["opportunities"] == len(linked)
        assert figure["orders"] == len(won)
        assert figure["won_amount"] == amount
        assert figure["roi"] == pytest.approx(
            float((amount - row["cost"]) / row["cost"]), abs=0.0001
        )


def test_a_campaign_counts_in_each_of_its_units_and_once_without(world: World) -> None:
    campaigns = list(world.rows("campaigns").values())
    by_unit = world.run("campaigns", by=["unit"], measures=["campaigns"]).rows()
    assert {row["unit"]: row["campaigns"] for row in by_unit} == {
        unit: sum(unit in row["units"] for row in campaigns)
        for unit in {unit for row in campaigns for unit in row["units"]}
    }
    either = world.run("campaigns", where={"unit": ["gd", "gd-gz"]}, measures=["campaigns"])
    assert either.rows() == [
        {"campaigns": sum(bool({"gd", "gd-gz"} & set(row["units"])) for row in campaigns)}
    ]
    below = world.run(
        "campaigns", where={"unit_under": ["gd"]}, measures=["campaigns"], standpoint=TREE
    )
    assert below.rows() == [
        {"campaigns": sum(any(u[:2] == "gd" for u in row["units"]) for row in campaigns)}
    ]


def test_a_unit_with_all_below_it(world: World) -> None:
    result = world.run(
        "customers", where={"unit_under": ["gd"]}, measures=["customers"], standpoint=TREE
    )
    rows = world.rows("customers").values()
    expected = sum(row["unit"] in ("gd", "gd-gz", "gd-sz") for row in rows)
    assert result.rows() == [{"customers": expected}]


def test_a_period_has_both_its_ends(world: World) -> None:
    days = sorted(row["registered_on"] for row in world.rows("customers").values())
    first, last = days[5], days[20]
    result = world.run("customers", first=first, last=last, measures=["customers"])
    assert result.rows() == [{"customers": sum(first <= day <= last for day in days)}]


def test_figures_are_those_of_any_past_position(world: World) -> None:
    for position in (0, 60, 150, len(world.raw)):
        rows = world.rows("opportunities", position).values()
        expected = sum(row["status"] == "open" for row in rows)
        result = world.run("pipeline", as_of=position, measures=["opportunities"])
        assert result.rows() == [{"opportunities": expected}]
        assert result.position == position
    assert world.run("pipeline", as_of=10**9).position == len(world.raw)


@pytest.mark.parametrize("name", reports())
def test_every_dimension_groups_and_filters(world: World, name: str) -> None:
    report = reports()[name]
    first = report.measures[0].name
    for dimension in report.angles():
        grouped = world.run(name, by=[dimension.name], measures=[first]).rows()
        assert grouped
        for row in some(grouped, 4):
            value = row[dimension.name]
            one = world.run(
                name, by=[dimension.name], where={dimension.name: [value or ""]}, measures=[first]
            )
            assert one.rows() == [row]


@pytest.mark.parametrize("name", reports())
def test_amounts_of_different_currencies_are_never_added(world: World, name: str) -> None:
    if any(measure.money for measure in reports()[name].measures):
        found = [row["currency"] for row in world.run(name).rows()]
        assert len(found) == len(set(found)) > 1


def test_what_there_is_not_is_refused_by_name(world: World) -> None:
    for asked, parameter in (
        ({"by": ["colour"]}, "by"),
        ({"where": {"colour": ["red"]}}, "colour"),
        ({"where": {"grade_under": ["A"]}}, "grade_under"),
        ({"measures": ["profit"]}, "measures"),
    ):
        with pytest.raises(BadParameter) as refused:
            world.run("customers", **asked)
        assert refused.value.name == parameter
    with pytest.raises(KeyError):
        world.run("weather")


@pytest.mark.parametrize("name", reports())
@pytest.mark.parametrize("top", [1, 3, 1000])
def test_the_top_are_the_rows_with_the_greatest_figures_in_each_currency(
    world: World, name: str, top: int
) -> None:
    angles = [each.name for each in reports()[name].dimensions]
    second = "currency" if "currency" in angles else angles[0]
    for measure in (reports()[name].measures[0], reports()[name].measures[-1]):
        asked = {"by": ["month", second], "measures": [measure.name]}
        rows = world.run(name, **asked).rows()
        found = world.run(name, **asked, top=top).rows()
        wanted = defaultdict[Any, list[Any]](list)
        for row in rows:
            wanted[row.get("currency")].append(row)
        for money, every in wanted.items():
            known = [Decimal(row[measure.name]) for row in every if row[measure.name] is not None]
            nothing = [None] * (len(every) - len(known))
            shown = [row for row in found if row.get("currency") == money]
            greatest = [*sorted(known, reverse=True), *nothing][:top]
            assert [row[measure.name] and Decimal(row[measure.name]) for row in shown] == greatest
            assert all(row in every for row in shown)


def test_values_are_bound_never_read_as_sql(world: World) -> None:
    hostile = "x'); DROP TABLE store.progress; --"
    with pytest.raises(BadParameter):
        world.run("customers", where={"unit": [hostile]}, measures=["customers"])
    assert world.run("customers", measures=["customers"]).rows() != [{"customers": 0}]


def test_the_same_figures_come_as_values_and_parquet(world: World) -> None:
    result = world.run("sales", by=["product"])
    rows = result.table.to_pylist()
    assert list(result.values()) == [[row[name] for name in result.columns] for row in rows]
    assert pq.read_table(io.BytesIO(result.parquet())).to_pylist() == rows


def test_every_report_says_what_its_figures_mean() -> None:
    for report in reports().values():
        described = report.describe()
        assert all(each["definition"] for each in described["measures"])
        names = [each["name"] for each in described["dimensions"] + described["measures"]]
        assert len(names) == len(set(names))


def test_days_are_those_of_the_business_whatever_the_zone_of_the_reader(world: World) -> None:
    cursor = world.connection.cursor()
    cursor.execute("SET TimeZone = 'America/New_York'")
    there = {row["day"]: row["opened"] for row in run(cursor, "tickets", by=["day"]).rows()}
    rows = world.rows("service_tickets").values()
    assert there == Counter(f"{day_at(row['opened_at'])}" for row in rows)


def split_exactly(row: Row) -> dict[str | None, Decimal]:
    """Split an amount among its lines: largest remainder, the first of equal ones first."""
    cents = int(row["amount"] * 100)
    lines = row["lines"] or [None]
    worth = [
        int(
            100
            * each["quantity"]
            * (Decimal(each["one_off"]) + Decimal(each["monthly"]) * each["months"])
        )
        for each in row["lines"]
    ]
    worth = worth if sum(worth) else [1] * len(lines)
    parts = [cents * each // sum(worth) for each in worth]
    rest = [cents * each % sum(worth) for each in worth]
    nearest = sorted(range(len(parts)), key=lambda place: (-rest[place], place))
    for place in nearest[: cents - sum(parts)]:
        parts[place] += 1
    found: dict[str | None, Decimal] = defaultdict(Decimal)
    for line, part in zip(lines, parts, strict=True):
        found[line and line["product"]] += Decimal(part) / 100
    return found


def test_amounts_by_product_are_hundredths_that_add_up_exactly(world: World) -> None:
    expected: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    opened = [row for row in world.rows("opportunities").values() if row["status"] == "open"]
    for row in opened:
        for product, part in split_exactly(row).items() if row["amount"] is not None else ():
            expected[product, row["currency"]] += part
    found = world.run("pipeline", by=["product"])
    given = {key: row["amount"] for key, row in figures(found, 2).items()}
    assert {key: amount for key, amount in given.items() if amount is not None} == expected
    for name in ("amount", "weighted_amount"):
        parts = groups(found.table.to_pylist(), of("currency"))
        for whole in world.run("pipeline").table.to_pylist():
            assert total(parts[whole["currency"],], name) == whole[name]


def alone(event: Any) -> World:
    ledger = Ledger()
    for record in event():
        ledger.record(record)
    return World(duckdb.connect(), ledger.rows)


LARGE = Decimal("9999999999999999.99")


def sold(*worth: str, amount: Decimal) -> Opportunity:
    lines: Any = [ProductLine(product=each, one_off=Decimal(100)) for each in worth]
    return Opportunity.open(
        title="Sale", customer_id=new_id(), unit="gd", amount=amount, currency="CNY", lines=lines
    )


def test_a_hundred_over_three_lines_is_a_hundred() -> None:
    world = alone(lambda: [sold("a", "b", "c", amount=Decimal(100))])
    found = world.run("pipeline", by=["product"], measures=["amount"]).rows()
    assert [row["amount"] for row in found] == ["33.34", "33.33", "33.33"]


def test_the_largest_amounts_add_up_to_the_hundredth() -> None:
    world = alone(lambda: [sold("a", "b", "c", amount=LARGE) for _ in range(12)])
    by_product = world.run("pipeline", by=["product"], measures=["amount"]).table.to_pylist()
    assert sum(row["amount"] for row in by_product) == 12 * LARGE
    (whole,) = world.run("pipeline", measures=["amount"]).rows()
    assert whole["amount"] == str(12 * LARGE)


@pytest.mark.parametrize("name", reports())
def test_no_amount_of_money_is_a_floating_number(world: World, name: str) -> None:
    shares = {"roi", "gross_retention", "net_retention"}  # numbers, not amounts
    for by in ([], *([each.name] for each in reports()[name].angles())):
        table = world.run(name, by=by).table
        for measure in reports()[name].measures:
            if measure.money and measure.name not in shares:
                assert str(table.schema.field(measure.name).type) == "decimal128(38, 2)"


@pytest.mark.parametrize("name", reports())
def test_a_dimension_of_records_groups_by_key_and_tells_the_name(world: World, name: str) -> None:
    """Whatever groups by what a record is called would make one of two that are called alike."""
    for each in reports()[name].angles():
        assert not re.search(r"\.(name|title|short_name)\b", each.sql), each.name
        columns = world.run(name, by=[each.name]).columns
        assert (f"{each.name}_name" in columns) == bool(each.of), each.name


def test_records_of_two_kinds_are_named_beside_one_another(world: World) -> None:
    rows = world.run("sales", by=["customer", "unit"], measures=["won"]).rows()
    names = {row["id"]: row["name"] for row in world.rows("customers").values()}
    assert rows
    assert {row["customer"]: row["customer_name"] for row in rows} == {
        row["customer"]: names[row["customer"]] for row in rows
    }


def test_two_customers_of_one_name_are_two() -> None:
    def records() -> Iterator[Any]:
        for _ in range(2):
            customer = Customer.register(name="First Steel", unit="gd")
            yield customer
            yield Opportunity.open(
                title="Sale", customer_id=customer.id, unit="gd", amount=Decimal(5), currency="CNY"
            )

    world = alone(records)
    found = world.run("pipeline", by=["customer"], measures=["amount"]).rows()
    assert [row["amount"] for row in found] == ["5.00", "5.00"]
    assert {row["customer_name"] for row in found} == {"First Steel"}
    assert len({row["customer"] for row in found}) == 2


def test_a_group_is_counted_under_whoever_is_at_its_top() -> None:
    units = {"top": "gd", "middle": "js", "bottom": "gd", "other": "gd"}
    ids: dict[str, str] = {}

    def records() -> Iterator[Any]:
        above = None
        for name, unit in units.items():
            customer = Customer.register(
                name=name, unit=unit, parent_id=above if name != "other" else None
            )
            above = ids[name] = str(customer.id)
            yield customer
            yield Opportunity.open(
                title=name, customer_id=customer.id, unit="gd", amount=Decimal(5), currency="CNY"
            )

    world = alone(records)

    def told(report: str, measure: str, **asked: Any) -> dict[str, Any]:
        rows = world.run(report, by=["group_customer"], measures=[measure], **asked).rows()
        return {row["group_customer_name"]: row[measure] for row in rows}

    assert told("pipeline", "amount") == {"top": "15.00", "other": "5.00"}
    assert told("customers", "customers") == {"top": 3, "other": 1}
    of_top: dict[str, Any] = {
        "where": {"group_customer": [ids["top"]]},
        "measures": ["opportunities"],
    }
    assert world.run("pipeline", **of_top).rows() == [{"opportunities": 3}]
    asked = ask(world.connection, "pipeline", by=["group_customer"], **of_top)
    behind = {
        record["title"]: {title for _, _, title in record["behind"]}
        for record in Explanation(world.connection, asked).page(10)
    }
    assert behind == {
        "top": {"top"},
        "middle": {"top", "middle"},
        "bottom": {"top", "middle", "bottom"},
    }
    # Who does not see the one between does not learn to whom it belongs.
    gd = {"standpoint": Standpoint(Sight((View("gd", frozenset({"gd"})),)))}
    assert told("pipeline", "amount", **gd) == {"top": "5.00", UNSEEN: "10.00", "other": "5.00"}
    assert told("customers", "customers", **gd) == {"top": 1, UNSEEN: 1, "other": 1}


def test_what_is_not_in_sight_is_said_to_be(world: World) -> None:
    gz = Standpoint(Sight((View("gz", frozenset({"gd-gz"})),)))
    customers = world.rows("customers")
    opened = [
        row
        for row in world.rows("opportunities").values()
        if row["status"] == "open" and row["unit"] == "gd-gz"
    ]
    expected = groups(
        opened,
        lambda row: (
            customers[row["customer_id"]]["industry"]
            if customers[row["customer_id"]]["unit"] == "gd-gz"
            else UNSEEN
        ),
    )
    asked = {"measures": ["opportunities"], "standpoint": gz}
    found = world.run("pipeline", by=["industry"], **asked)
    assert figures(found, 1).keys() == expected.keys() >= {(UNSEEN,)}
    for row in found.rows():
        assert row["opportunities"] == len(expected[row["industry"],])
    unseen = world.run("pipeline", where={"industry": [UNSEEN]}, **asked).rows()
    assert unseen == [{"opportunities": len(expected[UNSEEN,])}]
    named = world.run("pipeline", by=["customer"], **asked).rows()
    assert {
        row["customer_name"] for row in named if customers[row["customer"]]["unit"] != "gd-gz"
    } == {UNSEEN}


@pytest.mark.parametrize("name", reports())
def test_no_filter_is_by_what_there_is_not(world: World, name: str) -> None:
    for each in reports()[name].angles():
        for key in (each.name, *([f"{each.name}_under"] if each.tree else [])):
            with pytest.raises(BadParameter) as refused:
                world.run(name, where={key: ["2017Q2"]})
            assert refused.value.name == key
    with pytest.raises(BadParameter, match="before the begin"):
        world.run(name, first=date(2026, 2, 1), last=date(2026, 1, 31))
