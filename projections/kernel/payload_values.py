"""Values of stored events as rows have them: days, moments, amounts of money."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import recorded_day

_CENT = Decimal("0.01")


def day(text: str | None) -> date | None:
    """Return a calendar day of the payload."""
    return None if text is None else date.fromisoformat(text)


def day_of(event: Recorded, field: str = "on") -> date:
    """Return the day on which something happened: as stated, else when it was recorded."""
    stated = event.data.get(field)
    return recorded_day(event.time) if stated is None else date.fromisoformat(stated)


def moment(text: str | None) -> datetime | None:
    """Return a moment of the payload, in UTC."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def moment_of(event: Recorded, field: str = "at") -> datetime:
    """Return when something happened: as stated, else when it was recorded."""
    stated = event.data.get(field)
    return event.time if stated is None else datetime.fromisoformat(stated).astimezone(UTC)


def money(text: str | None) -> Decimal | None:
    """Return an amount of the payload."""
    return None if text is None else Decimal(text)


def number(text: str | None) -> float | None:
    """Return a number of the payload."""
    return None if text is None else float(text)


def once(known: list[str], more: str) -> list[str]:
    """Return a list with one more in it, unless it is there: what is added late may be."""
    return known if more in known else [*known, more]


def share(amount: Decimal | None, percent: int) -> Decimal | None:
    """Return some percent of an amount, rounded half up to hundredths."""
    if amount is None:
        return None
    return (amount * percent / 100).quantize(_CENT, ROUND_HALF_UP)
