"""Dimensions: the angles from which a report is looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from domain.kernel.types.days import plain_day

UNSEEN = "(not in sight)"
"""Stands for what is known, though not to whoever asks."""

_MONTH = r"[0-9]{4}-(0[1-9]|1[0-2])"
PERIODS = {
    "day": ("Day", "日", "strftime({on}, '%Y-%m-%d')", rf"{_MONTH}-[0-9]{{2}}", "2026-03-31"),
    "month": ("Month", "月", "strftime({on}, '%Y-%m')", _MONTH, "2026-03"),
    "quarter": (
        *("Quarter", "季度", "strftime({on}, '%Y-Q') || quarter({on})"),
        *("[0-9]{4}-Q[1-4]", "2026-Q1"),
    ),
    "year": ("Year", "年", "strftime({on}, '%Y')", "[0-9]{4}", "2026"),
}
"""The dimensions that every report with a day has: titles, SQL, form and an example."""

PLACE = "LEFT JOIN organisation AS place ON place.code = base.unit"
"""The join that gives the present unit, the province and the local network of a row's unit."""

SUCCESSOR = "coalesce(place.current, base.unit)"
"""The present unit of a row, with that join."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """An angle to look from: what rows are grouped by and filtered on.

    `sql` speaks of the columns of the report's source as `base.<column>`; `join` names the join,
    and `grain` the finer source, that it needs; `of` is the read model whose records it groups by,
    each by its key (`key_of`), with what it is called beside it; `values` are all that there may
    be, `order` the same in their own order; `form` is the pattern of a period or a currency, with
    an `example`; `zh` is the title in Chinese, `note` what there is to say of it in one report;
    `within` is, for a list, the SQL of the whole list, so that a filter counts no row twice; of
    units, there is a grain `<grain> now` with each unit that has succeeded some of the list once;
    `tree` marks codes of units: a filter may ask for one and all below it.
    """

    name: str
    title: str
    sql: str
    join: str = ""
    grain: str = ""
    of: str = ""
    values: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    form: str = ""
    example: str = ""
    within: str = ""
    tree: bool = False
    zh: str = ""
    note: str = ""

    @property
    def same(self) -> tuple[Any, ...]:
        """What it shares with those of other reports that figures may be told side by side by."""
        return self.name, self.of, frozenset(self.values or self.order)

    @property
    def full(self) -> str:
        """The title with what there is to say of it."""
        return f"{self.title} {self.note}".rstrip()

    def describe(self) -> dict[str, Any]:
        """Return what there is to know of it, as JSON values."""
        values = self.values or self.order
        told = {"name": self.name, "title": self.title, "zh": self.zh, "definition": self.full}
        return told | ({"values": values} if values else {})

    def names(self, value: str) -> bool:
        """Tell whether a value is of the form, and among the values, that there may be."""
        if self.form:
            return re.fullmatch(self.form, value) is not None and _is_day(value)
        closed = self.values or self.order
        return not closed or value in closed or (self.join != "" and value == UNSEEN)

    @property
    def closed(self) -> bool:
        """Whether all values that there may be are known."""
        return bool(self.form or self.values or self.order)

    def told(self) -> str:
        """Return in words which values there may be."""
        if self.form:
            return f"a {self.name} is written as in {self.example}"
        return f"it is one of {', '.join(self.values or self.order)}"

    def placed(self) -> Dimension:
        """Return the dimension of units by what has succeeded them."""
        if not self.within:
            return replace(self, sql=SUCCESSOR, join="place")
        units = f"(SELECT unnest({self.within}) AS unit) AS base"
        whole = f"(SELECT list({SUCCESSOR}) FROM {units} {PLACE})"
        return replace(self, grain=f"{self.grain} now", within=whole)


UNIT = Dimension("unit", "Unit", "base.unit", of="units", tree=True, zh="单位")
MANAGER = Dimension("manager", "Manager", "base.manager", of="employees", zh="负责人")
CURRENCY = Dimension(
    "currency", "Currency", "base.currency", form="[A-Z]{3}", example="CNY", zh="币种"
)

PLACES = (
    Dimension("province", "Province", "place.province", "place", of="units", zh="省份"),
    Dimension("network", "Local network", "place.network", "place", of="units", zh="本地网"),
    Dimension(
        "serving_level",
        "Level that serves",
        "CASE WHEN place.network IS NOT NULL THEN 'network' "
        "WHEN place.province IS NOT NULL THEN 'province' "
        "WHEN place.code IS NOT NULL THEN 'group' END",
        "place",
        order=("group", "province", "network"),
        zh="服务层级",
    ),
)
"""The dimensions that every report by unit has besides, those of the unit."""


def periods(on: str, note: str) -> tuple[Dimension, ...]:
    """Return the periods by a day, of which a note says which one it is."""
    return tuple(
        Dimension(name, title, sql.format(on=on), form=form, example=example, zh=zh, note=note)
        for name, (title, zh, sql, form, example) in PERIODS.items()
    )


def _is_day(text: str) -> bool:
    """Tell whether what may be written as a day is one; of shorter periods there is no doubt."""
    try:
        return len(text) < 10 or bool(plain_day(text))
    except ValueError:
        return False
