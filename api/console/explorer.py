"""The explorer: what a page asks of a report, with totals and the year before, as panels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any, NamedTuple

from api.console.panels import Panel, Part, crossed, cumulated, moved
from api.console.sheets import moment
from api.console.view import MOMENT, Refused, View
from api.kernel.problems import NotFound
from api.kernel.reading.read_parameters import invalid
from domain.kernel.time.business_day import today
from projections.kernel.reports.dimensions import PERIODS
from projections.kernel.reports.report import reports

LOOKS = ("table", "pivot", "bar", "line", "funnel", "pareto")
"""How figures are shown; the first, where nobody chose."""

COMPARED = ("", "year")

_TOP = "30"
"""How many rows a Pareto has where nobody says."""

_OWN = {*MOMENT, "look", "compare", "format"}
"""Parameters of the page; of all others the API says what it does not know."""

_PERIOD = ("from", "to")


class Period(NamedTuple):
    """What is asked of a period, what that is called, and how many years it lies back."""

    asked: Mapping[str, str]
    title: str = ""
    back: int = 0


class Explored(NamedTuple):
    """What was asked of the API, and what it answered; as panels too, where these are wanted."""

    asked: Mapping[str, str]
    found: dict[str, Any]
    measures: list[str]
    panels: list[Panel]


async def described(view: View) -> dict[str, Any]:
    """Return how the API describes the report that an address names. Raises `NotFound`."""
    name = view.request.path_params["name"]
    for each in await descriptions(view):
        if each["name"] == name:
            return each
    raise NotFound(f"There is no report {name!r}.")


async def descriptions(view: View) -> list[dict[str, Any]]:
    """Return how the API describes each report."""
    found: list[dict[str, Any]] = (await view.get("/reports", now=True))["items"]
    return found


def question(view: View) -> dict[str, str]:
    """Return what an address asks of a report: values that it has several of with commas between.

    An empty field of a form asks for nothing.
    """
    given = view.request.query_params
    joined = {name: ",".join(dict.fromkeys(filter(None, given.getlist(name)))) for name in given}
    return {name: text for name, text in joined.items() if text and name not in _OWN}


def chosen(view: View, name: str, choices: Sequence[str]) -> str:
    """Return what an address chooses, by default the first. Raises `InvalidParameter`."""
    value = view.request.query_params.get(name) or choices[0]
    if value not in choices:
        raise invalid(name, f"It is one of {', '.join(filter(None, choices)) or 'none'}.")
    return value


async def explored(
    view: View, report: Mapping[str, Any], asked: Mapping[str, str], look: str, compare: str = ""
) -> Explored:
    """Return what the API answers, with panels unless it is to be shown as it is.

    Args:
        view: Who looks, at which moment.
        report: As the API describes it.
        asked: The parameters of the report.
        look: One of `LOOKS`; a pivot has totals, which are asked for, a Pareto shares of these.
        compare: One of `COMPARED`: what stands beside it.
    """
    path = f"/reports/{report['name']}"
    if look == "pareto":
        _require_addends(report, asked, compare)
        asked = {"top": _TOP, **asked}
    periods = _two(view, asked) if compare else [Period(asked)]
    found = await view.get(path, periods[0].asked.items())
    measures = [each["name"] for each in report["measures"] if each["name"] in found["columns"]]
    if look == LOOKS[0] and not compare:
        return Explored(asked, found, measures, [])
    by = _names(asked, "by")
    parts = [Part(found["rows"], by, periods[0].title)]
    for names in _groups(by) if look == "pivot" else [by]:
        for period in periods:
            if (names, period) != (by, periods[0]):
                rows = await _rows(view, path, {**period.asked, "by": ",".join(names)}, names == by)
                parts.append(Part(rows, names, period.title, period.back))
    if look == "pareto":
        whole = await _rows(view, path, {**asked, "by": "", "top": ""}, needed=True)
        title = view.words("cumulated")
        panels = crossed(report, parts, measures, "", sort=False)
        panels = [cumulated(each, whole, title) for each in panels]
    else:
        panels = crossed(report, parts, measures, view.words("total"))
    return Explored(asked, found, measures, panels)


def _require_addends(report: Mapping[str, Any], asked: Mapping[str, str], compare: str) -> None:
    """Raise `InvalidParameter` unless the parts of what is asked for add up to the whole."""
    of = reports()[report["name"]]
    dimensions, measures = (_names(asked, name) for name in ("by", "measures"))
    whole = {"currency", *(PERIODS if of.spanning else ())}
    parts = [each.name for each in of.angles() if not each.grain and each.name not in whole]
    if compare or len(dimensions) != 1 or not {*dimensions} <= {*parts}:
        raise invalid("look", f"A Pareto is of one period, by one of {', '.join(parts)}.")
    addends = [each.name for each in of.measures if each.single]
    if not measures or not {*measures} <= {*addends}:
        raise invalid("measures", f"A Pareto is of what adds up: {', '.join(addends)}.")


def _names(asked: Mapping[str, str], parameter: str) -> list[str]:
    return list(dict.fromkeys(filter(None, asked.get(parameter, "").split(","))))


def _groups(by: list[str]) -> Iterator[list[str]]:
    """Yield the dimensions, and those that are left for totals of rows, of columns, of all."""
    seen = list[list[str]]()
    for names in (by, by[:1], by[1:], []):
        if names not in seen:
            seen.append(names)
            yield names


async def _rows(view: View, path: str, asked: Mapping[str, str], needed: bool) -> list[Any]:
    """Return the rows asked for; none of a total that there is not, as of several days' ends."""
    try:
        found = await view.get(path, [each for each in asked.items() if each[1]])
    except Refused as refused:
        if needed or refused.answered.status not in (400, 422):
            raise
        return []
    rows: list[Any] = found["rows"]
    return rows


def year_so_far(view: View) -> dict[str, str]:
    """Return the period from the first day of a year to the day of the page."""
    last = _asked_about(view)
    return {"from": f"{last.replace(month=1, day=1)}", "to": f"{last}"}


def _two(view: View, asked: Mapping[str, str]) -> list[Period]:
    """Return what is asked of a period, and the same of the year before."""
    given = {name: _day(asked[name]) for name in _PERIOD if name in asked}
    if None in given.values():  # which the API refuses in its words
        return [Period(asked)]
    last = given.get("to") or _asked_about(view)
    first = given.get("from") or last.replace(month=1, day=1)
    found = []
    for back in (0, 1):
        narrowed = {name: _earlier(name, value, back) for name, value in asked.items()}
        days = [f"{_before(day, back)}" for day in (first, last)]
        found.append(
            Period(narrowed | dict(zip(_PERIOD, days, strict=True)), " – ".join(days), back)
        )
    return found


def _day(text: str) -> date | None:
    """Return the day of a text, `None` where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _asked_about(view: View) -> date:
    """Return the day of the page: until then there are figures."""
    told = dict(view.moment)
    text = told.get("valid_at") or told.get("as_of") or ""
    with suppress(ValueError):
        return _day(text) or _day(moment(text)[:10]) or today()
    return today()


def _before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # the last of February
        return (day - timedelta(days=1)).replace(year=day.year - years)


def _earlier(name: str, value: str, years: int) -> str:
    """Return what a filter asks for some years earlier, if it asks for periods."""
    if name not in PERIODS:
        return value
    return ",".join(
        moved(each, -years) if each[:4].isdigit() else each for each in value.split(",")
    )
