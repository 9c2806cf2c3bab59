"""Written: days, numbers and telephone numbers as people write them, or why they cannot be read."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)")
_TIME = re.compile(r"(.*?\d日?)(?:T|\s+)(\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?")
_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")
_SHORTENED = re.compile(r"[+-]?\d(\.\d+)?E[+-]?\d+", re.IGNORECASE)
_PHONE = re.compile(
    r"(?:\((0\d{2,3}|\+?86)\))?\s*(.*?)(?:\s*(?:转|轉|分机|ext\.?|#)\s*(\d{1,6}))?", re.I
)

_LONGEST = 25
"""Characters of a number: arithmetic is exact for as many digits."""

BEFORE = {"人民币": "CNY", "RMB": "CNY", "CNY": "CNY", "¥": "CNY", "US$": "USD", "HK$": "HKD"}
BEFORE |= {"USD": "USD", "HKD": "HKD", "EUR": "EUR", "€": "EUR", "£": "GBP"}
BEHIND = {"人民币": "CNY", "元": "CNY", "圆": "CNY", "RMB": "CNY", "CNY": "CNY", "美元": "USD"}
BEHIND |= {"港元": "HKD", "欧元": "EUR", "USD": "USD", "HKD": "HKD", "EUR": "EUR"}
UNITS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
"""What stands before and behind amounts: currencies, and how many are counted as one."""


class Unreadable(Exception):
    """A text does not say what its field takes; says what would."""


def folded(text: str) -> str:
    """Return a text with full-width digits, letters and marks as ordinary ones."""
    return "".join(map(_ordinary, text)).strip()


def _ordinary(sign: str) -> str:
    """Return what a full-width sign stands for; others, as a raised 2, say something else."""
    wide = unicodedata.decomposition(sign).startswith("<wide>")
    return unicodedata.normalize("NFKC", sign) if wide else sign


def day(text: str) -> str:
    """Return a day as YYYY-MM-DD. Raises `Unreadable`, also for a time of the day."""
    told = folded(text)
    if (found := _TIME.fullmatch(told)) is not None:
        told, clock, zone = found.groups()
        if zone is not None or clock.strip("0:."):
            raise Unreadable("has a time of the day; a day is meant, as in 2026-03-31")
    found = _DAY.fullmatch(told) or _COMPACT.fullmatch(told)
    if found is None:
        raise Unreadable("is no day, as in 2026-03-31, 2026/3/31, 20260331 or 2026年3月31日")
    try:
        return date(*map(int, found.groups())).isoformat()
    except ValueError:
        raise Unreadable("is a day that the calendar does not have") from None


def moment(text: str) -> str:
    """Return a moment with its zone as RFC 3339 writes it. Raises `Unreadable`."""
    found = _TIME.fullmatch(folded(text))
    if found is None or found[3] is None:
        raise Unreadable("is no moment with its zone, as in 2026-03-31 17:00 +08:00")
    clock = found[2].zfill(5) if found[2].count(":") == 1 else found[2].zfill(8)
    try:
        return datetime.fromisoformat(f"{day(found[1])}T{clock}{found[3]}").isoformat()
    except ValueError:
        raise Unreadable("is a moment that there is not") from None


def number(text: str) -> Decimal:
    """Return a plain or grouped number, exactly. Raises `Unreadable`."""
    told = folded(text)
    if _SHORTENED.fullmatch(told):
        raise Unreadable("was shortened by a spreadsheet, and its digits are lost: make it text")
    if not _NUMBER.fullmatch(told):
        raise Unreadable("is no number, as in 1234.50 or 1,234.50")
    if len(told) > _LONGEST:
        raise Unreadable("has more digits than anything that is counted")
    return Decimal(told.replace(",", ""))


def amount(text: str) -> tuple[Decimal, str | None, bool]:
    """Return an amount, the currency that is written with it, and whether it counts in 万 or 亿.

    Raises `Unreadable`.
    """
    told, currencies = folded(text), set[str]()
    sign = told[:1] if told[:1] in "+-" else ""
    told = told.removeprefix(sign)
    for words, cut in ((BEFORE, str.removeprefix), (BEHIND, str.removesuffix)):
        for word in sorted(words, key=len, reverse=True):
            shorter = cut(told.upper() if word.isascii() else told, word)
            if len(shorter) < len(told):
                told = shorter.strip()
                currencies.add(words[word])
                break
    factor = UNITS.get(told[-1:], 1)
    if factor > 1:
        told = told[:-1].strip()
    if len(currencies) > 1:
        raise Unreadable("has two currencies")
    if told[:1] in "+-" and sign:
        raise Unreadable("has two signs")
    return number(sign + told) * factor, next(iter(currencies), None), factor > 1


def phone(text: str) -> str:
    """Return a telephone number as it is kept: (020) 8888转1 is 020-8888x1."""
    found = _PHONE.fullmatch(folded(text))
    if found is None:
        return text
    area, rest, extension = found.groups()
    area = f"+{area}" if area == "86" else area
    told = f"{area}-{rest.lstrip('- ')}" if area else rest
    return f"{told}x{extension}" if extension else told
