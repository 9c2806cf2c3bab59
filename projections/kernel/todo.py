"""To-dos: what a row asks of somebody, as long as it stands so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from typing import Any

from domain.kernel.time.business_day import begin_of, end_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """What is to be done about a row for which the filters `when` hold, told by a `text`.

    It is for the employee in the column `who`; without one for all who may give the `command`
    where the record belongs, or at the unit in the column `at`. It has been there `since`, a
    column with a day or a moment. With a column `due` there is something to do only where that
    has a value, and it is overdue after it.
    """

    command: str
    text: str
    when: Mapping[str, str]
    who: str | None = None
    at: str | None = None
    since: str
    due: str | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """The columns in the text."""
        return tuple(name for _, name, _, _ in Formatter().parse(self.text) if name)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it is told by."""
        named = (*self.told, self.who, self.at, self.since, self.due)
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def order(self) -> str:
        """The column by which it has its turn."""
        return self.due or self.since


def end(value: date | datetime) -> datetime:
    """Return when a day or a moment is over."""
    return value if isinstance(value, datetime) else end_of(value)


def begin(value: date | datetime) -> datetime:
    """Return when a day or a moment begins."""
    return value if isinstance(value, datetime) else begin_of(value)


def text_of(todo: Todo, row: Mapping[str, Any]) -> str:
    """Return the text about a row; what is not known or masked is left out as `…`."""
    known = {name: "…" if row.get(name) is None else row[name] for name in todo.told}
    return todo.text.format_map(known)
