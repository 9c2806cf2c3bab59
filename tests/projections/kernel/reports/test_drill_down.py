"""Explaining: what records give adds up to every figure, whatever was asked, of whatever time."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from duckdb import DuckDBPyConnection

from projections.kernel.lists.parameters import BadParameter
from projections.kernel.read_model import Row, fold, read_models
from projections.kernel.reports.drill_down import Explanation
from projections.kernel.reports.report import ask, reports, run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.warehouse.loader import Loader
from tests.projections.business import Business
from tests.projections.happenings import Raw, recorded, told
from tests.volume import FULL, some

DAY = date(2025, 8, 1)


class World:
    """A warehouse, and what it was made of."""

    def __init__(self, connection: DuckDBPyConnection, rows: list[Raw]) -> None:
        self.connection, self.raw = connection, rows
        loader = Loader(connection, told=told(rows))
        loader.create()
        loader.load_all([rows])

    def behind(self, name: str, row: Row, **asked: Any) -> Explanation:
        """Return what is behind a row of a report: its values are filters."""
        angles = {each.name for each in reports()[name].angles()}
        where = {key: [value or ""] for key, value in row.items() if key in angles}
        asked["where"] = asked.get("where", {}) | where
        return Explanation(self.connection, ask(self.connection, name, **asked))


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with duckdb.connect() as connection:
        yield World(connection, Business(seed=11).rows(16))


def added(records: list[Row], measure: str) -> dict[str, Any]:
    """Add up what records give to a measure; of values, all of them."""
    found: dict[str, Any] = {}
    for record in records:
        given = record["contributions"][measure]
        for label, value in (given if isinstance(given, dict) else {"": given}).items():
            if value is not None:
                found[label] = found[label] + value if label in found else value
    return found


def literal(value: Any) -> str:
    return "CAST(NULL AS DECIMAL(38, 10))" if value is None else str(value)


def source_of(totals: dict[str, Any], sums: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Return what was added up by the names of the totals, and SQL that gives it."""
    if "values" in sums:
        values = sums["values"]
        kind = "VARCHAR" if any(isinstance(each, str) for each in values) else "BIGINT"
        return {"count": len(values)}, f'SELECT unnest({values}::{kind}[]) AS "values"'
    if "" in sums:
        (only,) = totals
        sums = {only: sums[""]}
    # Nothing given to a count is none; nothing given to a sum is nothing known.
    sums = {name: sums.get(name, 0 if value == 0 else None) for name, value in totals.items()}
    columns = (f'{literal(value)} AS "{name}"' for name, value in sums.items())
    return sums, f"SELECT {', '.join(columns)}"


def faults(
    connection: DuckDBPyConnection, explanation: Explanation, records: list[Row], row: Row
) -> list[str]:
    """Return in what records do not add up to the figures of a row."""
    found, queries, figures = [], [], explanation.figures()
    for figure in figures:
        sums = added(records, figure["measure"])
        if "values" in figure["formula"]:
            sums.setdefault("values", [])
        sums, source = source_of(figure["totals"], sums)
        queries.append(f"(SELECT {figure['formula']} FROM ({source}))")
        if sums != figure["totals"]:
            found.append(f"{figure['measure']}: {sums} for {figure['totals']}")
    (computed,) = connection.execute(f"SELECT {', '.join(queries)}").fetchall()
    for figure, value in zip(figures, computed, strict=True):
        shown = row[figure["measure"]]
        if not value == figure["figure"] == shown:
            found.append(f"{figure['measure']}: {value} and {figure['figure']} for {shown}")
    return found


def every(name: str) -> list[str]:
    return [each.name for each in reports()[name].angles()]


MOMENTS = [(None, None), (400, None), (450, DAY)]
"""By day each dimension is tried at one of them, by night at all."""


@pytest.mark.parametrize("moment", MOMENTS, ids=["now", "then", "true-at-then"])
@pytest.mark.parametrize("name", reports())
def test_records_add_up_to_every_figure_of_every_row(
    world: World, name: str, moment: tuple[int | None, date | None]
) -> None:
    asked = {"as_of": moment[0], "standpoint": Standpoint(valid_at=moment[1])}
    seen = set()
    tried = every(name) if FULL else every(name)[MOMENTS.index(moment) :: len(MOMENTS)]
    for place, dimension in enumerate(tried):
        result = run(world.connection, name, [dimension], **asked)  # type: ignore[arg-type]
        rows = result.table.to_pylist()
        for row in rows if FULL else rows[place % (len(rows) or 1) :][:1]:
            explanation = world.behind(name, row, **asked)
            records = explanation.page(1000)
            assert faults(world.connection, explanation, records, row) == [], row
            seen |= {record["id"] for record in records}
    # Nobody states here when a campaign was planned, a contract signed, a customer activated.
    unstated = ("campaigns", "contract-movement", "payments", "customer-months", "product-holdings")
    assert seen or (name in unstated and moment[1])


