"""What can be asked of a list: filters, order, fields, words; read from texts, checked."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from domain.kernel.time.business_day import recorded_day
from projections.kernel.columns import Json
from projections.kernel.listed import Listed
from projections.kernel.lists.list_filters import Filter, filters, type_of
from projections.kernel.lists.parameters import BadParameter, read
from projections.kernel.visibility.column_masks import classes, shown
from projections.kernel.visibility.sealed_columns import personal
from projections.kernel.visibility.visibility import Sight, Sights

Values = tuple[str | int | float | bool | None, ...]
"""A place in a list: the sorted columns of the last row seen, and its id, as plain JSON values."""


class FieldMasked(BadParameter):
    """Nothing goes by what is masked in all that is in sight."""


Under = Callable[[str], frozenset[str] | None]
"""Gives the codes of a unit and all below it; `None` for the unit above all others."""

Over = Callable[[str], Collection[str]]
"""Gives the codes of a unit and all above it."""


def alone(unit: str) -> frozenset[str]:
    """Return nothing but the unit: what is below it is not known."""
    return frozenset({unit})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a list, checked: conditions, order, fields, words, rows at most.

    `sight` is what the one who asks sees of the list; `None` for all of it. `narrowed` are the
    classes of fields by which it is filtered or sorted and which are masked in some rows: the list
    is of the others. Conditions `through` other records hold of those that are in sight, which
    stands with each.
    """

    where: tuple[tuple[Filter, tuple[Any, ...]], ...]
    order: tuple[tuple[str, bool], ...]
    fields: tuple[str, ...]
    words: str | None
    limit: int
    sight: Sight | Sights | None = None
    narrowed: tuple[str, ...] = ()
    through: tuple[tuple[Filter, tuple[Any, ...], Sight | Sights | None], ...] = ()

    @property
    def sights(self) -> tuple[Sight | Sights | None, ...]:
        """Each of these has to show a row."""
        if self.sight is None or not self.narrowed:
            return (self.sight,)
        return tuple(self.sight.showing(each) for each in self.narrowed)

    def place(self, row: Mapping[str, Any]) -> Values:
        """Return the place of a row in this order."""
        return tuple(_plain(row[name]) for name, _ in self.order)


@cache
def sortable(model: Listed) -> tuple[str, ...]:
    """Return the columns by which a list can be sorted."""
    return tuple(
        column.name
        for column in model.table.columns
        if not isinstance(column.type, Json)
        and column.name in shown(model)
        and column.name not in personal(model)
    )


def fields(model: Listed) -> list[str]:
    """Return the columns that can be read."""
    return list(shown(model))


def question(
    model: Listed,
    where: Mapping[str, str],
    *,
    sort: str | None = None,
    select: str | None = None,
    words: str | None = None,
    limit: int = 50,
    sight: Sight | Sights | None = None,
    under: Under = alone,
    over: Over = alone,
    above: Mapping[str, Sight | Sights] | None = None,
    at: datetime | None = None,
) -> Question:
    """Check what is asked of a read model's list; raises `BadParameter`.

    Raises `FieldMasked` for a filter or an order by what the one who asks sees in no row.

    Args:
        model: The read model.
        where: Filters by name, as in `{"grade": "A,B", "unit_under": "gd", "amount_from": "5"}`.
        sort: Columns with commas between, `-` before one for downwards; ties go by id.
        select: Columns with commas between; by default all.
        words: What to find by full text.
        limit: Rows on a page, 1 to 1000.
        sight: What the one who asks sees of the list; by default all of it.
        under: What is below a unit, for `unit_under`.
        over: What is above a unit, for lists of units that reach below.
        above: What they see of the records through which it is filtered, by kind; by default
            everything.
        at: The moment about which it is asked what has been reached; by default now.
    """
    known = filters(model)
    conditions: list[tuple[Filter, tuple[Any, ...]]] = []
    through: list[tuple[Filter, tuple[Any, ...], Sight | Sights | None]] = []
    for name, text in where.items():
        if name not in known:
            raise BadParameter(name, "no such filter")
        values = known[name].read(_clean(name, text))
        if known[name].kind in ("reached", "by_now"):
            moment = at or datetime.now(UTC)
            values = (*values, moment if known[name].kind == "reached" else recorded_day(moment))
        if known[name].kind == "under":
            below = under(values[0])
            if below is None:
                continue
            values = tuple(sorted(below))
        if known[name].kind == "over":
            reached = {code for each in values if each is not None for code in over(each)}
            values = tuple(sorted(reached)) or values
        if known[name].through:
            theirs = None if above is None else above[known[name].above]
            through.append((known[name], values, theirs))
        else:
            conditions.append((known[name], values))
    _in_order(conditions)
    if not 1 <= limit <= 1000:
        raise BadParameter("limit", "between 1 and 1000")
    if words is not None and not model.search:
        raise BadParameter("q", "this list has no search")
    order = _order(model, sort or model.order)
    used = [*(each.column for each, _ in conditions), *(name for name, _ in order)]
    narrowed = () if sight is None else _narrowed(model, used, sight)
    return Question(
        tuple(conditions),
        order,
        _fields(model, select),
        None if words is None else _clean("q", words)[:200],
        limit,
        sight,
        narrowed,
        tuple(through),
    )


