"""Findings: where a store has something else than the journal says, by table, record and column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

FEW = 10
"""Rows of a table that are told value by value; others are counted."""

LONG = 100
"""Characters of a value that are told."""

Values = Mapping[str, Any]
"""A row: its values by column."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One value that is not as the journal says or, without a column, a row as a whole."""

    table: str
    record: str
    column: str | None
    text: str

    def __str__(self) -> str:
        """Say it in a line."""
        place = " ".join(filter(None, (self.table, self.record)))
        column = "" if self.column is None else f", {self.column}"
        return f"{place}{column}: {self.text}"


@dataclass(frozen=True, slots=True)
class Checked:
    """How many rows a table has, and how many are not in it as the journal says, some by value."""

    table: str
    rows: int
    differ: int = 0
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of a store has found, compared as of a position.

    What was not compared has no position, and says `why`; `absent` is what is not there at all, so
    that nothing is answered from it.
    """

    store: str
    position: int | None
    tables: list[Checked] = field(default_factory=list)
    why: str = ""
    absent: bool = False

    @property
    def rows(self) -> int:
        """How many rows were compared."""
        return sum(each.rows for each in self.tables)

    @property
    def differ(self) -> int:
        """How many rows are not as the journal says."""
        return sum(each.differ for each in self.tables)


def parted(table: str, record: str, used: Values | None, fresh: Values | None) -> Iterator[Finding]:
    """Yield what a row in use has otherwise than the one that the journal makes.

    Either may not be there at all. Columns are those of the row that the journal makes.
    """
    if fresh is None:
        yield Finding(table, record, None, "is there, and the journal knows of no such row")
    elif used is None:
        yield Finding(table, record, None, "is missing, and the journal knows of it")
    else:
        for column, value in fresh.items():
            if (says := used.get(column)) != value:
                text = f"says {_told(says)}, the journal {_told(value)}"
                yield Finding(table, record, column, text)


def unreadable(table: str, error: Exception) -> Checked:
    """Return what is found of a table that cannot be read."""
    reason = str(error).partition("\n")[0]
    return Checked(table, 0, 1, [Finding(table, "", None, f"cannot be read: {reason}")])


def _told(value: Any) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return text if len(text) <= LONG else f"{text[:LONG]}…"
