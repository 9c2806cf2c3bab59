"""Reports on contracts: what is in force on a day, and how the monthly fees came to that."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import pytest

from domain.kernel.aggregate import to_stored
from domain.kernel.time.business_day import begin_of
from domain.sales.contract_clock import Renewal
from domain.sales.contract_payments import Payment
from domain.sales.contract_terms import LineEnd
from projections.kernel.columns import json_text, microseconds
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.read_model import Row
from projections.kernel.reports.drill_down import Explanation
from projections.kernel.reports.report import ask, run
from projections.kernel.reports.report_scope import Standpoint
from projections.kernel.reports.spans import spans
from projections.kernel.warehouse.loader import Loader
from tests.domain.sales.contracts import Life, line, year
from tests.projections.happenings import Raw

H1: dict[str, Any] = {"first": date(2027, 1, 1), "last": date(2027, 6, 30)}
NEW_YEAR = date(2027, 1, 1)


def journal(lives: Iterable[Life]) -> list[Raw]:
    """Return the facts of some contracts as the journal has them, in the order of their times."""
    facts = [
        (fact.timestamp, n, to_stored(fact)) for life in lives for n, fact in enumerate(life.facts)
    ]
    return [
        (
            *(position, stored.stream, stored.version, stored.type, stored.schema),
            *(round(time.timestamp() * 1_000_000), "he.li", "gd-gz", f"c-{position}"),
            *(None, None, stored.data.decode(), None, "person"),
        )
        for position, (time, _, stored) in enumerate(sorted(facts, key=lambda f: f[:2]), 1)
    ]


class World:
    """Contracts, and a warehouse of them."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, *lives: Life) -> None:
        self.cursor, self.rows = cursor, journal(lives)
        loader = Loader(cursor)
        loader.create()
        loader.load_all([self.rows])

    def known(self, day: date) -> int:
        """Return the position of what was known at the end of a day."""
        return sum(row[5] < microseconds(begin_of(day + timedelta(days=1))) for row in self.rows)

    def moved(self, currency: str = "CNY", **asked: Any) -> list[Row]:
        """Return the rows of the movement in one currency."""
        where = asked.pop("where", {}) | {"currency": [currency]}
        return run(self.cursor, "contract-movement", where=where, **asked).rows()

    def stood(self, day: date, currency: str = "CNY", **asked: Any) -> list[Row]:
        """Return the rows of what stands on a day in one currency."""
        where = {"currency": [currency]}
        return run(self.cursor, "contracts", last=day, where=where, **asked).rows()

    def fee(self, day: date, currency: str = "CNY", **asked: Any) -> str | None:
        """Return the monthly fee of a day."""
        (row,) = self.stood(day, currency, **asked)
        fee: str | None = row["monthly_fee"]
        return fee


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Make the contracts of each test in a currency of their own."""
    with duckdb.connect() as cursor:
        odd = scenario("25000.01", "7999.99", currency="JPY")
        lives = (*scenario(), *odd, amended(), suspended(), year(2027, currency="EUR"))
        yield World(cursor, *lives, *ending().values(), paid_for())


def ended(day: date) -> list[LineEnd]:
    return [LineEnd(id="a", last_day=day)]


def scenario(more: str = "25000", less: str = "8000", **told: Any) -> list[Life]:
    """Return contracts of 500,000 a month at the end of 2026 that move in the half year after."""
    first, last = date(2026, 1, 1), date(2027, 12, 31)
    signed, half = date(2025, 12, 15), date(2027, 6, 30)
    risen = Life(first, last, line("a", "300000"), on=signed, **told).signed(signed)
    risen.amended(NEW_YEAR, date(2027, 2, 1), new=[line("b", more, product="Cloud")])
    fallen = Life(first, last, line("a", "150000"), on=signed, **told).signed(signed)
    cheaper = line("a", str(150_000 - Decimal(less)))
    fallen.amended(NEW_YEAR, date(2027, 3, 1), ended(date(2027, 2, 28)), [cheaper])
    lost = Life(first, date(2027, 4, 30), line("a", "30000"), on=signed, **told).signed(signed)
    old = Life(first, date(2027, 3, 31), line("a", "20000"), on=signed, **told).signed(signed)
    text = Life(
        date(2027, 4, 1), last, line("a", "20000"), on=NEW_YEAR, replaces_id=str(old.now.id), **told
    )
    new = Life(date(2027, 5, 1), last, line("a", "60000", product="Cloud"), on=NEW_YEAR, **told)
    draft = Life(date(2027, 1, 1), half, line("a", "77000"), on=NEW_YEAR, **told)
    return [risen, fallen, lost, old, text.signed(NEW_YEAR), new.signed(NEW_YEAR), draft]


def amended() -> Life:
    """Return the contract of scenario 9."""
    life = year(2027, currency="USD").signed(NEW_YEAR)
    b = line("b", "5000", product="Cloud", **{"from": "2027-06-01", "to": "2027-07-31"})
    new = [line("a", "25000"), b]
    return life.amended(date(2027, 3, 10), date(2027, 4, 1), ended(date(2027, 3, 31)), new)


def suspended() -> Life:
    """Return a contract that was suspended in March."""
    december = date(2026, 12, 1)
    life = year(2027, currency="EUR", on=december).signed(december)
    life.do(NEW_YEAR, "take_effect", begin_of(NEW_YEAR))
    life.do(date(2027, 3, 1), "suspend", "Works")
    life.do(date(2027, 4, 1), "resume", "Works are over")
    return life


@cache
def ending() -> dict[str, Life]:
    """Return contracts that end and go on within 2027, by what becomes of them."""
    begun, told = date(2026, 12, 1), {"currency": "GBP", "on": date(2026, 12, 1)}

    def life(first: date, last: date, *lines: Any, **more: Any) -> Life:
        life = Life(first, last, *lines, **told, **more).signed(begun)
        life.do(first, "take_effect", begin_of(first))
        return life

    later = {"from": "2027-07-05", "one_off": "50.01"}
    lines = (line("a", "310.37"), line("b", "77.77", to="2027-09-14"), line("c", "9.10", **later))
    odd = life(date(2027, 1, 17), date(2028, 3, 9), *lines)
    odd.do(date(2027, 2, 11), "suspend", "Works")
    odd.do(date(2027, 3, 2), "resume", "Works are over")
    goes_on: dict[str, Any] = {"renewal": Renewal.AUTOMATIC, "renewal_months": 6}
    renewed = life(date(2027, 2, 10), date(2027, 8, 9), line("a", "31.31"), **goes_on)
    renewed.do(date(2027, 8, 10), "renew_automatically", begin_of(date(2027, 8, 10)))
    old = life(date(2027, 1, 1), date(2027, 5, 31), line("a", "20"))
    new = life(date(2027, 6, 1), date(2028, 5, 31), line("a", "20"), replaces_id=str(old.now.id))
    lost = life(date(2027, 1, 1), date(2027, 4, 30), line("a", "30"))
    return {"odd": odd, "renewed": renewed, "old": old, "new": new, "lost": lost}


def paid_for() -> Life:
    """Return a contract with a payment that was made, one made in part, one that was not."""
    life = year(2027, currency="CHF").signed(NEW_YEAR)
    told = (("a", 100, "2027-03-31"), ("b", 200, "2027-06-30"), ("c", 300, "2027-09-30"))
    items = [{"id": id_, "amount": str(n), "due_on": day, "for": "x"} for id_, n, day in told]
    life.do(
        NEW_YEAR, "schedule_payments", [Payment.model_validate_json(json_text(e)) for e in items]
    )
    life.do(date(2027, 4, 9), "record_payment", "a", Decimal(100))
    life.do(date(2027, 8, 1), "record_payment", "b", Decimal(50))
    return life


FIGURES = {
    "opening": "500000.00",
    "new": "60000.00",
    "expansion": "25000.00",
    "contraction": "8000.00",
    "lost": "30000.00",
    "carried": "0.00",
    "closing": "547000.00",
    "gross_retention": 0.924,
    "net_retention": 0.974,
}


def test_the_movement_of_a_period_has_its_opening_what_changed_and_its_closing(
    world: World,
) -> None:
    assert world.moved(**H1) == [{"currency": "CNY", "contracts": 6, **FIGURES}]
    assert world.fee(H1["last"]) == "547000.00"
    assert world.fee(date(2026, 12, 31)) == "500000.00"
    (before,) = world.moved(**H1, as_of=world.known(date(2026, 12, 31)))
    assert (before["new"], before["lost"], before["closing"]) == ("0.00", "50000.00", "450000.00")
    (control,) = world.moved("JPY", **H1)
    assert control == {"currency": "JPY", "contracts": 6, **FIGURES} | {
        "expansion": "25000.01",
        "contraction": "7999.99",
        "closing": "547000.02",
    }


def test_what_a_new_text_takes_over_is_neither_lost_nor_new(world: World) -> None:
    april: dict[str, Any] = {"first": date(2027, 4, 1), "last": date(2027, 4, 30)}
    (moved,) = world.moved(**april, measures=["new", "lost", "carried", "closing"])
    assert (moved["new"], moved["lost"], moved["carried"]) == ("0.00", "0.00", "0.00")
    asked = ask(world.cursor, "contract-movement", (), {"currency": ["CNY"]}, **april)
    given = {each["id"]: each for each in Explanation(world.cursor, asked).page(9)}
    carried = {id_: each["contributions"]["carried"] for id_, each in given.items()}
    assert sorted(filter(None, carried.values())) == [-20_000, 20_000]
    old, new = (next(id_ for id_, fee in carried.items() if fee == of) for of in (-20_000, 20_000))
    assert ("contracts", old) in [each[:2] for each in given[new]["behind"]]


def test_a_figure_of_a_day_is_that_of_the_terms_as_known_then(world: World) -> None:
    june = date(2027, 6, 15)
    days = (date(2027, 3, 31), date(2027, 4, 1), june, date(2027, 8, 1))
    fees = [world.fee(day, "USD") for day in days]
    assert fees == ["20000.00", "25000.00", "30000.00", "25000.00"]
    assert world.fee(june, "USD", as_of=world.known(date(2027, 3, 9))) == "20000.00"
    then = Standpoint(valid_at=date(2027, 3, 9))
    assert world.fee(june, "USD", standpoint=then) == "20000.00"
    parts = {row["product"]: row for row in world.stood(june, "USD", by=["product"])}
    told = {name: row["monthly_fee"] for name, row in parts.items()}
    assert told == {"DIA": "25000.00", "Cloud": "5000.00"}
    assert whole(parts.values(), "value") == 295_000
    (ends,) = world.stood(date(2027, 11, 1), "USD")
    assert (ends["ending_30"], ends["ending_60"], ends["ending_90"]) == (0, 1, 1)


def test_a_status_is_that_of_the_day_by_the_terms(world: World) -> None:
    for day, status, fee in (
        (date(2026, 12, 31), "signed", None),
        (NEW_YEAR, "in-force", "20000.00"),
        (date(2027, 3, 1), "suspended", "0.00"),
        (date(2027, 3, 31), "suspended", "0.00"),
        (date(2027, 4, 1), "in-force", "20000.00"),
        (date(2027, 12, 31), "in-force", "20000.00"),
        (date(2028, 1, 1), "expired", None),
    ):
        found = world.stood(day, "EUR", by=["status"])
        told = {row["status"]: row["monthly_fee"] for row in found}
        assert told == {"drafted": None, status: fee}, day
    moved = {row["month"]: row for row in world.moved("EUR", **H1, by=["month"])}
    assert moved["2027-03"]["contraction"] == moved["2027-04"]["expansion"] == "20000.00"
    assert moved["2027-01"]["new"] == "20000.00"
    assert (moved["2027-03"]["lost"], moved["2027-04"]["new"]) == ("0.00", "0.00")


def test_what_remains_is_what_each_is_worth_less_what_it_is_worth_if_it_ends_with_the_day(
    world: World,
) -> None:
    (held,) = world.stood(date(2027, 9, 30), "USD")
    assert held["remaining"] == "75000.00"
    every = [life.now.terms for life in ending().values()]
    days = [date(2027, 1, 16), date(2027, 12, 31), date(2028, 5, 31)]
    days += [date(2027, 1, 1) + timedelta(days=n) for n in range(17, 430, 37)]
    for day in days:
        left = [terms.left(day) for terms in every if terms.in_force(day)]
        (row,) = world.stood(day, "GBP")
        assert row["remaining"] == str(sum(left, Decimal("0.00"))), day
        parts = world.stood(day, "GBP", by=["product"])
        assert abs(whole(parts, "remaining") - sum(left)) <= Decimal("0.05")


def test_a_payment_that_was_due_before_a_day_is_overdue_with_what_was_not_paid(
    world: World,
) -> None:
    where = {"currency": ["CHF"]}
    for last, *told in (
        (date(2027, 2, 28), None),
        (date(2027, 6, 30), "300.00", "150.00", None, None),  # due on the day
        (date(2027, 8, 14), "300.00", "150.00", "150.00", 45.0),
        (date(2027, 12, 31), "600.00", "150.00", "450.00", 138.0),
    ):
        rows = run(world.cursor, "payments", first=NEW_YEAR, last=last, where=where).rows()
        names = ("due", "paid", "overdue", "days_overdue")
        assert [[row[name] for name in names] for row in rows] == ([told] if any(told) else [])
    asked: dict[str, Any] = {"last": date(2027, 8, 14), "where": where}
    (row,) = run(world.cursor, "payments", as_of=world.known(date(2027, 7, 31)), **asked).rows()
    assert row["overdue"] == "200.00"
    by_month = {
        e["month"]: e["due"] for e in run(world.cursor, "payments", by=["month"], **asked).rows()
    }
    assert by_month == {"2027-03": "100.00", "2027-06": "200.00", "2027-07": None, "2027-08": None}


def test_terms_that_end_went_on_where_renewed_or_replaced(world: World) -> None:
    for last, rate in ((date(2027, 6, 30), 0.5), (date(2027, 12, 31), 0.6667)):
        (row,) = world.stood(last, "GBP", first=NEW_YEAR)
        assert row["renewal_rate"] == rate
    months = {row["month"]: row["renewal_rate"] for row in world.stood(last, "GBP", by=["month"])}
    told = {month: rate for month, rate in months.items() if rate is not None}
    assert told == {"2027-04": 0.0, "2027-05": 1.0, "2027-08": 1.0}
    asked = ask(world.cursor, "contracts", (), {"currency": ["GBP"]}, last=date(2027, 5, 31))
    given = {each["id"]: each for each in Explanation(world.cursor, asked).page(9)}
    old, new = (str(ending()[name].now.id) for name in ("old", "new"))
    assert ("contracts", new) in [each[:2] for each in given[old]["behind"]]


FLOWS = ("new", "expansion", "contraction", "lost", "carried")


def whole(rows: Iterable[Row], name: str) -> Decimal:
    return sum((Decimal(row[name]) for row in rows), Decimal(0))


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
@pytest.mark.parametrize("by", ["product", "customer", "renewal"])
def test_parts_add_up_for_any_cut_of_time_and_any_angle(world: World, by: str, period: str) -> None:
    asked: dict[str, Any] = {"first": date(2026, 12, 15), "last": date(2028, 2, 10)}
    (every,) = world.moved("JPY", **asked)
    rows = world.moved("JPY", **asked, by=[by, period])
    for name in FLOWS:
        assert whole(rows, name) == Decimal(every[name]), name
    periods = sorted({row[period] for row in rows})
    before = Decimal(every["opening"])
    for each in periods:
        here = [row for row in rows if row[period] == each]
        assert whole(here, "opening") == before
        new, more, less, lost, carried = (whole(here, name) for name in FLOWS)
        before += new + more - less - lost + carried
        assert whole(here, "closing") == before
        day = min(spans_end(period, each), asked["last"])
        assert Decimal(world.fee(day, "JPY") or 0) == before
    assert before == Decimal(every["closing"])


def spans_end(period: str, text: str) -> date:
    ((_, last),) = spans((), {period: [text]}, None, None, date.max)
    return last


def test_what_stands_at_the_ends_of_several_periods_is_not_added(world: World) -> None:
    asked: dict[str, Any] = {"where": {"month": ["2027-01", "2027-02"]}}
    with pytest.raises(BadParameter, match="group by month"):
        world.moved(**asked)
    with pytest.raises(BadParameter, match="at most 400"):
        world.moved(first=NEW_YEAR, last=date(2029, 1, 1), by=["day"])
    rows = world.moved(**asked, by=["month"])
    assert [row["opening"] for row in rows] == ["500000.00", "500000.00"]
    (may,) = world.moved(where={"month": ["2027-05"]})
    assert (may["new"], may["lost"], may["closing"]) == ("60000.00", "30000.00", "547000.00")
