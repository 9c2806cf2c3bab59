"""Figures are made of what is in sight only, and count where the organisation has it."""

import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from projections.kernel.lists.list_query import FieldMasked
from projections.kernel.read_model import Row, fold, read_models
from projections.kernel.reports.dimensions import UNSEEN
from projections.kernel.reports.report import ask, reports, run
from projections.kernel.reports.report_scope import Standpoint, places
from projections.kernel.visibility.row_security import subject_of
from projections.kernel.visibility.unit_tree import Organisation
from projections.kernel.visibility.visibility import Sight, Subject, View
from projections.kernel.warehouse.loader import Loader
from tests.projections.belongings import UNITS, belongings, sight
from tests.projections.warehouses import raw
from tests.volume import examples

EVENTS = belongings(3)
MODELS = ("customers", "opportunities", "service_tickets", "campaigns")
ROWS = {name: fold(read_models()[name], {}, EVENTS).rows for name in MODELS}

UNIT_ROWS: list[Row] = [
    {"code": code, "level": level, "parent": parent, "state": state, "successor": successor}
    for code, level, parent, state, successor in (
        ("group", "group", None, "open", None),
        ("gd", "province", "group", "open", None),
        ("gd-gz", "network", "gd", "open", None),
        ("gd-sz", "network", "gd", "closed", "js-nj"),
        ("js", "province", "group", "open", None),
        ("js-nj", "network", "js", "open", None),
        ("js-nj-1", "team", "js-nj", "open", None),
    )
]


@pytest.fixture(scope="module")
def cursor() -> Iterator[DuckDBPyConnection]:
    with duckdb.connect() as connection:
        loader = Loader(connection)
        loader.create()
        loader.load(map(raw, EVENTS))
        yield connection


def in_sight(name: str, seen: Sight) -> list[Row]:
    model = read_models()[name]
    found = []
    for row in ROWS[name].values():
        above = ROWS["customers"].get(row["customer_id"]) if model.scope.through else None
        if seen.covers(subject_of(model, row, above)):
            found.append(row)
    return found


def total(cursor: DuckDBPyConnection, name: str, measure: str, seen: Sight) -> Any:
    found = run(cursor, name, measures=[measure], standpoint=Standpoint(seen)).rows()
    return found[0][measure]


def test_figures_count_what_is_in_sight_and_nothing_else(cursor: DuckDBPyConnection) -> None:
    chance = random.Random(5)
    for _ in range(examples(15)):
        seen = sight(chance)
        assert total(cursor, "customers", "customers", seen) == len(in_sight("customers", seen))
        assert total(cursor, "tickets", "opened", seen) == len(in_sight("service_tickets", seen))
        assert total(cursor, "campaigns", "campaigns", seen) == len(in_sight("campaigns", seen))
        won = [row for row in in_sight("opportunities", seen) if row["status"] == "won"]
        assert total(cursor, "sales", "won", seen) == len(won)


def test_no_report_tells_of_a_customer_out_of_sight(cursor: DuckDBPyConnection) -> None:
    seen = Sight((View("g", frozenset({"gd"})),))
    shown = {(row["id"], row["name"]) for row in in_sight("customers", seen)}
    for report in ("pipeline", "sales", "stages", "tickets"):
        found = run(cursor, report, ["customer"], standpoint=Standpoint(seen)).rows()
        assert found
        told = {(row["customer"], row["customer_name"]) for row in found}
        assert {each for each in told if each[1] not in (None, UNSEEN)} <= shown


def test_a_masked_figure_is_refused_when_named_and_left_out_otherwise(
    cursor: DuckDBPyConnection,
) -> None:
    classes = frozenset({"amount", "revenue"})
    standpoint = Standpoint(Sight((View("g", None, None, classes),)))
    with pytest.raises(FieldMasked):
        run(cursor, "pipeline", measures=["amount"], standpoint=standpoint)
    for name, report in reports().items():
        found = run(cursor, name, standpoint=standpoint)
        kept = {each.name for each in report.measures if each.sensitive not in classes}
        assert set(found.columns) - {"currency"} == kept
        assert set(found.masked) == {
            each.sensitive for each in report.measures if each.sensitive in classes
        }


def test_a_figure_is_of_the_rows_that_show_it_and_says_so(cursor: DuckDBPyConnection) -> None:
    chance, narrowed = random.Random(11), 0
    for _ in range(examples(15)):
        seen = sight(chance)
        if seen and not seen.showing("amount"):
            with pytest.raises(FieldMasked):
                run(cursor, "pipeline", measures=["amount"], standpoint=Standpoint(seen))
            continue
        found = run(cursor, "pipeline", measures=["amount"], standpoint=Standpoint(seen))
        open_ = [row for row in in_sight("opportunities", seen) if row["status"] == "open"]
        plain = [row for row in open_ if "amount" not in seen.masked(of(row))]
        amounts: dict[str, Any] = {}
        for row in plain:
            amounts[row["currency"]] = amounts.get(row["currency"], 0) + (row["amount"] or 0)
        got = {row["currency"]: Decimal(row["amount"] or 0) for row in found.rows()}
        assert got == amounts
        if len(plain) < len(open_):
            assert found.narrowed == ("amount",)
            assert found.masked == ()
            default = run(cursor, "pipeline", standpoint=Standpoint(seen))
            assert "amount" not in default.columns
            assert default.masked == ("amount",)
            asked = ask(cursor, "pipeline", measures=["amount"], standpoint=Standpoint(seen))
            assert asked.standpoint.narrowed == ("amount",)
            narrowed += 1
    assert narrowed


