"""Texts of parameters, read as the values that a column of their type has."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from domain.kernel.time.business_day import begin_of, end_of
from domain.kernel.types.days import plain_day, plain_moment
from domain.kernel.types.values import LARGEST
from projections.kernel.reports.periods import Span, span_of

_LARGEST = 2**63 - 1

_PERIOD = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]|Q[1-4]))?")
_DIGITS = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")


class BadParameter(ValueError):
    """A parameter of a query makes no sense; `name` says which, `detail` why."""

    def __init__(self, name: str, detail: str) -> None:
        """Refuse a parameter."""
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


def read(name: str, type_: str, text: str, kind: str = "any") -> Any:
    """Return the value that the text of a parameter stands for; raises `BadParameter`.

    Args:
        name: The parameter.
        type_: What the column has: text, integer, number, money, day, instant or boolean.
        text: The text.
        kind: How the value is compared; at the end of a range (`to`) a day means its end.
    """
    reader, wanted = _READERS[type_]
    try:
        return reader(text, kind)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise BadParameter(name, f"not {wanted}: {text[:100]!r}") from error


def _digits(text: str) -> str:
    if not _DIGITS.fullmatch(text):
        raise ValueError(text)
    return text


def _integer(text: str, _: str) -> int:
    number = int(_digits(text))
    if abs(number) > _LARGEST:
        raise ValueError(text)
    return number


def _number(text: str, _: str) -> float:
    return float(_digits(text))


def _amount(text: str, _: str) -> Decimal:
    amount = Decimal(_digits(text))
    if abs(amount) > LARGEST or amount != round(amount, 2):
        raise ValueError(text)
    return amount


def _instant(text: str, kind: str) -> datetime:
    """Read an instant, or a day: then its first, as the end of a range its last microsecond."""
    if len(text) <= 10:
        return (end_of if kind == "to" else begin_of)(plain_day(text))
    return plain_moment(text).astimezone(UTC)


def _boolean(text: str, _: str) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}.get(text) or _false(text)


def _false(text: str) -> bool:
    if text not in ("false", "0"):
        raise ValueError(text)
    return False


def _period(text: str, _: str) -> Span:
    """Read a month, a quarter or a year as its first and last day."""
    if not _PERIOD.fullmatch(text):
        raise ValueError(text)
    return span_of({4: "year", 7: "month"}[len(text)] if "Q" not in text else "quarter", text)


_READERS: dict[str, tuple[Callable[[str, str], Any], str]] = {
    "text": (lambda text, _: text, "a text"),
    "integer": (_integer, "a whole number"),
    "number": (_number, "a number"),
    "money": (_amount, "an amount with at most two decimals"),
    "day": (lambda text, _: plain_day(text), "a date (YYYY-MM-DD)"),
    "instant": (_instant, "an instant with its zone (RFC 3339) or a date"),
    "boolean": (_boolean, "true or false"),
    "period": (_period, "a month, a quarter or a year, as 2026-03, 2026-Q1, 2026"),
}