def _in_order(conditions: Sequence[tuple[Filter, tuple[Any, ...]]]) -> None:
    """Refuse a range whose end is before its begin."""
    begins = {each.column: values[0] for each, values in conditions if each.kind == "from"}
    for each, (value, *_) in conditions:
        if each.kind == "to" and each.column in begins and begins[each.column] > value:
            raise BadParameter(each.name, "the end is before the begin")


def _narrowed(model: Listed, columns: Sequence[str], sight: Sight | Sights) -> tuple[str, ...]:
    """Return the classes of some columns that are masked in some rows, though not in all."""
    closed, found = sight.masked_somewhere(), set[str]()
    for name in columns if closed else ():
        for each in sorted(closed & classes(model, [name])):
            found.add(shown_somewhere(each, sight, name))
    return tuple(sorted(found))


def shown_somewhere(class_: str, sight: Sight | Sights, parameter: str) -> str:
    """Return a class of fields that something goes by; raises `FieldMasked` if none shows it."""
    if not sight.showing(class_):
        raise FieldMasked(parameter, f"{class_} is masked for you here")
    return class_


def place(model: Listed, asked: Question, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values of a place as the columns have them; raises `BadParameter`."""
    if len(values) != len(asked.order):
        raise BadParameter("cursor", "not of this list")
    found = []
    for (name, _), value in zip(asked.order, values, strict=True):
        type_ = type_of(model.table.c[name].type)
        if value is None or (type_ in ("integer", "number", "boolean") and not _is_text(value)):
            found.append(value)
        elif _is_text(value):
            found.append(read("cursor", type_, value, "any"))
        else:
            raise BadParameter("cursor", "not of this list")
    return tuple(found)


_AS_IT_IS = ": texts are in the order of Unicode, and in no other, as that of pinyin"


def _order(model: Listed, sort: str) -> tuple[tuple[str, bool], ...]:
    able = sortable(model)
    order: list[tuple[str, bool]] = []
    for part in sort.split(","):
        name, down = part.removeprefix("-"), part.startswith("-")
        if name not in able:
            raise BadParameter("sort", f"cannot sort by {name[:100]!r}{_AS_IT_IS * (':' in name)}")
        if name in [before for before, _ in order]:
            raise BadParameter("sort", f"{name} comes twice")
        order.append((name, down))
        if name == "id":
            return tuple(order)
    return (*order, ("id", order[-1][1]))


def _fields(model: Listed, select: str | None) -> tuple[str, ...]:
    able = fields(model)
    if select is None:
        return tuple(able)
    chosen = tuple(dict.fromkeys(select.split(",")))
    for name in chosen:
        if name not in able:
            raise BadParameter("fields", f"no field {name[:100]!r}")
    return chosen


def _clean(name: str, text: str) -> str:
    if "\x00" in text or len(text) > 10_000:
        raise BadParameter(name, "too long, or with a NUL character")
    return text


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _plain(value: Any) -> str | int | float | bool | None:
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
