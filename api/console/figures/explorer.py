"""The explorer: what a page asks of a report, with totals and shares, as panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any, NamedTuple

from api.console.figures.panels import Panel, Part, crossed, cumulated
from api.console.sheets import moment
from api.console.view import MOMENT, Refused, View
from api.kernel.problems import NotFound
from api.kernel.reading.read_parameters import invalid
from domain.kernel.chinese import chinese, enumerated
from domain.kernel.time.business_day import today
from projections.kernel.read_model import read_models
from projections.kernel.reports.dimensions import PERIODS
from projections.kernel.reports.report import reports

LOOKS = ("table", "pivot", "bar", "line", "funnel", "pareto")
"""How figures are shown; the first, where nobody chose."""

COMPARED = ("previous", "year-ago")
"""What figures are compared with by a choice; an address may say what they were known as, too."""

_TOP = "30"
"""How many rows a Pareto has where nobody says."""

_OWN = {*MOMENT, "look", "format"}
"""Parameters of the page; of all others the API says what it does not know."""


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
    """Return how the API describes each report, with titles in the language of the page."""
    found: list[dict[str, Any]] = (await view.get("/reports", now=True))["items"]
    return [_in_chinese(each) for each in found] if view.words.language == "zh" else found


def _in_chinese(of: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description with the titles in Chinese, and what its dimensions' values are called.

    These are of what the report counts, or of its customer.
    """
    kinds = read_models()[reports()[of["name"]].records].aggregate, "customer"

    def called(name: str, code: str) -> str:
        words = ((kind, enumerated(kind).get(name, {}).get(code, code)) for kind in kinds)
        spoken = (chinese(kind, word, "value") for kind, word in words)
        return next(filter(None, spoken), code)

    return {
        **of,
        "title": of["zh"],
        "measures": [{**each, "title": each["zh"]} for each in of["measures"]],
        "dimensions": [
            {
                **each,
                "title": each["zh"],
                "called": {code: called(each["name"], code) for code in each.get("values", ())},
            }
            for each in of["dimensions"]
        ],
    }


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
    view: View, report: Mapping[str, Any], asked: Mapping[str, str], look: str
) -> Explored:
    """Return what the API answers, with panels unless it is to be shown as it is.

    Args:
        view: Who looks, at which moment.
        report: As the API describes it.
        asked: The parameters of the report.
        look: One of `LOOKS`; a pivot has totals, which are asked for, a Pareto shares of these.
    """
    path = f"/reports/{report['name']}"
    if look == "pareto":
        _require_addends(report, asked)
        asked = {"top": _TOP, **asked}
    found = await view.get(path, asked.items())
    measures = [each["name"] for each in report["measures"] if each["name"] in found["columns"]]
    if look == LOOKS[0]:
        return Explored(asked, found, measures, [])
    by = _names(asked, "by")
    parts = [Part(found["rows"], by)]
    if look == "pivot":
        for names in _fewer(by):
            rows = await _totals(view, path, {**asked, "by": ",".join(names)})
            parts.append(Part(rows, names))
    sort, told = look != "pareto", view.words("total")
    panels = crossed(report, parts, measures, compared(view, asked), told, sort=sort)
    if look == "pareto":
        whole = await _totals(view, path, {**asked, "by": "", "top": ""})
        panels = [cumulated(each, whole, view.words("cumulated")) for each in panels]
    return Explored(asked, found, measures, panels)


def compared(view: View, asked: Mapping[str, str]) -> dict[str, str]:
    """Return what figures are compared with: how columns of these end, and what they are called."""
    names = [each.partition(":") for each in _names(asked, "compare")]
    return {
        name.replace("-", "_"): " ".join(filter(None, (view.words(name), moment)))
        for name, _, moment in names
    }


def _require_addends(report: Mapping[str, Any], asked: Mapping[str, str]) -> None:
    """Raise `InvalidParameter` unless the parts of what is asked for add up to the whole."""
    of = reports()[report["name"]]
    dimensions, measures = (_names(asked, name) for name in ("by", "measures"))
    whole = {"currency", *(PERIODS if of.spanning else ())}
    parts = [each.name for each in of.angles() if not each.grain and each.name not in whole]
    if "compare" in asked or len(dimensions) != 1 or not {*dimensions} <= {*parts}:
        raise invalid("look", f"A Pareto is of one period, by one of {', '.join(parts)}.")
    addends = [each.name for each in of.measures if each.single]
    if not measures or not {*measures} <= {*addends}:
        raise invalid("measures", f"A Pareto is of what adds up: {', '.join(addends)}.")


def _names(asked: Mapping[str, str], parameter: str) -> list[str]:
    return list(dict.fromkeys(filter(None, asked.get(parameter, "").split(","))))


def _fewer(by: list[str]) -> list[list[str]]:
    """Return the dimensions that are left for the totals of rows, of columns and of all."""
    found = list[list[str]]()
    for names in (by[:1], by[1:], []):
        if names not in (by, *found):
            found.append(names)
    return found


async def _totals(view: View, path: str, asked: Mapping[str, str]) -> list[Any]:
    """Return the rows asked for; none of a total that there is not, as of several days' ends."""
    try:
        found = await view.get(path, [each for each in asked.items() if each[1]])
    except Refused as refused:
        if refused.answered.status not in (400, 422):
            raise
        return []
    rows: list[Any] = found["rows"]
    return rows


def year_so_far(view: View) -> dict[str, str]:
    """Return the period from the first day of a year to the day of the page."""
    told = dict(view.moment)
    text = told.get("valid_at") or told.get("as_of") or ""
    last = today()
    with suppress(ValueError):  # the API refuses what is none, in its words
        last = date.fromisoformat(text if len(text) == 10 else moment(text)[:10])
    return {"from": f"{last.replace(month=1, day=1)}", "to": f"{last}"}
