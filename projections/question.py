"""What can be asked of a list: filters, order, fields, words; read from texts, checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

import sqlalchemy as sa

from projections.columns import Instant, Json, Money
from projections.kernel import ReadModel

Values = tuple[str | int | float | bool | None, ...]
"""A place in a list: the sorted columns of the last row seen, and its id, as plain JSON values."""

_LARGEST = 2**63 - 1
_MONEY = Decimal(_LARGEST) / 100


class BadParameter(ValueError):
    """A parameter of a query makes no sense; `name` says which, `detail` why."""

    def __init__(self, name: str, detail: str) -> None:
        """Refuse a parameter."""
        super().__init__(f"{name}: {detail}")
        self.name = name
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a list: a column, and how its values are compared."""

    name: str
    column: str
    kind: Literal["any", "from", "to", "under", "has"]
    type: Literal["text", "integer", "number", "money", "day", "instant", "boolean"]

    def read(self, text: str) -> tuple[Any, ...]:
        """Return the values that a text names; raises `BadParameter`.

        Several may be given with commas between, where equality is asked for; an empty text
        stands for no value.
        """
        if self.kind != "any":
            return (_read(self.name, self.type, text, self.kind),)
        if not text:
            return (None,)
        if text.count(",") >= 1000:
            raise BadParameter(self.name, "at most 1000 values")
        return tuple(_read(self.name, self.type, each, self.kind) for each in text.split(","))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a list, checked: conditions, order, fields, words, rows at most."""

    where: tuple[tuple[Filter, tuple[Any, ...]], ...]
    order: tuple[tuple[str, bool], ...]
    fields: tuple[str, ...]
    words: str | None
    limit: int

    def place(self, row: Mapping[str, Any]) -> Values:
        """Return the place of a row in this order."""
        return tuple(_plain(row[name]) for name, _ in self.order)


def filters(model: ReadModel) -> dict[str, Filter]:
    """Return the filters of a read model by the name of their parameter.

    `<column>` asks for one of some values, `<column>_from` and `<column>_to` for a range with
    both ends, `unit_under` for a unit and all below it; a list is asked for one of its members.
    """
    found = []
    for column in model.table.columns:
        name, type_ = column.name, _type(column.type)
        if isinstance(column.type, Json):
            if column.info.get("list"):
                found.append(Filter(name, name, "has", "text"))
        elif name != "search":
            found.append(Filter(name, name, "any", type_))
            if type_ not in ("text", "boolean"):
                found.append(Filter(f"{name}_from", name, "from", type_))
                found.append(Filter(f"{name}_to", name, "to", type_))
            if name == "unit":
                found.append(Filter("unit_under", name, "under", "text"))
    return {each.name: each for each in found}


def sortable(model: ReadModel) -> list[str]:
    """Return the columns by which a list can be sorted."""
    return [
        column.name
        for column in model.table.columns
        if not isinstance(column.type, Json) and column.name != "search"
    ]


def fields(model: ReadModel) -> list[str]:
    """Return the columns that can be read."""
    return [column.name for column in model.table.columns if column.name != "search"]


def question(
    model: ReadModel,
    where: Mapping[str, str],
    *,
    sort: str | None = None,
    select: str | None = None,
    words: str | None = None,
    limit: int = 50,
) -> Question:
    """Check what is asked of a read model's list; raises `BadParameter`.

    Args:
        model: The read model.
        where: Filters by name, as in `{"grade": "A,B", "unit_under": "gd", "amount_from": "5"}`.
        sort: Columns with commas between, `-` before one for downwards; ties go by id.
        select: Columns with commas between; by default all.
        words: What to find by full text.
        limit: Rows on a page, 1 to 1000.
    """
    known = filters(model)
    conditions = []
    for name, text in where.items():
        if name not in known:
            raise BadParameter(name, "no such filter")
        conditions.append((known[name], known[name].read(_clean(name, text))))
    if not 1 <= limit <= 1000:
        raise BadParameter("limit", "between 1 and 1000")
    if words is not None and not model.search:
        raise BadParameter("q", "this list has no search")
    return Question(
        tuple(conditions),
        _order(model, sort or model.order),
        _fields(model, select),
        None if words is None else _clean("q", words)[:200],
        limit,
    )


def place(model: ReadModel, asked: Question, values: Sequence[Any]) -> tuple[Any, ...]:
    """Return the values of a place as the columns have them; raises `BadParameter`."""
    if len(values) != len(asked.order):
        raise BadParameter("cursor", "not of this list")
    found = []
    for (name, _), value in zip(asked.order, values, strict=True):
        type_ = _type(model.table.c[name].type)
        if value is None or (type_ in ("integer", "number", "boolean") and not _is_text(value)):
            found.append(value)
        elif _is_text(value):
            found.append(_read("cursor", type_, value, "any"))
        else:
            raise BadParameter("cursor", "not of this list")
    return tuple(found)


def _order(model: ReadModel, sort: str) -> tuple[tuple[str, bool], ...]:
    able = sortable(model)
    order: list[tuple[str, bool]] = []
    for part in sort.split(","):
        name, down = part.removeprefix("-"), part.startswith("-")
        if name not in able:
            raise BadParameter("sort", f"cannot sort by {name[:100]!r}")
        if name in [before for before, _ in order]:
            raise BadParameter("sort", f"{name} comes twice")
        order.append((name, down))
        if name == "id":
            return tuple(order)
    return (*order, ("id", order[-1][1]))


def _fields(model: ReadModel, select: str | None) -> tuple[str, ...]:
    able = fields(model)
    if select is None:
        return tuple(able)
    chosen = tuple(dict.fromkeys(select.split(",")))
    for name in chosen:
        if name not in able:
            raise BadParameter("fields", f"no field {name[:100]!r}")
    return chosen


def _type(type_: sa.types.TypeEngine[Any]) -> Any:
    match type_:
        case Money():
            return "money"
        case Instant():
            return "instant"
        case sa.Date():
            return "day"
        case sa.Boolean():
            return "boolean"
        case sa.Integer():
            return "integer"
        case sa.Float():
            return "number"
    return "text"


def _read(name: str, type_: str, text: str, kind: str) -> Any:
    reader, wanted = _READERS[type_]
    try:
        return reader(text, kind)
    except (ValueError, InvalidOperation, OverflowError) as error:
        raise BadParameter(name, f"not {wanted}: {text[:100]!r}") from error


def _integer(text: str, _: str) -> int:
    number = int(text)
    if abs(number) > _LARGEST:
        raise ValueError(text)
    return number


def _number(text: str, _: str) -> float:
    number = float(text)
    if number != number or abs(number) == float("inf"):
        raise ValueError(text)
    return number


def _amount(text: str, _: str) -> Decimal:
    amount = Decimal(text)
    if not amount.is_finite() or abs(amount) > _MONEY or amount != round(amount, 2):
        raise ValueError(text)
    return amount


def _instant(text: str, kind: str) -> datetime:
    """Read an instant, or a day: then its first, as the end of a range its last microsecond."""
    if len(text) <= 10:
        start = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        return start + timedelta(days=1, microseconds=-1) if kind == "to" else start
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError(text)
    return found.astimezone(UTC)


def _boolean(text: str, _: str) -> bool:
    return {"true": True, "false": False, "1": True, "0": False}.get(text) or _false(text)


def _false(text: str) -> bool:
    if text not in ("false", "0"):
        raise ValueError(text)
    return False


_READERS: dict[str, tuple[Callable[[str, str], Any], str]] = {
    "text": (lambda text, _: text, "a text"),
    "integer": (_integer, "a whole number"),
    "number": (_number, "a number"),
    "money": (_amount, "an amount with at most two decimals"),
    "day": (lambda text, _: date.fromisoformat(text), "a date (YYYY-MM-DD)"),
    "instant": (_instant, "an instant with its zone (RFC 3339) or a date"),
    "boolean": (_boolean, "true or false"),
}


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
