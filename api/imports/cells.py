"""Cells: text from a sheet, turned into what a field of a command takes, or refused in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from api.imports import written
from api.imports.written import Unreadable, folded
from domain.kernel.commands import Command

_YES = {"true": True, "yes": True, "1": True, "是": True}
_NO = {"false": False, "no": False, "0": False, "否": False}
_PHONE = r"^\+?[0-9][0-9 ().x-]{2,38}$"
_CURRENCY = r"^[A-Z]{3}$"

FORMS = {
    r"^[^\x00-\x1f\x7f]+$": "one line of text without control characters",
    r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$": "text without control characters",
    r"^[\w.@:-]+$": "a code of letters, digits and . @ : - _",
    r"^[a-z0-9]+([._@+-]+[a-z0-9]+)*$": "a code of small letters and digits, as li.wei",
    r"^[a-z0-9]+(-[a-z0-9]+)*$": "a code of small letters, digits and single hyphens, as gd-gz",
    _CURRENCY: "the code of a currency, as CNY",
    r"^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$": "a month, as 2026-03",
    r"^\w[\w ./-]*\w$": "a number of letters and digits, as 91440101231234567X",
    r"^https?://[^\s\x00-\x1f\x7f<>\"]+$": "an address that begins with http:// or https://",
    _PHONE: "a telephone number, as +86 20 8888 1234 or 020-88881234x8001",
    r"^[^@\s\x00-\x1f\x7f<>]+@[^@\s\x00-\x1f\x7f<>]+\.[^@\s\x00-\x1f\x7f<>.]+$": (
        "an e-mail address, as li.wei@example.com"
    ),
    r"^([A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+)+|UTC)$": "a time zone, as Asia/Shanghai",
    r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": (
        "hours of a day, as 08:30-12:00"
    ),
    r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$": "the id of a record",
    r"^(\*|(\*|[a-z]+(-[a-z]+)*)\.(\*|[a-z]+(-[a-z]+)*))$": "a permission, as customer.read",
}
"""What texts of these patterns are, for people."""


class FieldError(Exception):
    """A command has no such field; the text names those that it has."""


class Written(NamedTuple):
    """The JSON value that a cell stands for, and what is written with it.

    An amount may have its `currency`, or be `counted` in 万 or 亿 already.
    """

    value: Any
    currency: str | None = None
    counted: bool = False


class Field:
    """One field in the body of a command, or a part of one: `name`, `lines.product`, `lines.1.fee`.

    Where a field is a list of things with parts, the first of them is meant unless a number says
    which.
    """

    def __init__(self, command: Command, path: str) -> None:
        """Find the field. Raises `FieldError`."""
        self.name = path
        self._steps: list[str | int] = []
        self._part_of_first = not any(part.isdigit() for part in path.split("."))
        whole = command.body.model_json_schema()
        kinds = [whole]
        for part in path.split("."):
            items = [kind["items"] for kind in kinds if kind.get("type") == "array"]
            if items:
                self._steps.append(int(part) if part.isdigit() else 0)
                kinds = list(_alternatives(items[0], whole))
                if part.isdigit():
                    continue
            parts = {n: s for kind in kinds for n, s in kind.get("properties", {}).items()}
            for kind in kinds:  # things by codes of which there is no list
                for pattern, schema in kind.get("patternProperties", {}).items():
                    if re.search(pattern, part):
                        parts.setdefault(part, schema)
            if part not in parts:
                raise FieldError(f"{command.name} has no field {path!r}; {_offer(parts)}")
            self._steps.append(part)
            kinds = list(_alternatives(parts[part], whole))
        self.parameter = str(self._steps[0])
        self._list = any(kind.get("type") == "array" for kind in kinds)
        if self._list:
            items = [kind["items"] for kind in kinds if kind.get("type") == "array"]
            kinds = list(_alternatives(items[0], whole))
        parts = {n: s for kind in kinds for n, s in kind.get("properties", {}).items()}
        if parts or any("patternProperties" in kind for kind in kinds):
            named = _offer(parts) if parts else f"each has a code, as in {path}.code."
            raise FieldError(f"{path} of {command.name} has parts; {named}")
        self._types = {kind.get("type") for kind in kinds}
        self._format = {kind.get("format") for kind in kinds}
        self._patterns = {kind["pattern"] for kind in kinds if "pattern" in kind}
        self._choices = [one for kind in kinds for one in kind.get("enum", ())]
        self._most = max((kind.get("maximum", 0) for kind in kinds), default=0)

    @property
    def repeats(self) -> str | None:
        """The list that each row of a record gives one more thing, if it is a part of such."""
        return self.parameter if len(self._steps) == 3 and self._part_of_first else None

    @property
    def number(self) -> bool:
        """Whether the field takes an amount or a number of things."""
        return bool(self._types & {"integer", "number"})

    @property
    def day(self) -> bool:
        """Whether the field takes a day or a moment."""
        return bool(self._format & {"date", "date-time"})

    @property
    def form(self) -> str | None:
        """What the field takes, in words, where a pattern says it."""
        known = [FORMS[each] for each in self._patterns if each in FORMS]
        return known[0] if known else None

    def convert(self, text: str, scale: Decimal | None = None) -> Written:
        """Return the JSON value that a cell's text stands for, a number times `scale`.

        Raises `Unreadable` for what people might write and what is not known to mean one thing;
        else text that stands for none is returned as it is, and the command refuses it.
        """
        if self._list:
            parts = [part.strip() for part in re.split("[;；]", text) if part.strip()]
            return Written([self._one(part, None).value for part in parts])
        return self._one(text, scale)

    def put(self, body: dict[str, Any], value: Any) -> None:
        """Put a value into its place in a body that is being made."""
        place: Any = body
        for step, following in zip(self._steps, [*self._steps[1:], None], strict=True):
            if isinstance(step, int):
                place.extend({} for _ in range(step + 1 - len(place)))
            if following is None:
                place[step] = value
            elif isinstance(step, int):
                place = place[step]
            else:
                place = place.setdefault(step, [] if isinstance(following, int) else {})

    def _one(self, text: str, scale: Decimal | None) -> Written:
        if "date" in self._format:
            return Written(written.day(text))
        if "date-time" in self._format:
            return Written(written.moment(text))
        if {"boolean", "string"} <= self._types:  # a value of whatever type: what it is it says
            return Written({"true": True, "false": False}.get(text.lower(), text))
        if "boolean" in self._types:
            return Written(self._boolean(text))
        if "integer" in self._types:
            return Written(self._integer(text, scale))
        if "number" in self._types:
            return _amount(text, scale)
        if self._choices:
            return Written(self._choice(text))
        if _is_shortened(text):
            raise Unreadable(
                "was shortened by a spreadsheet, and its digits are lost: make it text"
            )
        if _PHONE in self._patterns:
            return Written(written.phone(text))
        return Written(text)

    def _boolean(self, text: str) -> bool:
        try:
            return (_YES | _NO)[folded(text).lower()]
        except KeyError:
            raise Unreadable("is neither yes nor no") from None

    def _integer(self, text: str, scale: Decimal | None) -> int:
        told = folded(text)
        if told.endswith("%") and self._most == 100:  # a share is counted in percent
            told = told[:-1]
        value = written.number(told) * (scale or 1)
        if value != value.to_integral() or abs(value) > 10**18:
            raise Unreadable("is no whole number")
        return int(value)

    def _choice(self, text: str) -> str:
        wanted = _compared(text)
        return next((one for one in self._choices if _compared(str(one)) == wanted), text)


def _amount(text: str, scale: Decimal | None) -> Written:
    value, currency, counted = written.amount(text)
    if counted and scale is not None:
        raise Unreadable("says itself what it counts in, and --scale says so again")
    if scale is not None:
        value *= scale
    if (counted or scale is not None) and value:
        value = value.normalize()
    return Written(f"{value:f}", currency, counted)


def _is_shortened(text: str) -> bool:
    return len(text) > 4 and re.fullmatch(r"\d(\.\d+)?E\+\d+", text) is not None


def _compared(text: str) -> str:
    return re.sub(r"[\s_-]+", "-", folded(text).lower())


def _alternatives(schema: dict[str, Any], whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the schemas that a value may follow, references and unions resolved."""
    if "$ref" in schema:
        yield from _alternatives(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    elif "anyOf" in schema or "oneOf" in schema:
        for one in schema.get("anyOf", schema.get("oneOf", ())):
            yield from _alternatives(one, whole)
    else:
        yield schema


def _offer(parts: Iterable[str]) -> str:
    return f"there are {', '.join(sorted(parts))}."
