"""Plans of an import: the commands that each row of a sheet becomes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from api.cells import Field, FieldError
from api.mapping import MappingError, SheetMapping
from api.sheets import Row, Sheet
from domain.commands import Command, commands
from domain.kernel import Aggregate, discover, kebab

NAMED_BY = ("name", "title")
"""Fields by which people know a record."""


@dataclasses.dataclass(frozen=True)
class _Source:
    """Where the value of one field comes from."""

    field: Field
    column: str | None
    constant: str
    values: Mapping[str, str]
    scale: Decimal | None

    def text(self, row: Row) -> str:
        text = self.constant if self.column is None else row.cells[self.column]
        text = self.values.get(text, text)
        if self.scale is not None and text:
            try:
                text = f"{(Decimal(text.replace(',', '')) * self.scale).normalize():f}"
            except InvalidOperation:
                return text
        return text


@dataclasses.dataclass(frozen=True)
class Step:
    """One command that rows become, if they ask for it."""

    command: Command
    sources: list[_Source]
    when: tuple[str, frozenset[str]] | None = None

    def wanted(self, row: Row) -> bool:
        """Whether a row asks for the command: by its condition, else by cells that are filled."""
        if self.when is not None:
            column, values = self.when
            return row.cells[column] in values
        return any(source.column is not None and source.text(row) for source in self.sources)

    def body(self, row: Row) -> dict[str, Any]:
        """Return the command's body for a row; cells that are empty give no field."""
        body: dict[str, Any] = {}
        for source in self.sources:
            if text := source.text(row):
                source.field.put(body, source.field.convert(text))
        return body

    def column(self, pointer: str) -> str | None:
        """Return the column behind a place in the body, `/field` or `/field/0/part`."""
        place = [part for part in pointer.split("/") if part and not part.isdigit()]
        for source in self.sources:
            path = [part for part in source.field.name.split(".") if not part.isdigit()]
            if path == place:
                return source.column
        return None


class Plan:
    """What becomes of the rows of one sheet."""

    def __init__(self, kind: str, mapping: SheetMapping, sheet: Sheet) -> None:
        """Fit a mapping to a sheet of records of one kind.

        Raises `MappingError` for columns, fields or commands that are not there.
        """
        self.kind = kind
        self.create = creating(kind)
        self.key = mapping.key
        _require_column(mapping.key, sheet)
        used: dict[str, list[_Source]] = {self.create.verb: []}
        for column, field, constant in _uses(mapping):
            _require_column(column, sheet)
            verb, path = self._address(field)
            try:
                found = Field(commands()[f"{kind}.{verb}"], path)
            except FieldError as error:
                raise MappingError(str(error)) from error
            values, scale = mapping.values.get(field, {}), mapping.scale.get(field)
            source = _Source(found, column, constant, values, scale)
            used.setdefault(verb, []).append(source)
        fields = {field for _, field, _ in _uses(mapping)}
        for field in {*mapping.values, *mapping.scale} - fields:
            raise MappingError(f"No column and no --set gives {field!r} a value to change.")
        for verb, (column, _) in mapping.when.items():
            self._command(verb)
            _require_column(column, sheet)
            used.setdefault(kebab(verb), [])
        conditions = {kebab(verb): condition for verb, condition in mapping.when.items()}
        self.steps = [
            Step(self._command(verb), sources, conditions.get(verb))
            for verb, sources in used.items()
        ]

    def name(self, row: Row) -> str:
        """Return the name or title that a row gives its record, or nothing."""
        return next(
            (s.text(row) for s in self.steps[0].sources if s.field.name in NAMED_BY),
            "",
        )

    def steps_of(self, row: Row) -> Iterator[Step]:
        """Yield the steps that a row asks for; the first makes the record."""
        yield self.steps[0]
        yield from (step for step in self.steps[1:] if step.wanted(row))

    def _address(self, field: str) -> tuple[str, str]:
        """Return the command that a field belongs to, and the field's path within its body."""
        verb, dot, path = field.partition(".")
        if dot and f"{self.kind}.{kebab(verb)}" in commands():
            return kebab(verb), path
        return self.create.verb, field

    def _command(self, verb: str) -> Command:
        found = commands().get(f"{self.kind}.{kebab(verb)}")
        if found is None:
            raise MappingError(f"There is no command {verb!r} of a {self.kind}.")
        return found


def kinds() -> dict[str, type[Aggregate]]:
    """Return the aggregates by the name of their collection, as in `service-tickets`."""
    return {each.plural: each for _, each in sorted(discover().aggregates.items())}


def creating(kind: str) -> Command:
    """Return the command that makes a record of a kind."""
    return next(c for c in commands().values() if c.creates and c.aggregate.kind == kind)


def _uses(mapping: SheetMapping) -> Iterator[tuple[str | None, str, str]]:
    yield from ((column, field, "") for column, field in mapping.columns)
    yield from ((None, field, text) for field, text in mapping.constants.items())


def _require_column(column: str | None, sheet: Sheet) -> None:
    if column is not None and column not in sheet.columns:
        raise MappingError(f"There is no column {column!r}; {_listed(sheet.columns)}.")


def _listed(columns: Collection[str]) -> str:
    return f"there are {', '.join(columns)}"
