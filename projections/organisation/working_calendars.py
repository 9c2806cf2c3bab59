"""Working calendars as they are now: one row each, with the hours and what they come from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.time.working_hours import Hours, OwnDays, Week
from projections.kernel.belonging import Belongs, Stays
from projections.kernel.columns import COARSE, Day, Json, Text, holds, one_of
from projections.kernel.ownership import Scope
from projections.kernel.payload_values import day
from projections.kernel.read_model import ReadModel, Row

working_calendars = ReadModel(
    "working_calendars",
    "working-calendar",
    sa.Column("code", Text, nullable=False, default=""),
    sa.Column("name", Text, nullable=False, default=""),
    sa.Column("unit", Text, nullable=False, default=""),
    sa.Column(
        *("zone", Text),
        nullable=False,
        default="",
        info={"form": ("[A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+)+|UTC", "Asia/Shanghai")},
    ),
    sa.Column(
        *("state", Text),
        nullable=False,
        default="open",
        info=COARSE | one_of("open", "retired"),
    ),
    sa.Column("successor", Text),
    sa.Column("hours", Json, nullable=False, default={}, info=holds(dict[str, Any])),
    sa.Column("sources", Json, nullable=False, default={}, info=holds(dict[str, str])),
    sa.Column("opened_on", Day),
    sa.Column("retired_on", Day),
    order="code",
    indexes=[["code"], ["unit", "code"]],
    search=["name"],
    scope=Scope(public=True),
    belongs=Belongs(
        ended=("retired",),
        stays={"unit": Stays("A unit that has ended counts as its successor.")},
    ),
)
"""`state` is open or retired; `hours` are the weeks by their first days, the days off, the extra
days and the announced years; `sources` what ordered each year and each day that was amended."""

working_calendars.dates("opened_on", "working-calendar.opened")
working_calendars.dates("retired_on", "working-calendar.retired")
working_calendars.becomes("state", {"working-calendar.retired": "retired"})


def hours_of(row: Row) -> Hours:
    """Return the hours of a calendar, which its row has as plain JSON values."""
    return Hours.model_validate(row["hours"], strict=False)


@working_calendars.on("working-calendar.opened")
def _opened(row: Row, event: Recorded) -> Row:
    data = event.data
    hours = Hours.by(data["zone"], Week.model_validate(data["week"], strict=False))
    return {**working_calendars.stated(event), "hours": _plain(hours)}


@working_calendars.on("working-calendar.week-set")
def _week_set(row: Row, event: Recorded) -> Row:
    first, week = day(event.data["since"]), Week.model_validate(event.data["week"], strict=False)
    assert first is not None
    return {"hours": _plain(hours_of(row).with_week(first, week))}


@working_calendars.on("working-calendar.year-announced")
def _year_announced(row: Row, event: Recorded) -> Row:
    year, days = event.data["year"], {name: event.data[name] for name in ("off", "extra")}
    own = OwnDays.model_validate(days, strict=False)
    return {
        "hours": _plain(hours_of(row).with_year(year, own)),
        "sources": {**row["sources"], str(year): event.data["source"]},
    }


@working_calendars.on("working-calendar.day-amended")
def _day_amended(row: Row, event: Recorded) -> Row:
    amended = {name: event.data[name] for name in ("day", "like", "hours")}
    own = OwnDays.model_validate({"extra": [amended]}, strict=False)
    return {
        "hours": _plain(hours_of(row).with_days(own.manners())),
        "sources": {**row["sources"], amended["day"]: event.data["source"]},
    }


def _plain(hours: Hours) -> dict[str, Any]:
    return hours.model_dump(mode="json")
