"""What each product of a contract comes to: parts that add up to the whole to the hundredth."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from domain.sales.contract_terms import ContractLine, Steps, Terms
from projections.kernel.columns import hundredths
from projections.kernel.read_model import Row


def by_product(terms: Terms, steps: Steps, value: Decimal) -> list[Row]:
    """Return for each `product` its part of the `value`, and its `fees`: from which days, how much.

    The value is split by what the products come to alone: what rounding down leaves goes, a
    hundredth each, to the largest remainders, the first ones first. The `steps` of its fee are
    those of the terms.
    """
    lines: dict[str, list[ContractLine]] = {}
    for line in terms.lines:
        lines.setdefault(line.product, []).append(line)
    if len(lines) == 1:
        return [_part(product, hundredths(value), steps) for product in lines]
    alone = [terms.model_copy(update={"lines": tuple(each)}) for each in lines.values()]
    courses = [each.steps() for each in alone]
    weights = [hundredths(each.worth(course)) for each, course in zip(alone, courses, strict=True)]
    return list(map(_part, lines, _split(hundredths(value), weights), courses))


def _part(product: str, value: int, steps: Steps) -> Row:
    return {"product": product, "value": str(Decimal(value).scaleb(-2)), "fees": fees_of(steps)}


def fees_of(steps: Steps) -> list[Row]:
    """Return each day from which another monthly fee holds, with that, as rows have it."""
    return [{"from": first.isoformat(), "monthly": str(fee)} for first, fee in steps]


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
