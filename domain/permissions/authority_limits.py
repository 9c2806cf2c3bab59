"""Limits of authority: what is approved at which level, in version 1 of the rules."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from domain.kernel.types.authority import Level, Limit, Limits
from domain.kernel.types.decided import Decision, decides

VERSION = 1
CURRENCY = "CNY"
"""The currency of all limits that are amounts."""


def _up_to(own: str, network: str, province: str) -> Mapping[Level, Decimal | None]:
    limits = (Decimal(each) for each in (own, network, province))
    return dict(zip(Level, (*limits, None), strict=True))


_PRICES = {Level.PROVINCE: Decimal(20), Level.GROUP: None}
"""Nobody decides about prices of their own, and no local network does."""

_CREDITS = {Level.NETWORK: Decimal(5), Level.PROVINCE: Decimal(20), Level.GROUP: None}
"""By the part of a fee that a miss earns: nobody decides about a promise of their own."""

LIMITS: Mapping[str, Mapping[Level, Decimal | None]] = {
    "discount-authority": _up_to("5", "10", "20"),
    "contract-value": _up_to("0", "500000", "5000000"),
    "solution-investment": _up_to("0", "300000", "3000000"),
    "budget-authority": _up_to("0", "100000", "1000000"),
    "plan-authority": _up_to("0", "100000", "1000000"),
    "promotion-authority": _up_to("0", "100000", "1000000"),
    "price-authority": _PRICES,
    "agreement-authority": _CREDITS,
    "expense-authority": _up_to("200", "5000", "50000"),
}
"""By rule set, the most that each level approves, per cent or CNY; `None` for whatever it is."""


@decides(*LIMITS)
def decide(rule: str, facts: Mapping[str, Any]) -> Limits:
    """Return how far each level's authority goes, and whether it is enough.

    Args:
        rule: The name of a rule set.
        facts: What is to be approved, a decimal number, of which the size counts; of an amount
            its `currency` besides. What is in another than that of the limits, or has no number,
            is only for the level without a limit: no rate of exchange says what it is worth here.

    Raises `KeyError` for a rule set that there is not.
    """
    (measure,) = (value for name, value in facts.items() if name != "currency")
    known = measure is not None and facts.get("currency", CURRENCY) == CURRENCY
    outcome = [
        Limit(level, limit, limit is None or (known and abs(measure) <= limit))
        for level, limit in LIMITS[rule].items()
    ]
    return Decision(rule, VERSION, outcome)
