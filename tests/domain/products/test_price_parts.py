"""Prices: tiers by volume or graduated, terms, measures, and each step in words."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.products.price_parts import (
    PartOnce,
    PricePart,
    PriceTooLarge,
    TiersAscend,
    TiersPriced,
    Unmeasured,
    price,
    require_sound,
)

LINE = [(1, "12000.00", None), (5, None, "10"), (20, None, "18")]
"""The leased line of the book: 1–4 at 12,000.00 a month, 5–19 10 % off, from 20 on 18 %."""


def part(
    tiers: Sequence[tuple[int, str | None, str | None]] = LINE,
    tiering: str = "volume",
    kind: str = "recurring",
    **more: Any,
) -> PricePart:
    """Return a part of a price plan."""
    told = [dict(zip(("from", "price", "percent_off"), each, strict=True)) for each in tiers]
    body = {"kind": kind, "tiers": tuple(told), "tiering": tiering, **more}
    return PricePart.model_validate(body, strict=False)


def monthly(*parts: PricePart, quantity: int = 1, months: int = 1, **measures: Any) -> Any:
    """Return what pieces cost a month."""
    found = price(parts, quantity, months, {code: Decimal(n) for code, n in measures.items()})
    return None if found is None else found.monthly


@pytest.mark.parametrize(
    ("tiering", "expected", "step"),
    [
        ("volume", "129600.00", "12 × 10800.00 = 129600.00"),
        ("graduated", "134400.00", "4 × 12000.00 + 8 × 10800.00 = 134400.00"),
    ],
)
def test_twelve_leased_lines_cost_what_the_book_says(
    tiering: str, expected: str, step: str
) -> None:
    found = price([part(tiering=tiering)], 12, 1, {})
    assert found is not None
    assert (found.monthly, found.one_off, found.tier) == (Decimal(expected), None, 5)
    assert found.steps == (f"A month (tier from 5 on, {tiering}): {step}.",)


def test_every_kind_of_part_counts_by_itself() -> None:
    once = part([(1, "3000.00", None)], kind="one-off")
    usage = part([(1, "0.15", None)], kind="usage", measure="minutes")
    found = price([part(), once, usage], 2, 1, {})
    assert found is not None
    assert [found.monthly, found.one_off] == [24_000, 6_000]
    assert found.usage == (usage,)
    assert found.steps[1:] == (
        "Once (tier from 1 on, volume): 2 × 3000.00 = 6000.00.",
        "By use of minutes: from 1 on 0.15.",
    )


def test_what_has_no_price_costs_nothing_that_is_told() -> None:
    assert price([part(months_at_least=12)], 1, 11, {}) is None
    only_by_use = price([part(kind="usage")], 1, 1, {})
    assert only_by_use is not None
    assert (only_by_use.monthly, only_by_use.one_off) == (None, None)


def test_a_longer_term_has_the_part_of_the_longest_that_it_reaches() -> None:
    parts = [
        part([(1, p, None)], months_at_least=m) for p, m in (("9", 24), ("12", None), ("8", 36))
    ]
    assert [monthly(*parts, months=n) for n in (1, 23, 24, 35, 36, 120)] == [12, 12, 9, 9, 8, 8]


def test_a_part_by_a_measure_goes_by_the_number_of_each_piece() -> None:
    by_speed = part([(1, "20.00", None), (101, "15.00", None)], "graduated", measure="bandwidth")
    assert monthly(by_speed, quantity=3, bandwidth="200") == 3 * (100 * 20 + 100 * 15)
    assert monthly(by_speed, bandwidth="100.5") == Decimal("2007.50")
    assert monthly(by_speed, bandwidth="0.5") == 10
    with pytest.raises(Unmeasured, match="bandwidth"):
        monthly(by_speed)


def test_a_price_stated_by_a_tier_is_what_those_after_it_are_off() -> None:
    told = part([(1, "100", None), (10, "80", None), (20, None, "50"), (30, "70", "10")])
    assert [each for _, each in told.prices()] == [100, 80, 40, 63]
    assert told.deepest() == 60
    assert part([(1, "0", None), (2, "5", None)]).deepest() == 0
    assert part([(1, "10", None), (2, "12", None)]).deepest() == 0


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        (TiersAscend, [part([(2, "1", None)])]),
        (TiersAscend, [part([(1, "1", None), (1, "1", None)])]),
        (TiersAscend, [part([(1, "1", None), (5, "1", None), (3, "1", None)])]),
        (TiersPriced, [part([(1, None, "10")])]),
        (TiersPriced, [part([(1, "1", None), (2, None, None)])]),
        (PartOnce, [part(), part(tiering="graduated")]),
    ],
)
def test_parts_that_contradict_themselves_are_refused(rule: type[Exception], parts: Any) -> None:
    with pytest.raises(rule):
        require_sound(parts)


def test_a_price_beyond_all_measure_is_refused() -> None:
    with pytest.raises(PriceTooLarge):
        price([part([(1, "9999999999999999.99", None)])], 2, 1, {})


@st.composite
def falling(draw: st.DrawFn) -> list[tuple[int, str | None, str | None]]:
    """Return tiers of which each is no dearer than the one before."""
    begins = sorted(draw(st.sets(st.integers(2, 60), max_size=6)))
    cents = sorted(draw(st.lists(st.integers(0, 10**6), min_size=7, max_size=7)), reverse=True)
    prices = [str(Decimal(each).scaleb(-2)) for each in cents]
    return [(begin, each, None) for begin, each in zip([1, *begins], prices, strict=False)]


@given(falling(), st.integers(1, 80))
def test_tiers_that_fall_make_pieces_cheaper_and_graduated_ones_never_less_in_all(
    tiers: list[tuple[int, str | None, str | None]], count: int
) -> None:
    volume, graduated = part(tiers), part(tiers, "graduated")
    some, more = Decimal(count), Decimal(count + 1)
    assert graduated.amount(some) <= graduated.amount(more)
    assert volume.amount(some) <= graduated.amount(some)
    for each in (volume, graduated):
        assert each.amount(more) / more <= each.amount(some) / some


@given(falling(), st.integers(0, 100), st.integers(1, 80))
def test_an_amount_is_what_pieces_come_to_one_by_one(
    tiers: list[tuple[int, str | None, str | None]], off: int, count: int
) -> None:
    told = [*tiers, (tiers[-1][0] + 7, None, str(off))]
    last = Decimal(tiers[-1][1] or 0) * (100 - off) / 100
    prices = [Decimal(each or 0) for _, each, _ in tiers]
    prices.append(last.quantize(Decimal("0.01"), ROUND_HALF_UP))
    each = [max(t for t in range(len(told)) if told[t][0] <= n) for n in range(1, count + 1)]
    assert part(told, "graduated").amount(Decimal(count)) == sum(prices[t] for t in each)
    assert part(told).amount(Decimal(count)) == count * prices[each[-1]]
