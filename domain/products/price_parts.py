"""Prices: the parts of a price plan with their tiers, and what a number of pieces comes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Annotated

from pydantic import ConfigDict, Field

from domain.kernel.aggregate import RuleViolation
from domain.kernel.types.values import LARGEST, Amount, Code, Number, Value

CENT = Decimal("0.01")


class PriceKind(StrEnum):
    """For what is paid: each month, once, or by use."""

    RECURRING = "recurring"
    ONE_OFF = "one-off"
    USAGE = "usage"


class Tiering(StrEnum):
    """Whether all pieces have the price of the tier that is reached, or each that of its own."""

    VOLUME = "volume"
    GRADUATED = "graduated"


class TiersAscend(RuleViolation):
    """Tiers begin at 1 and rise."""


class TiersPriced(RuleViolation):
    """The first tier of a price states it, each other one a price or per cent off."""


class PartOnce(RuleViolation):
    """A price plan has one part of a kind, for a measure and a term."""


class PriceTooLarge(RuleViolation):
    """A price comes to no more than 9,999,999,999,999,999.99."""


class Tier(Value):
    """A price from a number of pieces on: stated, or as so many per cent off the last stated."""

    model_config = ConfigDict(
        serialize_by_alias=True, validate_by_alias=True, validate_by_name=True
    )

    from_: Annotated[int, Field(alias="from", ge=1, le=1_000_000_000)]
    price: Amount | None = None
    percent_off: Annotated[Number, Field(ge=0, le=100)] | None = None

    @property
    def told(self) -> bool:
        """Whether it says a price."""
        return self.price is not None or self.percent_off is not None


class PricePart(Value):
    """What is paid each month, once or by use: by tiers of pieces, or of what `measure` names.

    A measure is an attribute of the product, as the bandwidth; of a use it is what is counted. A
    part with `months_at_least` stands in the place of others from so many months on.
    """

    kind: PriceKind
    measure: Code | None = None
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=100)]
    tiering: Tiering = Tiering.VOLUME
    months_at_least: Annotated[int, Field(ge=1, le=120)] | None = None

    def prices(self) -> list[tuple[int, Decimal]]:
        """Return the price of each tier, to the hundredth, with the number from which it counts."""
        found, stated = list[tuple[int, Decimal]](), Decimal(0)
        for tier in self.tiers:
            stated = stated if tier.price is None else tier.price
            off = tier.percent_off or Decimal(0)
            found.append((tier.from_, _cents(stated * (100 - off) / 100)))
        return found

    def deepest(self) -> Decimal:
        """Return by how many per cent the lowest price of a tier is below the first."""
        (_, first), *others = self.prices()
        lowest = min((price for _, price in others), default=first)
        return max(Decimal(0), (1 - lowest / first) * 100) if first else Decimal(0)

    def shares(self, count: Decimal) -> list[tuple[int, Decimal, Decimal]]:
        """Return how many of a number have which price: where a tier begins, how many, at what."""
        first, *others = self.prices()
        if self.tiering is Tiering.VOLUME:
            begin, price = [first, *(each for each in others if each[0] <= count)][-1]
            return [(begin, count, price)]
        reached = [first, *(each for each in others if each[0] - 1 < count)]
        ends = [Decimal(begin - 1) for begin, _ in reached[1:]]
        return [
            (begin, end - (begin - 1), price)
            for (begin, price), end in zip(reached, [*ends, count], strict=True)
        ]

    def amount(self, count: Decimal) -> Decimal:
        """Return what a number comes to, to the hundredth."""
        return _cents(sum((many * price for _, many, price in self.shares(count)), Decimal(0)))


PriceParts = Annotated[list[PricePart], Field(min_length=1, max_length=50)]
"""What a version of a price plan consists of."""


def require_sound(parts: Sequence[PricePart]) -> None:
    """Refuse parts whose tiers do not rise from 1, or that contradict one another."""
    for part in parts:
        begins = [tier.from_ for tier in part.tiers]
        if begins[0] != 1 or any(second <= first for first, second in pairwise(begins)):
            raise TiersAscend("parts")
        if part.tiers[0].price is None or not all(tier.told for tier in part.tiers):
            raise TiersPriced("parts")
    keys = {(part.kind, part.measure, part.months_at_least) for part in parts}
    if len(keys) < len(parts):
        raise PartOnce("parts")


class Unmeasured(Exception):
    """A price goes by a measure of which the number is not told; the argument names it."""


@dataclass(frozen=True, slots=True)
class Price:
    """What pieces cost a month and once, `None` where no part says so; by which tier, and why.

    `usage` are the parts that are paid by use; the `steps` tell in words how it comes about.
    """

    monthly: Decimal | None
    one_off: Decimal | None
    tier: int | None
    usage: tuple[PricePart, ...]
    steps: tuple[str, ...]


def price(
    parts: Sequence[PricePart], quantity: int, months: int, measures: Mapping[str, Decimal]
) -> Price | None:
    """Return what so many pieces cost over so many months, `None` where no part counts.

    Args:
        parts: Those of the version of the price plan that is in force.
        quantity: How many pieces.
        months: For how many months.
        measures: The numbers of attributes by which parts go.

    Raises `Unmeasured` where one of these is not told, `PriceTooLarge`.
    """
    counting = list(_counting(parts, months))
    sums, steps, tier = dict[PriceKind, Decimal](), list[str](), None
    for part in counting:
        if part.kind is PriceKind.USAGE:
            steps.append(f"By use of {part.measure or 'pieces'}: {_rates(part)}.")
            continue
        if part.measure is not None and part.measure not in measures:
            raise Unmeasured(part.measure)
        count = Decimal(quantity) if part.measure is None else measures[part.measure]
        times = 1 if part.measure is None else quantity
        amount = part.amount(count) * times
        sums[part.kind] = sums.get(part.kind, Decimal(0)) + amount
        if sums[part.kind] > LARGEST:
            raise PriceTooLarge("quantity")
        steps.append(_told(part, count, times, amount))
        if part.kind is PriceKind.RECURRING and tier is None:
            tier = part.shares(count)[-1][0]
    if not counting:
        return None
    return Price(
        sums.get(PriceKind.RECURRING),
        sums.get(PriceKind.ONE_OFF),
        tier,
        tuple(part for part in counting if part.kind is PriceKind.USAGE),
        tuple(steps),
    )


def _counting(parts: Sequence[PricePart], months: int) -> Iterator[PricePart]:
    """Yield the parts that count over so many months: of those alike the one of the longest."""
    longest = dict[tuple[PriceKind, str | None], PricePart]()
    for part in sorted(parts, key=lambda part: part.months_at_least or 0):
        if (part.months_at_least or 0) <= months:
            longest[part.kind, part.measure] = part
    yield from (part for part in parts if longest.get((part.kind, part.measure)) is part)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


def _rates(part: PricePart) -> str:
    """Return the price of each tier in words."""
    return ", ".join(f"from {begin} on {price}" for begin, price in part.prices())


def _told(part: PricePart, count: Decimal, times: int, amount: Decimal) -> str:
    """Return in words how a part comes to an amount."""
    term = f", for {part.months_at_least} months at least" if part.months_at_least else ""
    shares = part.shares(count)
    sums = " + ".join(f"{many} × {price}" for _, many, price in shares)
    many = f"({sums}) × {times}" if part.measure else sums
    of = "Once" if part.kind is PriceKind.ONE_OFF else "A month"
    by = f" of {part.measure}" if part.measure else ""
    tiers = f"tier from {shares[-1][0]} on{by}, {part.tiering}{term}"
    return f"{of} ({tiers}): {many} = {amount}."
