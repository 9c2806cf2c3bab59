"""Every field of every command, read from the code: where it stands, and what it may be."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from pydantic import ValidationError

from domain.kernel.commands import Command, commands

Place = tuple[str | int, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Leaf:
    """One value in the body of a command: `kinds` are the schemas that it may follow."""

    command: Command
    place: Place
    kinds: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        """Return its name, as in `opportunity.open/lines/0/product`."""
        return "/".join(map(str, (self.command.name, *self.place)))

    @property
    def text(self) -> bool:
        """Whether it is a text that people choose the words of."""
        return (
            any(
                kind.get("type") == "string" and not kind.keys() & {"enum", "const", "format"}
                for kind in self.kinds
            )
            and not self.is_number
        )

    @property
    def is_number(self) -> bool:
        """Whether it is an amount or a number of things."""
        return any(kind.get("type") in ("number", "integer") for kind in self.kinds)

    def of(self, format_: str) -> bool:
        """Tell whether it is a `date` or a `date-time`."""
        return any(kind.get("format") == format_ for kind in self.kinds)

    def body(self, value: Any, others: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return a body with this value, among others that are given."""
        body: dict[str, Any] = json.loads(json.dumps(others or {}))
        whole: Any = body
        for step, following in zip(self.place, self.place[1:], strict=False):
            empty: Any = [] if isinstance(following, int) else {}
            if isinstance(step, int):
                if not whole:
                    whole.append(empty)
                whole = whole[step]
            else:
                if not whole.get(step):
                    whole[step] = empty
                whole = whole[step]
        last = self.place[-1]
        if isinstance(last, int):
            whole[:] = [value]
        else:
            whole[last] = value
        return body

    def fault(self, value: Any) -> str | None:
        """Return what the command says of this value here, if it does not take it."""
        try:
            self.command.body.model_validate_json(json.dumps(self.body(value)))
        except ValidationError as error:
            for each in error.errors(include_url=False):
                if [s for s in each["loc"] if s in self.place] == list(self.place):
                    return each["msg"]
        return None


@cache
def leaves() -> list[Leaf]:
    """Return all values in the bodies of all commands."""
    return [
        Leaf(command, place, kinds)
        for command in commands().values()
        for schema in [command.body.model_json_schema()]
        for place, kinds in _within((), schema, schema)
    ]


def _within(
    place: Place, schema: dict[str, Any], whole: dict[str, Any]
) -> Iterator[tuple[Place, tuple[dict[str, Any], ...]]]:
    kinds = tuple(_kinds(schema, whole))
    for kind in kinds:
        for name, part in kind.get("properties", {}).items():
            yield from _within((*place, name), part, whole)
        if "items" in kind or "prefixItems" in kind:
            yield from _within((*place, 0), kind.get("items") or kind["prefixItems"][0], whole)
    if place and not any({"properties", "items", "prefixItems"} & kind.keys() for kind in kinds):
        yield place, kinds


def _kinds(schema: dict[str, Any], whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if "$ref" in schema:
        yield from _kinds(whole["$defs"][schema["$ref"].rpartition("/")[2]], whole)
    elif each := schema.get("anyOf") or schema.get("oneOf"):
        for one in each:
            yield from _kinds(one, whole)
    else:
        yield schema
