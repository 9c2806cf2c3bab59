"""To-dos: what a row asks of somebody, as long as it stands so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from string import Formatter
from typing import Any

from domain.kernel.chinese import Language, chinese, enumerated
from domain.kernel.chinese import value as called
from domain.kernel.time.business_day import begin_of, end_of, recorded_day


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """What is to be done about a row for which the filters `when` hold, told by a `text`.

    It is for the employee in the column `who`; without one for all who may give the `command`
    where the record belongs, or at the unit in the column `at`. It has been there `since`, a
    column with a day or a moment. With a column `due` there is something to do only where that
    has a value, and it is overdue after it; with `ahead` only from so many days before on, and
    what `lapses` not after it.
    """

    command: str
    text: str
    when: Mapping[str, str]
    who: str | None = None
    at: str | None = None
    since: str
    due: str | None = None
    ahead: int | None = None
    lapses: bool = False

    @property
    def name(self) -> str:
        """What tells it from the others that may be to be done about a row at the same moment."""
        return f"{self.command} {self.who or self.at or ''}"

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


def waits_since(todo: Todo, row: Mapping[str, Any]) -> datetime | None:
    """Return since when a row asks for it."""
    since: date | None = row[todo.since]
    begun = None if since is None else begin(since)
    if todo.due is None or todo.ahead is None:
        return begun
    first = begin(row[todo.due] - timedelta(days=todo.ahead))
    return first if begun is None else max(begun, first)


def end(value: date | datetime) -> datetime:
    """Return when a day or a moment is over."""
    return value if isinstance(value, datetime) else end_of(value)


def begin(value: date | datetime) -> datetime:
    """Return when a day or a moment begins."""
    return value if isinstance(value, datetime) else begin_of(value)


def on(value: date | datetime) -> date:
    """Return the day that a moment has where the business is, or the day itself."""
    return recorded_day(value) if isinstance(value, datetime) else value


def text_of(todo: Todo, row: Mapping[str, Any], language: Language = "en") -> str:
    """Return the text about a row; what is not known or masked is left out as `…`."""
    known = {name: "…" if row.get(name) is None else row[name] for name in todo.told}
    kind = todo.command.partition(".")[0]
    if language == "en":
        return todo.text.format_map(known)
    for name in enumerated(kind).keys() & known.keys():
        known[name] = called(kind, enumerated(kind)[name].get(known[name], known[name]))
    return (chinese(kind, todo.text) or todo.text).format_map(known)