def of(row: Row) -> Subject:
    """Return where an opportunity belongs."""
    return subject_of(
        read_models()["opportunities"], row, ROWS["customers"].get(row["customer_id"])
    )


@pytest.mark.parametrize(
    ("now", "where"),
    [
        (False, {"gd-sz": ("gd-sz", "gd", "gd-sz"), "gd-gz": ("gd-gz", "gd", "gd-gz")}),
        (True, {"gd-sz": ("js-nj", "js", "js-nj"), "gd-gz": ("gd-gz", "gd", "gd-gz")}),
    ],
)
def test_figures_count_as_organised_then_or_now(
    cursor: DuckDBPyConnection, now: bool, where: dict[str, tuple[str, str, str]]
) -> None:
    organisation = Organisation(UNIT_ROWS)
    table = places(UNIT_ROWS, organisation, now=now)
    found = {row["code"]: row for row in table.to_pylist()}
    for code, (current, province, network) in where.items():
        place = found[code]
        assert (place["current"], place["province"], place["network"]) == (
            current,
            province,
            network,
        )
    assert found["js-nj-1"]["network"] == "js-nj"
    standpoint = Standpoint(under=organisation.under, places=lambda: table, now=now)
    for dimension, column in (("unit", "current"), ("province", "province")):
        rows = run(
            cursor, "customers", [dimension], measures=["customers"], standpoint=standpoint
        ).rows()
        unknown = {"code": "nowhere", "current": "nowhere", "province": None}
        assert {row[dimension]: row["customers"] for row in rows} == Counter(
            found.get(row["unit"], unknown)[column] for row in ROWS["customers"].values()
        )
    levels = run(
        cursor, "customers", ["serving_level"], measures=["customers"], standpoint=standpoint
    ).rows()
    above = [found.get(row["unit"]) for row in ROWS["customers"].values()]
    assert {row["serving_level"]: row["customers"] for row in levels} == Counter(
        each and ("network" if each["network"] else "province" if each["province"] else "group")
        for each in above
    )
    below = run(
        cursor,
        "customers",
        where={"unit_under": ["js"]},
        measures=["customers"],
        standpoint=standpoint,
    )
    units = {unit for unit in UNITS if unit in organisation.under("js")}
    assert "gd-sz" in units
    assert below.rows()[0]["customers"] == sum(
        row["unit"] in units for row in ROWS["customers"].values()
    )


def test_a_campaign_of_two_units_that_are_one_now_counts_once(cursor: DuckDBPyConnection) -> None:
    merged = [{**row, "successor": row["successor"] and "gd-gz"} for row in UNIT_ROWS]
    organisation = Organisation(merged)
    table = places(merged, organisation, now=True)
    current = {row["code"]: row["current"] for row in table.to_pylist()}
    standpoint = Standpoint(under=organisation.under, places=lambda: table, now=True)
    units = {
        id_: {current.get(unit, unit) for unit in row["units"]}
        for id_, row in ROWS["campaigns"].items()
    }

    def figures(chosen: set[str]) -> tuple[int, str]:
        found = [row for id_, row in ROWS["campaigns"].items() if units[id_] & chosen]
        return len(found), f"{sum(row['budget'] for row in found):.2f}"

    def asked(by: list[str], where: dict[str, list[str]]) -> list[Row]:
        measures = ["campaigns", "budget"]
        return run(cursor, "campaigns", by, where, measures=measures, standpoint=standpoint).rows()

    assert any(len(units[id_]) < len(row["units"]) for id_, row in ROWS["campaigns"].items())
    by_unit = asked(["unit"], {})
    assert {row["unit"] for row in by_unit} == set().union(*units.values())
    for row in by_unit:
        assert (row["campaigns"], row["budget"]) == figures({row["unit"]})
    for name, codes in (("unit_under", ["gd"]), ("unit", ["gd-gz", "js"])):
        chosen = set(codes) if name == "unit" else organisation.under(codes[0]) or set()
        (row,) = asked([], {name: codes})
        assert (row["campaigns"], row["budget"]) == figures(set(chosen))
    (row,) = asked(["unit"], {"unit": ["gd-gz"]})
    assert (row["campaigns"], row["budget"]) == figures({"gd-gz"})
