"""The to-do list: the lists of all that is to be done, each in its own order, merged as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from domain.kernel.chinese import Language
from domain.kernel.time.business_day import begin_of, end_of, recorded_day
from domain.kernel.types.days import plain_moment
from projections.kernel.columns import Instant
from projections.kernel.lists import parameters
from projections.kernel.lists.list_filters import filters
from projections.kernel.lists.list_query import Question, question
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.read_model import ReadModel, Row, read_models
from projections.kernel.todo import Todo, begin, end, on, text_of, waits_since
from projections.kernel.visibility.visibility import Sight

_BEGIN = datetime.min.replace(tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_EVER = date(1900, 1, 1)
_LAST = "~"
"""Comes after every id."""


class Days(NamedTuple):
    """The first and the last of some days, which may be any."""

    first: date | None = None
    last: date | None = None


ALL = Days()
"""All days, and none."""


def days(due_from: str | None, due_to: str | None) -> Days:
    """Return the days that two texts name. Raises `BadParameter`."""
    found = Days(
        None if due_from is None else parameters.read("due_from", "day", due_from),
        None if due_to is None else parameters.read("due_to", "day", due_to),
    )
    if found.first is not None and found.last is not None and found.first > found.last:
        raise BadParameter("due_to", "the end is before the begin")
    return found


class Turn(NamedTuple):
    """Where something stands in the whole list: what is due comes first, then by its moment."""

    later: bool
    at: datetime
    of: str
    id: str


Ask = Callable[[Listing, Question, Sequence[Any] | None], Page]
"""Gives a page of a list behind a place of its own."""


@dataclass(frozen=True)
class Source:
    """What is to be done of one kind, told in a language."""

    model: ReadModel
    todo: Todo
    listing: Listing
    language: Language = "en"

    def question(
        self,
        sight: Sight,
        limit: int,
        moment: datetime,
        employee: str | None,
        customer: str | None,
        overdue: bool | None,
        may: Sight,
        days: Days = ALL,
    ) -> Question | None:
        """Return what its list is asked, or `None` when nothing of it can be in the answer.

        Args:
            sight: What is seen of the list.
            limit: Rows of a page.
            moment: What is due before it is overdue.
            employee: Whose name is looked for.
            customer: The customer of the records, if they are of one.
            overdue: Whether what is asked for is overdue, or not.
            may: Where those for whom it is may give the command.
            days: On which days it is due.
        """
        todo, where = self.todo, dict(self.todo.when)
        if todo.who is not None:
            if employee is None:
                return None
            where[todo.who] = employee
        if customer is not None:
            if "customer_id" not in self.model.table.c:
                return None
            where["customer_id"] = customer
        if todo.due is not None:
            low, high = self._span(todo.due, moment, overdue, days)
            where[f"{todo.due}_from"] = low.isoformat()
            if high is not None:
                if high < low:
                    return None
                where[f"{todo.due}_to"] = high.isoformat()
        elif overdue or days != ALL:
            return None
        optional = [each for each in ("unit", "customer_id") if each in self.model.table.c]
        fields = ",".join(dict.fromkeys(("id", "version", *optional, *todo.columns)))
        sort = f"{todo.order},id"
        asked = question(self.model, where, sort=sort, select=fields, limit=limit, sight=sight)
        if todo.at is None:
            return asked
        units = [view.units for view in may.views if view.owners is None]
        if None in units:
            return asked
        known = tuple(sorted({unit for each in units for unit in each or ()}))
        at = (filters(self.model)[todo.at], known)
        return replace(asked, where=(*asked.where, at)) if known else None

    def _span(
        self, column: str, moment: datetime, overdue: bool | None, days: Days
    ) -> tuple[date, date | None]:
        """Return the first and the last value by which something that is asked for is due."""
        timed = isinstance(self.model.table.c[column].type, Instant)

        def at(moment: datetime) -> date:
            return moment if timed else recorded_day(moment)

        lows, highs = [begin_of(_EVER) if timed else _EVER], list[date]()
        if overdue is False or self.todo.lapses:
            lows.append(at(moment))
        if overdue:  # a day is over when its last moment has passed, a moment when it has
            highs.append(at(moment) - (_INSTANT if timed else _DAY))
        if self.todo.ahead is not None:
            highs.append(at(moment + timedelta(days=self.todo.ahead)))
        if days.first is not None:
            lows.append(begin_of(days.first) if timed else days.first)
        if days.last is not None:
            highs.append(end_of(days.last) - _INSTANT if timed else days.last)
        return max(lows), min(highs, default=None)

    def turn(self, row: Row) -> Turn:
        """Return where a row stands in the whole list."""
        todo = self.todo
        due, value = todo.due, row[todo.order]
        at = _BEGIN if value is None else end(value) if due else begin(value)
        return Turn(due is None, at, todo.name, row["id"])

    def behind(self, last: Turn) -> Sequence[Any] | None:
        """Return the place in its own list behind which the whole goes on; `None` for all."""
        todo = self.todo
        if todo.due is None and not last.later:
            return None
        id_ = last.id if todo.name == last.of else ""
        if todo.name < last.of:
            id_ = _LAST
        if isinstance(self.model.table.c[todo.order].type, Instant):
            return [last.at.isoformat(), id_]
        day = recorded_day(last.at)
        if (end(day) if todo.due else begin(day)) != last.at:
            # Behind the days that are over by then, or have begun.
            return [(day - _DAY if todo.due else day).isoformat(), _LAST]
        return [day.isoformat(), id_]

    def item(self, row: Row, moment: datetime) -> dict[str, Any]:
        """Return what is told of a row, as of a moment."""
        todo = self.todo
        due = None if todo.due is None else end(row[todo.due])
        return {
            "kind": self.model.aggregate,
            "id": row["id"],
            "command": todo.command,
            "text": text_of(todo, row, self.language),
            "customer_id": row.get("customer_id"),
            "unit": row.get("unit"),
            "employee": todo.who and row[todo.who],
            "since": waits_since(todo, row),
            "due_at": due,
            "day": None if todo.due is None else on(row[todo.due]),
            "overdue": due is not None and due < moment,
        }


@cache
def sources() -> tuple[Source, ...]:
    """Return all that may be to be done, as read models declare it."""
    models = read_models().values()
    return tuple(Source(model, todo, Listing(model)) for model in models for todo in model.todos)


def some(
    asked: Iterable[tuple[Source, Question]], after: Turn | None, limit: int, ask: Ask
) -> tuple[list[tuple[Source, Row]], Turn | None]:
    """Return the first rows behind a place in the whole list.

    And the place of the last of them, if more follow.
    """
    merged: list[tuple[Turn, Source, Row]] = []
    more = False
    for source, question_ in asked:
        if after is not None and after.later and source.todo.due is not None:
            continue
        page = ask(source.listing, question_, None if after is None else source.behind(after))
        merged += [(source.turn(row), source, row) for row in page.items]
        more = more or page.next is not None
    merged.sort(key=lambda each: each[0])
    found = merged[:limit]
    last = found[-1][0] if more or len(merged) > limit else None
    return [(source, row) for _, source, row in found], last


def written(turn: Turn) -> list[Any]:
    """Return a place as plain JSON values."""
    return [turn.later, turn.at.isoformat(), turn.of, turn.id]


def read(values: Sequence[Any]) -> Turn:
    """Return a place that was `written`. Raises `BadParameter`."""
    try:
        later, at, of, id_ = values
        return Turn(bool(later), plain_moment(at), str(of), str(id_))
    except (TypeError, ValueError) as error:
        raise BadParameter("cursor", "not of this list") from error
