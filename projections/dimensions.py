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


@dataclass(frozen=True, slots=True)
class Dimension:
    """An angle to look from: what rows are grouped by and filtered on.

    `sql` speaks of the columns of the report's source as `base.<column>`; `join` names the join,
    and `grain` the finer source, that it needs; `order` gives the values in their own order;
    `within` is, for a list, the SQL of the whole list, so that a filter counts no row twice;
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
        return replace(self, sql="coalesce(place.current, base.unit)", join="place", within="")
