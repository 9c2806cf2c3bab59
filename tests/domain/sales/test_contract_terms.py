"""Terms of contracts: what is due on a day and in all, held against a count day by day."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from domain.sales.contract_terms import ContractLine, LineEnd, Suspension, Terms

START = date(2027, 1, 10)
DAYS = st.integers(0, 200).map(lambda days: START + timedelta(days=days))
AMOUNTS = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents).scaleb(-2))
LINES = st.builds(
    ContractLine,
    id=st.sampled_from("ab"),
    product=st.just("DIA"),
    quantity=st.integers(1, 3),
    monthly=AMOUNTS,
    one_off=AMOUNTS,
    from_=st.none() | DAYS,
    to=st.none() | DAYS,
)
SUSPENSIONS = st.builds(Suspension, first=DAYS, last=st.none() | DAYS)
TERMS = st.builds(
    Terms,
    starts_on=st.just(START),
    ends_on=DAYS,
    cut_on=st.none() | DAYS,
    lines=st.lists(LINES, max_size=4).map(tuple),
    suspensions=st.lists(SUSPENSIONS, max_size=2).map(tuple),
)


def days(terms: Terms) -> list[date]:
    count = (terms.last_day - START).days + 1
    return [START + timedelta(days=each) for each in range(count)]


def fee_on(terms: Terms, day: date) -> Decimal:
    """Return the monthly fee of a day, looked at line by line."""
    if not START <= day <= terms.last_day:
        return Decimal(0)
    if any(
        each.first <= day and (each.last is None or day <= each.last) for each in terms.suspensions
    ):
        return Decimal(0)
    running = [
        each
        for each in terms.lines
        if (each.from_ or START) <= day and (each.to is None or day <= each.to)
    ]
    return sum((each.quantity * each.monthly for each in running), Decimal(0))


@given(TERMS)
def test_the_fee_of_any_day_is_that_of_the_last_step_before_it(terms: Terms) -> None:
    steps = terms.steps()
    assert all(before != after for (_, before), (_, after) in pairwise(steps))
    for day in [*days(terms), terms.last_day + timedelta(days=1), START - timedelta(days=1)]:
        held = [fee for first, fee in steps if first <= day]
        assert terms.fee(day) == (held[-1] if held else 0) == fee_on(terms, day)


@given(TERMS)
def test_the_value_is_what_its_days_come_to_month_by_month(terms: Terms) -> None:
    months: dict[tuple[int, int], Fraction] = {}
    for day in days(terms):
        share = Fraction(fee_on(terms, day)) / monthrange(day.year, day.month)[1]
        month = (day.year, day.month)
        months[month] = months.get(month, Fraction(0)) + share
    cents = sum(floor(each * 100 + Fraction(1, 2)) for each in months.values())
    firsts = [(each, each.from_ or START) for each in terms.lines]
    once = sum(e.quantity * e.one_off for e, first in firsts if START <= first <= terms.last_day)
    assert terms.value == Decimal(cents).scaleb(-2) + once


@given(TERMS, DAYS, LINES)
def test_terms_read_back_and_changed_without_a_change_are_the_same(
    terms: Terms, day: date, line: ContractLine
) -> None:
    assert Terms.model_validate_json(terms.model_dump_json()) == terms
    assert terms.amended(day) == terms
    begun = terms.amended(day, new_lines=[line]).lines[-1]
    assert begun.from_ == (line.from_ or day)
    assert terms.suspend(day).resume(day) == terms


def test_a_month_that_is_not_whole_counts_by_its_days_rounded_half_up() -> None:
    def value(first: date, last: date, monthly: str) -> Decimal:
        line = ContractLine(id="a", product="DIA", monthly=Decimal(monthly))
        return Terms(starts_on=first, ends_on=last, lines=(line,)).value

    assert value(date(2027, 4, 16), date(2027, 4, 30), "0.01") == Decimal("0.01")
    assert value(date(2027, 4, 17), date(2027, 4, 30), "0.01") == 0
    assert value(date(2027, 1, 15), date(2028, 1, 14), "310.00") == Decimal("3720.00")
    assert value(date(2028, 2, 1), date(2028, 2, 29), "99.99") == Decimal("99.99")


def test_a_renewal_with_other_lines_ends_those_that_ran_to_the_end() -> None:
    a = ContractLine(id="a", product="DIA", monthly=Decimal(10))
    b = ContractLine(id="b", product="DIA", monthly=Decimal(5), to=date(2027, 3, 31))
    terms = Terms(starts_on=date(2027, 1, 1), ends_on=date(2027, 12, 31), lines=(a, b))
    dearer = a.model_copy(update={"monthly": Decimal(12)})
    renewed = terms.renewed(date(2028, 12, 31), [dearer])
    assert renewed.steps() == [
        (date(2027, 1, 1), Decimal(15)),
        (date(2027, 4, 1), Decimal(10)),
        (date(2028, 1, 1), Decimal(12)),
        (date(2029, 1, 1), Decimal(0)),
    ]
    assert terms.renewed(date(2028, 12, 31), None).fee(date(2028, 12, 31)) == 10
    ended = renewed.amended(date(2028, 7, 1), [LineEnd(id="a", last_day=date(2028, 6, 30))])
    assert ended.fee(date(2028, 7, 1)) == 0
    assert ended.fee(date(2027, 7, 1)) == 10
