"""Dimensions: the angles from which a report is looked at."""

from __future__ import annotations

from dataclasses import dataclass, replace

PERIODS = {
    "day": ("Day", "strftime({on}, '%Y-%m-%d')"),
    "month": ("Month", "strftime({on}, '%Y-%m')"),
    "quarter": ("Quarter", "strftime({on}, '%Y-Q') || quarter({on})"),
    "year": ("Year", "strftime({on}, '%Y')"),
}
"""The dimensions that every report with a day has: title and SQL."""

PLACES = {"province": "Province of the unit", "network": "Local network of the unit"}
"""The dimensions that every report by unit has besides."""

PLACE = "LEFT JOIN organisation AS place ON place.code = base.unit"
"""The join that gives the present unit, the province and the local network of a row's unit."""

SUCCESSOR = "coalesce(place.current, base.unit)"
"""The present unit of a row, with that join."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """An angle to look from: what rows are grouped by and filtered on.

    `sql` speaks of the columns of the report's source as `base.<column>`; `join` names the join,
    and `grain` the finer source, that it needs; `order` gives the values in their own order;
    `within` is, for a list, the SQL of the whole list, so that a filter counts no row twice; of
    units, there is a grain `<grain> now` with each unit that has succeeded some of the list once;
    `tree` marks codes of units: a filter may ask for one and all below it.
    """

    name: str
    title: str
    sql: str
    join: str = ""
    grain: str = ""
    order: tuple[str, ...] = ()
    within: str = ""
    tree: bool = False

    def placed(self) -> Dimension:
        """Return the dimension of units by what has succeeded them."""
        if not self.within:
            return replace(self, sql=SUCCESSOR, join="place")
        units = f"(SELECT unnest({self.within}) AS unit) AS base"
        whole = f"(SELECT list({SUCCESSOR}) FROM {units} {PLACE})"
        return replace(self, grain=f"{self.grain} now", within=whole)
