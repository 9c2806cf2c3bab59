"""What each product of a contract comes to: parts that add up to the whole to the hundredth."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.sales.contract_terms import Terms
from projections.kernel.columns import hundredths
from projections.kernel.read_model import Row


def by_product(terms: Terms, value: Decimal) -> list[Row]:
    """Return for each `product` its part of the `value`, and its `fees`: from which days, how much.

    The value is split by what the products come to alone: what rounding down leaves goes, a
    hundredth each, to the largest remainders, the first ones first.
    """
    products = list(dict.fromkeys(line.product for line in terms.lines))
    alone = [
        terms.model_copy(update={"lines": tuple(e for e in terms.lines if e.product == product)})
        for product in products
    ]
    parts = _split(hundredths(value), [hundredths(each.value) for each in alone])
    return [
        {
            "product": product,
            "value": str(Decimal(part).scaleb(-2)),
            "fees": fees_of(each),
        }
        for product, part, each in zip(products, parts, alone, strict=True)
    ]


def fees_of(terms: Terms) -> list[Row]:
    """Return each day from which another monthly fee holds, with that."""
    return [{"from": first.isoformat(), "monthly": str(fee)} for first, fee in terms.steps()]


def _split(whole: int, weights: Sequence[int]) -> list[int]:
    """Return whole parts of a number by weights, alike where all are nothing."""
    if not any(weights):
        weights = [1] * len(weights)
    total = sum(weights)
    parts = [whole * each // total for each in weights]
    rests = [whole * each % total for each in weights]
    for place in sorted(range(len(parts)), key=lambda place: -rests[place])[: whole - sum(parts)]:
        parts[place] += 1
    return parts