@pytest.mark.parametrize("name", some(list(reports()), 6))
def test_what_does_not_add_up_is_found(world: World, name: str) -> None:
    rows = some(run(world.connection, name, ["month"]).table.to_pylist(), 4)
    for row in rows:
        explanation = world.behind(name, row)
        records = explanation.page(1000)
        assert faults(world.connection, explanation, records, row) == []
        assert faults(world.connection, explanation, records[1:], row)
        assert faults(world.connection, explanation, [*records, records[0]], row)
    before = [world.behind(name, row, as_of=40) for row in rows]
    assert any(
        faults(world.connection, e, e.page(1000), row) for e, row in zip(before, rows, strict=True)
    )


@pytest.mark.parametrize("name", ["pipeline", "sales", "customers", "campaigns"])
def test_a_hundredth_that_is_missing_is_found(world: World, name: str) -> None:
    for row in run(world.connection, name, ["currency"]).table.to_pylist():
        explanation = world.behind(name, row)
        records = explanation.page(1000)
        money = next(each.name for each in reports()[name].measures if each.money)
        for record in records:
            if record["contributions"][money] is not None:
                record["contributions"][money] += Decimal("0.01")
                assert faults(world.connection, explanation, records, row)
                record["contributions"][money] -= Decimal("0.01")


def test_the_records_are_those_of_the_plain_fold(world: World) -> None:
    upto = 160
    rows = fold(read_models()["opportunities"], {}, recorded(world.raw[:upto])).rows.values()
    customers = fold(read_models()["customers"], {}, recorded(world.raw[:upto])).rows
    asked = {"as_of": upto, "measures": ["opportunities"]}
    found = run(world.connection, "pipeline", ["industry", "stage"], **asked)  # type: ignore[arg-type]
    assert found.rows()
    for row in found.rows():
        records = world.behind("pipeline", row, **asked).page(1000)
        expected = {
            (each["id"], ("customers", each["customer_id"], customers[each["customer_id"]]["name"]))
            for each in rows
            if (each["status"], each["stage"]) == ("open", row["stage"])
            and customers[each["customer_id"]]["industry"] == row["industry"]
        }
        assert {(each["id"], *each["behind"]) for each in records} == expected


def test_only_records_that_give_something_are_listed(world: World) -> None:
    rows = fold(read_models()["opportunities"], {}, recorded(world.raw)).rows.values()
    records = world.behind("sales", {}, measures=["won"]).page(1000)
    assert {each["id"] for each in records} == {e["id"] for e in rows if e["status"] == "won"}
    assert all(each["contributions"] == {"won": 1} for each in records)


def test_a_filter_holds_beside_the_values_of_the_row(world: World) -> None:
    asked: dict[str, Any] = {"where": {"manager": ["chen.jing"], "product": ["SD-WAN", ""]}}
    for row in run(world.connection, "pipeline", ["stage"], **asked).table.to_pylist():
        explanation = world.behind("pipeline", row, **asked)
        assert faults(world.connection, explanation, explanation.page(1000), row) == []


def test_pages_and_the_table_hold_the_same_records(world: World) -> None:
    explanation = world.behind("tickets", {})
    whole, paged = explanation.page(1000), list[Row]()
    while page := explanation.page(7, paged[-1]["id"] if paged else None):
        paged += page
    assert paged == whole
    table = explanation.table(7).read_all()
    assert table.column("id").to_pylist() == [each["id"] for each in whole]
    assert table.column("opened").to_pylist() == [e["contributions"]["opened"] for e in whole]
    values = [each["contributions"]["p90_hours"]["values"] for each in whole]
    assert table.column("p90_hours.values").to_pylist() == values


def test_amounts_of_several_currencies_are_not_explained_together(world: World) -> None:
    for row in ({}, {"unit": "gd"}):
        with pytest.raises(BadParameter) as refused:
            world.behind("pipeline", row)
        assert refused.value.name == "currency"
    assert world.behind("pipeline", {}, measures=["opportunities"]).figures()
