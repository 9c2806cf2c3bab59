"""Plans of an import: the commands that each row of a sheet becomes."""

from __future__ import annotations

import inspect
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from api.imports.cells import Field, FieldError
from api.imports.files.sheets import Row, Sheet
from api.imports.mapping import MappingError, SheetMapping
from api.imports.steps import CellFault, Source, Step
from api.imports.titles import titled
from domain.kernel.aggregate import Aggregate, discover, kebab
from domain.kernel.commands import Command, commands
from domain.kernel.time.effective_day import TIMED

NAMED_BY = ("name", "title")
"""Fields by which people know a record."""


class Plan:
    """What becomes of the rows of one sheet.

    `by_name` are the columns that were mapped as they are named as a field, with the field;
    `unmapped` those that nothing is made of. Where the id of a record follows from some of its
    fields, rows that say the same of these are one record, and each gives one thing to the lists
    that `repeats`, as a bill has its lines.
    """

    def __init__(self, kind: str, mapping: SheetMapping, sheet: Sheet) -> None:
        """Fit a mapping to a sheet of records of one kind.

        Raises `MappingError` for columns, fields or commands that are not there.
        """
        self.kind = kind
        self.create = creating(kind)
        self.key = mapping.key
        _require_column(mapping.key, sheet)
        self.by_name = self._named(mapping, sheet)
        used: dict[str, list[Source]] = {self.create.verb: []}
        uses = [*_uses(mapping), *((column, field, "") for column, field in self.by_name)]
        given = {field for _, field, _ in uses}
        uses += [(None, f, text) for f, text in mapping.expected.items() if f not in given]
        self._expected = mapping.expected
        for column, field, constant in uses:
            _require_column(column, sheet)
            verb, path = self._address(field)
            try:
                found = Field(commands()[f"{kind}.{verb}"], path)
            except FieldError as error:
                raise MappingError(str(error)) from error
            if any(other.field.name == path for other in used.get(verb, ())):
                raise MappingError(f"More than one column or --set gives {field!r} its value.")
            values, scale = mapping.values.get(field, {}), mapping.scale.get(field)
            source = Source(found, column, constant, values, scale)
            used.setdefault(verb, []).append(source)
        fields = {field for _, field, _ in uses}
        for field in {*mapping.values, *mapping.scale} - fields:
            raise MappingError(f"No column and no --set gives {field!r} a value to change.")
        for verb, (column, _) in mapping.when.items():
            self._command(verb)
            _require_column(column, sheet)
            used.setdefault(kebab(verb), [])
        made = inspect.signature(self.create.aggregate.create_id).parameters
        self.identity_fields = [name for name in made if name in self.create.body.model_fields]
        lists = {source.field.repeats for source in used[self.create.verb]}
        self.repeats = frozenset(filter(None, lists if self.identity_fields else ()))
        conditions = {kebab(verb): condition for verb, condition in mapping.when.items()}
        self.steps = [
            Step(self._command(verb), sources, conditions.get(verb))
            for verb, sources in used.items()
        ]
        looked_at = {column for column, _, _ in uses} | {self.key}
        looked_at |= {column for column, _ in mapping.when.values()}
        self.unmapped = [column for column in sheet.columns if column not in looked_at]

    def identity(self, row: Row) -> tuple[Any, ...] | None:
        """Return what a row says of that from which the id of its record follows, if it is right.

        Of what has a default, nothing need be said.
        """
        fields = self.create.body.model_fields
        sources = {source.field.name: source for source in self.steps[0].sources}
        try:
            told = {n: s.written(row) for n, s in sources.items() if n in self.identity_fields}
        except CellFault:
            return None
        if any(fields[name].is_required() and not told.get(name) for name in self.identity_fields):
            return None
        return tuple(found and found.value for found in map(told.get, self.identity_fields))

    def join(
        self,
        known: list[tuple[Step, dict[str, Any]]],
        told: list[tuple[Step, dict[str, Any]]],
        row: Row,
        line: int,
    ) -> None:
        """Add to commands what one more row says of the same record, which begins in a line.

        It gives each of the lists that repeat one more thing; elsewhere it says the same, or
        nothing. Raises `CellFault`.
        """
        if [step for step, _ in known] != [step for step, _ in told]:
            raise CellFault(f"asks for other commands than line {line}, of the same record")
        for (step, body), (_, more) in zip(known, told, strict=True):
            for name, value in more.items():
                if name in self.repeats and step is self.steps[0]:
                    body.setdefault(name, []).extend(value)
                elif body.setdefault(name, value) != value:
                    source = step.source(f"/{name}")
                    place = f"column {source.column!r}: " if source and source.column else ""
                    text = source.text(row) if source else str(value)
                    raise CellFault(
                        f"{place}{text!r} is not what line {line} says, of the same record"
                    )

    def bodies(self, row: Row) -> list[tuple[Step, dict[str, Any]]]:
        """Return the steps that a row asks for with their bodies; the first makes the record.

        Names in them are as the row has them. Raises `CellFault`.
        """
        default = self.create.body.model_fields.get("currency")
        currency = str(default.default) if default is not None else ""
        first = self.steps[0].body(row, currency)
        for name, value in self._expected.items():
            if first.get(name, value) != value:
                source = self.steps[0].source(f"/{name}")
                told = source.text(row) if source else first[name]
                raise CellFault(f"{name}: {told!r} is not {value!r}, as all rows are to be")
        currency = first.get("currency", currency)
        following = [step for step in self.steps[1:] if step.wanted(row)]
        return [(self.steps[0], first), *((step, step.body(row, currency)) for step in following)]

    def name(self, row: Row) -> str:
        """Return the name or title that a row gives its record, or nothing."""
        return next((s.text(row) for s in self.steps[0].sources if s.field.name in NAMED_BY), "")

    def mapped(self, row: Row) -> dict[str, str]:
        """Return those cells of a row that the mapping looks at."""
        left = set(self.unmapped)
        return {column: text for column, text in row.cells.items() if column not in left}

    def _named(self, mapping: SheetMapping, sheet: Sheet) -> list[tuple[str, str]]:
        """Return the columns that nobody mapped and that are named as a field that nobody gave."""
        given = {field for _, field, _ in _uses(mapping)}
        taken = {column for column, _ in mapping.columns}
        free = [column for column in sheet.columns if column not in taken]
        fields = [field for field in self.create.body.model_fields if field not in given]
        found = [(titled(self.create.aggregate, field, free), field) for field in fields]
        # Where two columns have the title of one field, a person has to say which is meant.
        named = [(columns[0], field) for columns, field in found if len(columns) == 1]
        parted = [(column, column) for column in free if "." in column and column not in given]
        for column, field in parted:
            verb, path = self._address(field)
            try:
                Field(commands()[f"{self.kind}.{verb}"], path)
            except FieldError:
                continue
            named.append((column, field))
        return [(column, field) for column, field in named if _is_plain(self.create, field)]

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


