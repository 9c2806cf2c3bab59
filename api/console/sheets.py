"""Sheets: which columns of a read model are shown, and how a value reads in a cell."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from markupsafe import Markup, escape

from api.console.texts import Words
from api.kernel.reading.read_parameters import invalid
from api.reads.beside.names import nameable
from domain.kernel.chinese import enumerated
from domain.kernel.time.business_day import counted_in
from projections.kernel.columns import Instant, Json, Money
from projections.kernel.listed import Listed
from projections.kernel.lists.choices import OWN, choices, held_choices, named
from projections.kernel.lists.list_filters import Filter, filters
from projections.kernel.lists.list_query import sortable
from projections.kernel.read_model import Row, models_by_kind
from projections.kernel.reports.record_names import key_of
from projections.kernel.visibility.column_masks import MASKED, shown
from projections.kernel.visibility.sealed_columns import SEALED

COLUMNS = 9
"""Columns of a list where nobody chose others."""

TECHNICAL = frozenset(
    {
        *("id", "version", "position", "created_at", "changed_at"),
        *("name_key", "name_words", "registration_key"),
    }
)
"""What is kept for finding and comparing: it stands last, and in no list unless chosen."""


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)")
_LINK = Markup('<a href="{}" class="{}">{}</a>')
_MARKED = Markup('<span class="{}">{}</span>')
"""What is put into them is escaped."""


class Column(NamedTuple):
    """A column as a page shows it."""

    name: str
    title: str
    number: bool
    """Whether its values stand to the right."""
    sorted: bool
    """Whether a list can be sorted by it."""


class Cell(NamedTuple):
    """A value as it reads, where it leads to, and how it is marked."""

    text: str
    href: str = ""
    mark: str = ""

    def shown(self, when: Callable[[str], str]) -> Markup:
        """Return it as HTML; `when` keeps the moment of the page in a link.

        In Python: a macro of a template takes several times as long, and a page has hundreds.
        """
        if self.href:
            return _LINK.format(when(self.href), self.mark, self.text)
        return _MARKED.format(self.mark, self.text) if self.mark else escape(self.text)


class Sheet:
    """A read model as pages show it."""

    _made: ClassVar[dict[tuple[str, str], Sheet]] = {}

    @classmethod
    def of(cls, model: Listed, words: Words) -> Sheet:
        """Return the sheet of a read model in a language, which is made once."""
        key = model.plural, words.language
        if key not in cls._made:
            cls._made[key] = cls(model, words)
        return cls._made[key]

    def __init__(self, model: Listed, words: Words) -> None:
        """Show it in a language."""
        self.model = model
        self.title = words.kind(model)
        self._words = words
        self._kinds, self._nameable = named(model), nameable(model)
        self._closed = {*choices(model), *held_choices(model), *enumerated(model.aggregate)}
        self._sortable = sortable(model)
        self.filters = filters(model)
        names = [*shown(model)]
        derived = {each.name for each in model.table.c if "derived" in each.info}
        self.technical = TECHNICAL | derived
        """The columns that stand last."""
        self.names = sorted(names, key=lambda name: (name in self.technical, names.index(name)))
        self.heading = next(n for n in ("name", "title", "code", "number", "id") if n in names)

    def column(self, name: str) -> Column:
        """Return a column."""
        number = isinstance(self.model.table.c[name].type, Money | sa.Integer | sa.Numeric)
        title = self._words.field(self.model, name)
        return Column(name, title, number, name in self._sortable)

    def chosen(self, asked: str | None) -> list[str]:
        """Return the columns of a list: those asked for, or the first of those that say most.

        Raises `InvalidParameter`.
        """
        if asked:
            wanted = list(dict.fromkeys(asked.split(",")))
            if unknown := [name for name in wanted if name not in self.names]:
                raise invalid("fields", f"There is no column {unknown[0][:100]!r}.")
            return wanted
        plain = [
            name
            for name in self.names
            if name not in self.technical and not isinstance(self.model.table.c[name].type, Json)
        ]
        first = [self.heading, *(each for each in self._telling() if each in plain)]
        return list(dict.fromkeys([*first, *plain]))[:COLUMNS]

    def _telling(self) -> Iterable[str]:
        """Yield the columns by which records are told apart: state, grade, who has them."""
        yield from ("state", "status", "stage", "grade", "customer_id", "unit", "manager")
        yield from (each.column for each in self.filters.values() if each.values)

    def asked(self, names: Iterable[str]) -> list[tuple[str, str]]:
        """Return what is asked of the API so that these columns can be shown."""
        wanted = list(dict.fromkeys(["id", *names]))
        called = [each for each in wanted if each in self._nameable]
        return [("fields", ",".join(wanted)), *([("expand", ",".join(called))] if called else [])]

    def called(self) -> list[tuple[str, str]]:
        """Return what is asked of the API so that a record's codes have names."""
        return [("expand", ",".join(self._nameable))] if self._nameable else []

    def choices(self) -> list[Filter]:
        """Return the filters with few values, which are offered."""
        return [each for each in self.filters.values() if each.kind == "any" and each.values]

    def cell(self, row: Row, name: str) -> Cell:
        """Return a value of a row."""
        value = row.get(name)
        if name in row.get(MASKED, ()) or name in row.get(SEALED, ()):
            return Cell("●●●", mark="masked")
        if value is None or value in ([], {}):
            return Cell("")
        if name == self.heading and row.get("id"):
            return Cell(str(value), f"/console/{self.model.plural}/{row['id']}")
        if name in OWN and isinstance(value, str):
            return Cell(value)
        called = row.get("names", {}).get(name)
        if isinstance(value, str) and name in self._closed:
            return Cell(self.worded(name, called or value), mark=self._mark(name, value))
        if isinstance(value, str) and (name in self._kinds or called):
            return Cell(called or value, self._place(name, value), "" if called else "code")
        return Cell(self._plain(name, value), mark=self._mark(name, value))

    def _place(self, name: str, value: str) -> str:
        kind = "employee" if self._kinds.get(name) == "actor" else self._kinds.get(name)
        model = models_by_kind().get(kind or "")
        if model is None:
            return ""
        by_id = key_of(model) == "id"
        return f"/console/{model.plural}" + (f"/{value}" if by_id else f"?code={value}")

    def _plain(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return "✓" if value else "✗"
        kind = self.model.table.c[name].type
        if isinstance(kind, Instant):
            return moment(value)
        if isinstance(kind, Money):
            return f"{Decimal(value):,.2f}"
        return self.told(name, value)

    def told(self, name: str, value: Any) -> str:
        """Return how a value of a field reads, at any depth.

        Of a list whose elements have codes these stand there; of one whose elements have parts of
        their own, how many there are.
        """
        if isinstance(value, bool):
            return "✓" if value else "✗"
        if isinstance(value, dict):
            parts = ((each, part) for each, part in value.items() if part not in (None, [], {}))
            titled = ((self._words.field(self.model, each), each, part) for each, part in parts)
            return self._listed(
                f"{title}: {self._within(each, part)}" for title, each, part in titled
            )
        if not isinstance(value, list):
            return self.worded(name, value)
        some = [each for each in value if isinstance(each, dict)]
        if some and all("code" in each for each in some):
            return self._listed(self.told("code", each["code"]) for each in some)
        if any(isinstance(part, dict | list) for each in some for part in each.values()):
            return str(len(value))
        return self._listed(self._within(name, each) for each in value)

    def _within(self, name: str, value: Any) -> str:
        told = self.told(name, value)
        return f"({told})" if isinstance(value, dict) else told

    def _listed(self, told: Iterable[str]) -> str:
        return ("、" if self._words.language == "zh" else ", ").join(told)

    def worded(self, name: str, value: Any) -> str:
        """Return a plain value: an instant, what one of a few is called, or as it is."""
        if not isinstance(value, str):
            return str(value)
        if _INSTANT.fullmatch(value):
            return moment(value)
        return self._words.value(self.model, value) if name in self._closed else value

    def _mark(self, name: str, value: Any) -> str:
        return f"state {value}" if name in ("state", "status", "stage", "grade") else ""

    def nested(self, row: Row, name: str) -> list[Mapping[str, Any]] | Mapping[str, Any] | None:
        """Return the parts of a record that a column holds, each by its fields, or one by its own.

        `None` for what has no parts.
        """
        value = row.get(name)
        if isinstance(value, dict) and any(isinstance(each, dict) for each in value.values()):
            alike = all(isinstance(each, dict) for each in value.values())
            return list(value.values()) if alike else value
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            return value
        return None


def moment(text: str) -> str:
    """Return an instant as it reads in the zone of the business, to the minute."""
    return (
        datetime.fromisoformat(text)
        .astimezone(ZoneInfo(counted_in()[0]))
        .strftime("%Y-%m-%d %H:%M")
    )
