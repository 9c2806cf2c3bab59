"""Comparisons of figures, against the same question asked of the other days by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.aggregate import new_id
from domain.sales.opportunity import Opportunity
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.periods import Move, end_of, span_of, text_of
from projections.kernel.reports.report import reports, run
from projections.kernel.reports.stretches import Question
from tests.projections.business import Business
from tests.projections.happenings import Ledger
from tests.projections.kernel.reports.test_report import World

DAY = date(2026, 4, 10)

WON = {date(2026, 3, day): 5 for day in range(1, 32)} | {date(2026, 4, d): 6 for d in range(1, 11)}
"""How many sales were won on a day: so many in March, and more in April up to the 10th."""


def won(days: Iterable[tuple[date, int]], **offer: Any) -> Ledger:
    ledger = Ledger()
    for day, number in days:
        for _ in range(number):
            given: Any = {"unit": "gd", "amount": Decimal(10), **offer}
            sale = Opportunity.open(title="Sale", customer_id=new_id(), currency="CNY", **given)
            ledger.record(sale)
            sale.win(given["amount"], closed_on=day)
            ledger.record(sale)
    return ledger


@pytest.fixture(scope="module")
def april() -> Iterator[World]:
    with duckdb.connect() as connection:
        yield World(connection, won(WON.items()).rows)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with duckdb.connect() as connection:
        yield World(connection, Business(seed=5).rows())


def compared(
    world: World,
    by: Sequence[str] = (),
    first: date | None = None,
    last: date | None = None,
    compare: Sequence[str] = (),
    measures: Sequence[str] = ("won",),
    *,
    to_date: bool = False,
    fill: bool = False,
    known: int | None = None,
    **where: list[str],
) -> list[dict[str, Any]]:
    comparing = Comparing(reports()["sales"], compare, known, to_date, fill, DAY)
    found = comparing.run(
        lambda q, of: run(
            world.connection, "sales", q.by, q.where, q.first, q.last, q.position, of
        ),
        Question(by, where, first, last, None),
        measures,
    )
    return found.rows()


def test_up_to_the_same_day_an_unfinished_month_is_not_held_against_a_whole_one(
    april: World,
) -> None:
    (row,) = compared(april, month=["2026-04"], compare=["previous"])
    assert (row["won"], row["won_previous"], row["won_previous_share"]) == (60, 155, -0.6129)
    for by in ([], ["month"], ["year", "month"]):
        (row,) = compared(april, by, month=["2026-04"], compare=["previous"], to_date=True)
        assert (row["won"], row["won_previous"]) == (60, 50)
        assert (row["won_previous_change"], row["won_previous_share"]) == (10, 0.2)
    march, running = compared(april, ["month"], compare=["previous"], to_date=True)
    assert (march["won"], march["won_previous"], march["won_previous_share"]) == (155, 0, None)
    assert (running["won"], running["won_previous"]) == (60, 50)


def test_what_there_is_on_one_side_alone_is_a_row_and_no_share_is_made_of_nothing() -> None:
    amounts = {"gd": (800_000, 1_000_000), "hn": (120_000, 0), "yn": (0, 50_000)}
    ledger = Ledger()
    with duckdb.connect() as connection:
        for unit, values in amounts.items():
            for day, value in zip((date(2026, 3, 9), date(2026, 4, 9)), values, strict=True):
                if value:
                    some = won([(day, 1)], unit=unit, amount=Decimal(value))
                    for row in some.rows:
                        stream, version, type_, schema = row[1:5]
                        ledger.add(stream, version, type_, schema, row[11])
        world = World(connection, ledger.rows)
        asked: dict[str, Any] = {"measures": ["won_amount"], "compare": ["previous"]}
        found = compared(world, ["unit"], month=["2026-04"], **asked)
        (total,) = compared(world, month=["2026-04"], **asked)
    changes = {
        row["unit"]: (row["won_amount_previous_change"], row["won_amount_previous_share"])
        for row in [*found, {"unit": "all", **total}]
    }
    assert changes == {
        "gd": ("200000.00", 0.25),
        "hn": ("-120000.00", -1.0),
        "yn": ("50000.00", None),
        "all": ("130000.00", 0.1413),
    }


@pytest.mark.parametrize("by", [[], ["month"], ["quarter"], ["unit", "month"], ["year", "month"]])
@pytest.mark.parametrize(("name", "months"), [("previous", None), ("year-ago", 12)])
def test_each_figure_is_that_of_the_other_days(
    world: World, by: list[str], name: str, months: int | None
) -> None:
    first, last = date(2026, 4, 1), date(2026, 9, 30)
    unit = next((each for each in ("month", "quarter") if each in by), None)
    back = Move(-(months or {None: 6, "month": 1, "quarter": 3}[unit]))
    column = f"won_{name.replace('-', '_')}"
    found = compared(world, by, first, last, [name])
    other = run(
        world.connection, "sales", by, first=back.day(first), last=back.end(last), measures=["won"]
    ).rows()
    assert sum(row["won"] for row in other) == sum(row[column] for row in found)
    for row in found:
        where = {each: [row[each]] for each in by}
        for each in {"month", "quarter", "year"} & where.keys():
            at = span_of(unit or each, row[unit or each])[0]
            where[each] = [text_of(each, back.day(at))]
        days: Any = {} if unit else {"first": back.day(first), "last": back.end(last)}
        (plain,) = run(world.connection, "sales", where=where, measures=["won"], **days).rows()
        assert row[column] == plain["won"], row


def test_what_was_known_is_beside_what_is(world: World) -> None:
    half = len(world.raw) // 2
    found = compared(world, ["unit"], compare=["known"], known=half, measures=("won", "won_amount"))
    then = run(world.connection, "sales", ["unit"], as_of=half, measures=["won"]).rows()
    told = {row["unit"]: row["won_known"] for row in found if row["won_known"]}
    assert told == {row["unit"]: row["won"] for row in then if row["won"]}
    assert sum(told.values()) < sum(row["won"] for row in found)


def test_periods_without_rows_are_there(april: World) -> None:
    found = compared(april, ["month"], date(2026, 1, 5), None, fill=True)
    assert [(row["month"], row["won"]) for row in found] == [
        *(("2026-01", 0), ("2026-02", 0), ("2026-03", 155), ("2026-04", 60))
    ]
    days = compared(april, ["day", "unit"], fill=True, month=["2026-02", "2026-04"])
    assert len(days) == 28 + 30
    assert sum(row["won"] for row in days) == 60
    (row,) = compared(
        april, ["quarter"], fill=True, measures=["average_days_to_win"], year=["2024"]
    )[:1]
    assert (row["quarter"], row["average_days_to_win"]) == ("2024-Q1", None)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"compare": ["previous"]}, "needs a period"),
        ({"compare": ["year-ago"]}, "needs a period"),
        ({"compare": ["previous"], "first": date(2026, 1, 1)}, "needs a period"),
        ({"compare": ["previous"], "month": ["2026-01", "2026-03"]}, "do not follow"),
        ({"by": ["unit"], "fill": True}, "no period"),
        ({"by": ["day"], "fill": True, "first": date(1, 1, 1)}, "at most 100000"),
        ({"compare": ["year-ago"], "first": date(1, 1, 1)}, "no days so early"),
        (
            {"compare": ["previous"], "first": date(9999, 12, 1), "last": date(9999, 12, 31)},
            "no days so early, or so late",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(april: World, asked: Any, told: str) -> None:
    with pytest.raises(BadParameter, match=told):
        compared(april, **asked)


DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@given(DAYS, st.sampled_from(["day", "month", "quarter", "year"]), st.integers(-30, 30))
def test_ways_between_periods_lead_back(day: date, period: str, number: int) -> None:
    move, text = Move.over(period, number), text_of(period, day)
    first, last = span_of(period, text)
    assert first <= day <= last == end_of(period, day)
    moved = move.text(period, text)
    assert list(move.sources(period, moved)) == [text]
    assert move.back.text(period, moved) == text
    assert move.end(last) == span_of(period, moved)[1]


@given(DAYS, st.integers(-30, 30))
def test_a_day_leads_to_its_number_in_another_month_or_to_its_last(day: date, months: int) -> None:
    move = Move(months)
    moved = move.day(day)
    assert moved.day == day.day or (moved.day < day.day and moved == end_of("month", moved))
    assert str(day) in list(move.sources("day", str(moved)))
    assert (moved.year - day.year) * 12 + moved.month - day.month == months
    assert move.day(day + timedelta(days=1)) >= moved