def begun(told: list[tuple[Step, dict[str, Any]]]) -> list[tuple[Step, dict[str, Any]]]:
    """Return the commands of a row, the record begun by the first day of which the row tells.

    That is so where the row does not say since when there is the record: before it begins nothing
    is true of it.
    """
    (making, first), *following = told
    begins = making.command.dated
    if begins is None or begins in first:
        return told
    dated = [(step.command.dated, body) for step, body in following if step.command.dated in body]
    days = [body[day] for day, body in dated if (day == TIMED) == (begins == TIMED)]
    begin = {begins: min(days, key=datetime.fromisoformat)} if days else {}
    return [(making, first | begin), *following]


def kinds() -> dict[str, type[Aggregate]]:
    """Return the aggregates by the name of their collection, as in `service-tickets`."""
    return {each.plural: each for _, each in sorted(discover().aggregates.items())}


def creating(kind: str) -> Command:
    """Return the command that makes a record of a kind."""
    return next(c for c in commands().values() if c.creates and c.aggregate.kind == kind)


def _uses(mapping: SheetMapping) -> Iterator[tuple[str | None, str, str]]:
    yield from ((column, field, "") for column, field in mapping.columns)
    yield from ((None, field, text) for field, text in mapping.constants.items())


def _is_plain(command: Command, field: str) -> bool:
    """Whether a field, unless it names its own parts, takes a value that a cell can have."""
    if "." in field:
        return True
    try:
        Field(command, field)
    except FieldError:
        return False
    return True


def _require_column(column: str | None, sheet: Sheet) -> None:
    if column is None or column in sheet.columns:
        return
    if column in sheet.twice:
        raise MappingError(f"There are several columns {column!r}: {column!r} (1), (2) and so on.")
    raise MappingError(f"There is no column {column!r}; {_listed(sheet.columns)}.")


def _listed(columns: Collection[str]) -> str:
    return f"there are {', '.join(columns)}"
