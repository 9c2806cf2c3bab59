"""Mappings: which column of a sheet goes into which field of which command."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

EXAMPLE = """\
key = "opportunity_id"              # the column that identifies a row for good

[map]                               # column = field, or several
account = "customer_id"             # a record is found by name, by imported key or by id
product = ["title", "lines.product"]
close_date = ["win.closed_on", "lose.closed_on"]  # command.field: a command that follows
close_value = "win.amount"

[set]                               # field = its value in every row
unit = "gd-gz"
lose.reason = "unknown"

[values.lines.product]              # for a field: text in the file = what is meant
GTXPro = "GTX Pro"

[scale]                             # field = factor, for files that count in 万元
win.amount = 10000

[when]                              # a command follows only where a column has one of these
win = { deal_stage = ["Won"] }
lose = { deal_stage = ["Lost"] }
"""
"""A mapping in a file, with everything that it may say."""


DIGITS = 12
"""Digits of a factor before or behind its point."""


class MappingError(Exception):
    """A mapping does not fit; the text says where."""


@dataclasses.dataclass
class SheetMapping:
    """What a person says about a sheet, in the form of `EXAMPLE`.

    A field is a parameter of the command that makes the record (`name`), a part of one
    (`lines.product`), or a parameter of a command that follows it (`assign-manager.manager`). What
    is `expected` of a field is its value where no column says it; a row that says another is wrong.
    """

    columns: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    constants: dict[str, str] = dataclasses.field(default_factory=dict)
    values: dict[str, dict[str, str]] = dataclasses.field(default_factory=dict)
    scale: dict[str, Decimal] = dataclasses.field(default_factory=dict)
    when: dict[str, tuple[str, frozenset[str]]] = dataclasses.field(default_factory=dict)
    key: str | None = None
    expected: dict[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> SheetMapping:
        """Read a mapping from a TOML file. Raises `MappingError`."""
        try:
            return cls.parse(path.read_text(encoding="utf-8"), str(path))
        except OSError as error:
            raise MappingError(f"{path} cannot be read: {error.strerror or error}.") from error
        except UnicodeDecodeError as error:
            raise MappingError(f"{path} is not TOML: {error}.") from error

    @classmethod
    def parse(cls, text: str, name: str) -> SheetMapping:
        """Read a mapping from TOML, which messages call by a name. Raises `MappingError`."""
        try:
            table = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            raise MappingError(f"{name} is not TOML: {error}.") from error
        unknown = table.keys() - {"key", "map", "set", "values", "scale", "when"}
        if unknown:
            raise MappingError(f"{name} has {', '.join(sorted(unknown))}, which mean nothing here.")
        try:
            return cls(
                columns=[
                    (column, _text(field))
                    for column, fields in table.get("map", {}).items()
                    for field in ([fields] if isinstance(fields, str) else fields)
                ],
                constants={f: _text(v) for f, v in _leaves(table.get("set", {}), 0)},
                values={
                    field: {text: _text(meant) for text, meant in meanings.items()}
                    for field, meanings in _leaves(table.get("values", {}), 1)
                },
                scale={f: _factor(f, _text(v)) for f, v in _leaves(table.get("scale", {}), 0)},
                when={
                    command: _condition(command, condition)
                    for command, condition in table.get("when", {}).items()
                },
                key=_text(table["key"]) if "key" in table else None,
            )
        except (AttributeError, TypeError) as error:
            raise MappingError(f"{name} is not of the form that --help shows: {error}.") from error

    def add(
        self,
        columns: Iterable[str] = (),
        constants: Iterable[str] = (),
        values: Iterable[str] = (),
        scale: Iterable[str] = (),
        when: Iterable[str] = (),
        key: str | None = None,
    ) -> None:
        """Add what options of the command line say, over what is there. Raises `MappingError`.

        Forms: `column=field`, `field=value`, `field:text=meant`, `field=factor`,
        `command:column=value,value`.
        """
        for option in columns:
            column, _, field = _split(option.rpartition("="), "--map column=field", option)
            self.columns.append((column, field))
        for option in constants:
            field, _, value = _split(option.partition("="), "--set field=value", option)
            self.constants[field] = value
        for option in values:
            form = "--value field:text=meant"
            field, _, rest = _split(option.partition(":"), form, option)
            text, _, meant = _split(rest.partition("="), form, option, empty=True)
            self.values.setdefault(field, {})[text] = meant
        for option in scale:
            field, _, factor = _split(option.partition("="), "--scale field=factor", option)
            self.scale[field] = _factor(field, factor)
        for option in when:
            form = "--when command:column=value,value"
            command, _, rest = _split(option.partition(":"), form, option)
            column, _, wanted = _split(rest.partition("="), form, option)
            self.when[command] = (column, frozenset(wanted.split(",")))
        self.key = key or self.key


def _split(
    parts: tuple[str, str, str], form: str, option: str, empty: bool = False
) -> tuple[str, str, str]:
    if not parts[1] or (not empty and not (parts[0] and parts[2])):
        raise MappingError(f"{form} is the form, not {option!r}.")
    return parts


def _factor(field: str, text: str) -> Decimal:
    try:
        factor = Decimal(text)
    except InvalidOperation:
        factor = Decimal("NaN")
    if not factor.is_finite() or abs(factor.adjusted()) > DIGITS:
        raise MappingError(f"The factor of {field} is a number, as 10000, not {text!r}.")
    return factor


def _condition(command: str, condition: Mapping[str, Any]) -> tuple[str, frozenset[str]]:
    if len(condition) != 1:
        raise MappingError(f"When {command} follows depends on one column.")
    ((column, wanted),) = condition.items()
    return column, frozenset([wanted] if isinstance(wanted, str) else map(_text, wanted))


def _leaves(table: Mapping[str, Any], depth: int, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the entries of tables within tables, `depth` levels above the innermost."""
    for name, value in table.items():
        if _height(value) > depth:
            yield from _leaves(value, depth, f"{path}{name}.")
        else:
            yield path + name, value


def _height(value: Any) -> int:
    return 1 + max(map(_height, value.values()), default=0) if isinstance(value, Mapping) else 0


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
