"""Credit ratings: good for twelve months at most, from the day that is stated."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from domain.customers.customer import Customer
from domain.customers.customer_credit import CreditRating, RatingTooLong, _year_after
from domain.kernel.aggregate import NothingChanged
from domain.kernel.commands import every_command
from domain.kernel.time.business_day import today
from domain.kernel.types.sensitive import sensitive_fields
from tests.domain.play import last

RATE = every_command()["customer.rate-credit"]


@pytest.fixture
def customer() -> Customer:
    return Customer.register("广州钢铁", "gd-gz")


def test_a_rating_is_good_for_twelve_months_at_most(customer: Customer) -> None:
    year = _year_after(today())
    with pytest.raises(RatingTooLong) as refused:
        customer.rate_credit(CreditRating.AA, year + timedelta(days=1))
    assert refused.value.field == "until"
    customer.rate_credit(CreditRating.AA, year, Decimal(500_000), "年报")
    assert last(customer)["rating"] == "AA"
    with pytest.raises(NothingChanged):
        customer.rate_credit(CreditRating.AA, year, Decimal(500_000), "年报")
    customer.rate_credit(CreditRating.D, today())


def test_the_twelve_months_are_those_from_the_day_that_is_stated(customer: Customer) -> None:
    told = {"rating": CreditRating.B, "limit": None, "basis": None}
    earlier = today() - timedelta(days=30)
    for days, fits in ((0, True), (1, False)):
        until = _year_after(earlier) + timedelta(days=days)
        if fits:
            RATE.give(customer, {**told, "until": until, "effective": earlier})
        else:
            with pytest.raises(RatingTooLong):
                RATE.give(customer, {**told, "until": until, "effective": earlier})


def test_twelve_months_from_a_leap_day_end_in_february() -> None:
    assert _year_after(date(2024, 2, 29)) == date(2025, 2, 28)
    assert _year_after(date(2023, 2, 28)) == date(2024, 2, 28)


def test_rating_and_limit_are_of_the_class_credit() -> None:
    assert sensitive_fields("customer.credit-rated") == {"rating": "credit", "limit": "credit"}
