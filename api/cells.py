"""Cells: text from a sheet, turned into what a field of a command takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from domain.commands import Command

_DAY = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?$")
_GROUPED = re.compile(r"^-?\d{1,3}(,\d{3})+(\.\d+)?$")
_YES = {"true": True, "yes": True, "1": True, "是": True}
_NO = {"false": False, "no": False, "0": False, "否": False}


class FieldError(Exception):
    """A command has no such field; the text names those that it has."""


class Field:
    """One field in the body of a command, or a part of one: `name`, `lines.product`, `lines.1.fee`.

    Where a field is a list of things with parts, the first of them is meant unless a number says
    which.
    """

    def __init__(self, command: Command, path: str) -> None:
        """Find the field. Raises `FieldError`."""
        self.name = path
        self._steps: list[str | int] = []
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
        if parts:
            raise FieldError(f"{path} of {command.name} has parts; {_offer(parts)}")
        self._types = {kind.get("type") for kind in kinds}
        self._day = any(kind.get("format") == "date" for kind in kinds)

    @property
    def number(self) -> bool:
        """Whether the field takes an amount or a number of things."""
        return bool(self._types & {"integer", "number"})

    def convert(self, text: str) -> Any:
        """Return the JSON value that a cell's text stands for.

        Text that stands for none is returned as it is: the command itself says what is wrong.
        """
        if self._list:
            return [self._one(part.strip()) for part in re.split("[;；]", text) if part.strip()]
        return self._one(text)

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

    def _one(self, text: str) -> Any:
        if self._day and (match := _DAY.match(text)):
            year, month, day = match.groups()
            return f"{year}-{int(month):02}-{int(day):02}"
        if "boolean" in self._types:
            return (_YES | _NO).get(text.lower(), text)
        if self.number and _GROUPED.match(text):
            text = text.replace(",", "")
        if "integer" in self._types and re.fullmatch(r"-?\d{1,18}(\.0+)?", text):
            return int(text.partition(".")[0])
        return text


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
