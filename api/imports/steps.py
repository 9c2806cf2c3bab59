"""Steps: one command that rows become, and from which cells its values come."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from api.imports.cells import Field, Written
from api.imports.files.sheets import Row
from api.imports.written import Unreadable
from domain.kernel.commands import Command


class CellFault(Exception):
    """A cell, or what is said for every row, does not give what it has to; the text says where."""


@dataclasses.dataclass(frozen=True)
class Source:
    """Where the value of one field comes from."""

    field: Field
    column: str | None
    constant: str
    values: Mapping[str, str]
    scale: Decimal | None

    def text(self, row: Row) -> str:
        """Return what a row says for the field. Raises `CellFault`."""
        if self.column is None:
            return self.values.get(self.constant, self.constant)
        text = row.cells[self.column]
        if text in self.values:
            return self.values[text]
        require_right(row, self.column)
        return text

    def written(self, row: Row) -> Written | None:
        """Return the value that a row gives the field, nothing for an empty cell.

        Raises `CellFault`.
        """
        if not (text := self.text(row)):
            return None
        try:
            return self.field.convert(text, self.scale)
        except Unreadable as error:
            place = f"column {self.column!r}" if self.column else f"--set {self.field.name}"
            raise CellFault(f"{place}: {text!r} {error}") from error


@dataclasses.dataclass(frozen=True)
class Step:
    """One command that rows become, if they ask for it."""

    command: Command
    sources: list[Source]
    when: tuple[str, frozenset[str]] | None = None

    def wanted(self, row: Row) -> bool:
        """Whether a row asks for the command: by its condition, else by cells that are filled.

        Raises `CellFault`.
        """
        if self.when is not None:
            column, values = self.when
            require_right(row, column)
            return row.cells[column] in values
        return any(source.column is not None and source.text(row) for source in self.sources)

    def body(self, row: Row, currency: str) -> dict[str, Any]:
        """Return the command's body for a row; cells that are empty give no field.

        `currency` is that of its amounts, unless the body says otherwise. The day of what follows
        the making of a record is asked for where a column has it. Raises `CellFault`.
        """
        body: dict[str, Any] = {}
        told: list[tuple[Source, str]] = []
        for source in self.sources:
            found = source.written(row)
            if found is not None:
                source.field.put(body, found.value)
                if found.currency is not None:
                    told.append((source, found.currency))
            elif source.column and not self.command.creates and self._is_day(source):
                raise CellFault(
                    f"column {source.column!r} is empty: from which day does {self.command.verb} "
                    f"hold? A --set {self.command.verb}.{source.field.name} instead of the column "
                    "says it for all rows"
                )
        currency = str(body.get("currency", currency))
        for source, its in told:
            if its != currency and (its, currency) != ("CNY", "JPY"):  # which share a sign
                text = source.text(row)
                raise CellFault(f"column {source.column!r}: {text!r} is in {its}, not {currency}")
        return body

    def _is_day(self, source: Source) -> bool:
        return source.field.name == self.command.dated

    def source(self, pointer: str) -> Source | None:
        """Return what gives the value of a place in the body, `/field` or `/field/0/part`."""
        exact = pointer.strip("/").split("/")
        for source in self.sources:
            if source.field.name.split(".") == exact:
                return source
        place = [part for part in exact if not part.isdigit()]
        for source in self.sources:
            path = [part for part in source.field.name.split(".") if not part.isdigit()]
            if path == place:
                return source
        return None


def require_right(row: Row, column: str) -> None:
    """Require that the text of a cell is what the cell means. Raises `CellFault`."""
    if column in row.wrong:
        raise CellFault(f"column {column!r} {row.wrong[column]}")
