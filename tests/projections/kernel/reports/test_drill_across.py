"""Measures of several reports side by side, against each report by itself."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from domain.kernel.aggregate import new_id
from domain.sales.opportunity import Opportunity
from domain.service.service_ticket import Channel, ServiceTicket, ServiceTicketKind, Severity
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.reports import drill_across
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.drill_across import Across, Joined, ask_each, join
from projections.kernel.reports.report import run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.stretches import Question
from tests.projections.business import Business
from tests.projections.happenings import Ledger
from tests.projections.kernel.reports.test_report import World

DAY = date(2026, 4, 10)
YEAR = date(2025, 1, 1), date(2025, 12, 31)
ACROSS = ["tickets", "sales.win_rate", "sales.won", "campaigns.campaigns"]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with duckdb.connect() as connection:
        yield World(connection, Business(seed=5).rows())


def joined(
    world: World,
    measures: Sequence[str],
    by: Sequence[str] = (),
    compare: Sequence[str] = (),
    days: tuple[date | None, date | None] = (None, None),
    **told: Any,
) -> Joined:
    across, question = Across(measures, by, []), Question(by, {}, *days, None)
    comparing = Comparing(next(iter(across.reports.values())), compare, None, False, False, DAY)
    results = ask_each(world.connection, across, question, comparing, Standpoint())
    return join(world.connection, across, by, results, **told)


def rows(found: Joined) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = found.table.to_pylist()
    return listed


def account(
    ledger: Ledger, won: Sequence[tuple[int, str]], tickets: int, customer: str = ""
) -> str:
    """Record what a customer bought, amounts with their currencies, and told of as broken."""
    customer = customer or new_id()
    for amount, currency in won:
        about: Any = {"title": "Sale", "customer_id": customer, "unit": "gd", "currency": currency}
        sale = Opportunity.open(**about, amount=Decimal(amount))
        ledger.record(sale)
        sale.win(Decimal(amount), closed_on=date(2026, 3, 9))
        ledger.record(sale)
    for _ in range(tickets):
        kind = ServiceTicketKind.FAULT
        about = {"title": "It is down", "severity": Severity.MINOR, "channel": Channel.HOTLINE}
        ledger.record(ServiceTicket.open(kind=kind, customer_id=customer, unit="gd", **about))
    return customer


def test_no_figure_is_multiplied_by_what_stands_beside_it() -> None:
    ledger = Ledger()
    one = account(ledger, [(20_000, "CNY")] * 3, tickets=2)
    two = account(ledger, [(7, "CNY"), (5, "USD")], tickets=1)
    three = account(ledger, [], tickets=4)
    with duckdb.connect() as connection:
        world = World(connection, ledger.rows)
        found = rows(joined(world, ["sales.won_amount", "tickets"], ["customer"]))
        (whole,) = rows(joined(world, ["sales.won", "tickets"]))
    told = {(e["customer"], e["currency"]): (e["sales.won_amount"], e["tickets"]) for e in found}
    assert told == {
        (one, "CNY"): (Decimal(60_000), 2),
        (two, "CNY"): (Decimal(7), None),
        (two, "USD"): (Decimal(5), None),
        (two, None): (Decimal(0), 1),
        (three, None): (Decimal(0), 4),
    }
    assert whole == {"sales.won": 5, "tickets": 7}


@pytest.mark.parametrize("by", [[], ["unit"], ["month"], ["unit", "quarter"]])
@pytest.mark.parametrize("compare", [[], ["previous", "year-ago"]])
def test_each_figure_is_that_of_its_own_report(
    world: World, by: list[str], compare: list[str]
) -> None:
    found = joined(world, ACROSS, by, compare, YEAR)
    seen = dict.fromkeys(("tickets", "sales", "campaigns"), 0)
    for name, measure in (("tickets", "opened"), ("sales", "win_rate"), ("campaigns", "campaigns")):
        column = name if name == "tickets" else f"{name}.{measure}"
        own = run(world.connection, name, by, first=YEAR[0], last=YEAR[1], measures=[measure])
        alone = {tuple(row[each] for each in by): row[measure] for row in own.table.to_pylist()}
        nothing = None if measure == "win_rate" else 0
        for row in rows(found):
            key = tuple(row[each] for each in by)
            assert row[column] == alone.get(key, nothing)
            seen[name] += row[column] or 0
        keys = {tuple(row[each] for each in by) for row in rows(found)}
        assert alone.keys() <= keys
        if compare:
            before = joined(world, [column], by, compare, YEAR)
            for row in rows(before):
                (same,) = (e for e in rows(found) if all(e[k] == row[k] for k in by))
                assert same | row == same
    assert all(seen.values())


def test_rows_are_chosen_ordered_and_cut_after_they_were_joined(world: World) -> None:
    every = rows(joined(world, ACROSS, ["unit"]))
    asked: Any = {
        "having": "tickets>=2, sales.win_rate<=0.9",
        "sort": "-tickets,sales.won",
        "limit": 2,
    }
    found = rows(joined(world, ACROSS, ["unit"], **asked))
    kept = [e for e in every if e["tickets"] >= 2 and (e["sales.win_rate"] or 1) <= 0.9]
    kept.sort(key=lambda row: (-row["tickets"], row["sales.won"]))
    assert found == kept[:2]
    assert len(kept) > 2
    assert [row["unit"] for row in every] == sorted(row["unit"] for row in every)


def test_a_total_of_a_share_is_that_of_all_and_no_mean(world: World) -> None:
    parts = rows(joined(world, ["win_rate", "sales.won"], ["unit"]))
    (whole,) = rows(joined(world, ["win_rate", "sales.won"]))
    sales = world.rows("opportunities").values()
    won, lost = (sum(row["status"] == each for row in sales) for each in ("won", "lost"))
    assert whole == {"win_rate": round(won / (won + lost), 4), "sales.won": won}
    rates = [row["win_rate"] for row in parts if row["win_rate"] is not None]
    assert whole["win_rate"] != round(sum(rates) / len(rates), 4)


def test_all_are_of_the_period_that_one_of_them_always_has(world: World) -> None:
    found = joined(world, ["tickets", "contracts.in_force"], ["month"])
    first, last = found.results["contracts"].period or (None, None)
    own = run(world.connection, "tickets", ["month"], first=first, last=last, measures=["opened"])
    assert {e["month"]: e["tickets"] for e in rows(found) if e["tickets"]} == {
        row["month"]: row["opened"] for row in own.table.to_pylist()
    }


@pytest.mark.parametrize(
    ("measures", "by", "filters", "parameter", "told"),
    [
        ([], [], [], "measures", "name some"),
        (["weather"], [], [], "measures", "no measure 'weather'"),
        (["won"], [], [], "measures", "stages.won"),
        (["tickets", "sales.won"], ["severity"], [], "by", "sales.won has no dimension 'severity'"),
        (["tickets", "sales.won"], [], ["severity"], "severity", "sales.won has no dimension"),
        (["tickets", "sales.won"], ["weather"], [], "by", "tickets has no dimension 'weather'"),
        (["tickets", "campaigns.campaigns"], ["kind"], [], "by", "'kind' of campaigns.campaigns"),
        (["tickets"], ["currency"], [], "by", "none of the measures has a currency"),
        (["tickets"], [f"d{n}" for n in range(7)], [], "by", "these are 7, and at most 6"),
        ([f"m{n}" for n in range(13)], [], [], "measures", "these are 13, and at most 12"),
    ],
)
def test_what_cannot_stand_side_by_side_is_refused_by_name(
    measures: list[str], by: list[str], filters: list[str], parameter: str, told: str
) -> None:
    with pytest.raises(BadParameter) as refused:
        Across(measures, by, filters)
    assert refused.value.name == parameter
    assert told in refused.value.detail


@pytest.mark.parametrize(
    ("having", "sort"),
    [
        *((each, "") for each in ("tickets", "tickets>", "tickets>x", "unit>1", "won=1")),
        *((each, "") for each in ("tickets>=1;--", 'tickets">0', "tickets>1e9", "tickets>=")),
        *(("", each) for each in ("weather", "-", "tickets desc", 'tickets";--')),
    ],
)
def test_a_condition_or_an_order_by_no_column_is_refused(
    world: World, having: str, sort: str
) -> None:
    with pytest.raises(BadParameter) as refused:
        joined(world, ["tickets", "sales.won"], ["unit"], having=having, sort=sort)
    assert refused.value.name == ("having" if having else "sort")


def test_more_rows_than_an_answer_holds_are_refused_with_their_number(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = len(rows(joined(world, ACROSS, ["unit"])))
    monkeypatch.setattr(drill_across, "ROWS", 2)
    with pytest.raises(BadParameter, match=f"these are {every} rows, and at most 2"):
        joined(world, ACROSS, ["unit"])
    assert len(rows(joined(world, ACROSS, ["unit"], limit=2))) == 2
