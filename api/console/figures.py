"""Figures: any report by its dimensions, each figure down to its records and their events."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Response

from api.console.sheets import Cell
from api.console.view import HOME, MOMENT, View, page_at
from api.kernel.problems import NotFound

router = APIRouter(include_in_schema=False)

ROWS = 500


class Told(NamedTuple):
    """A report's table: its columns, which of them are measures, and the greatest of the first."""

    columns: list[str]
    measures: list[str]
    rows: list[dict[str, Any]]
    greatest: float


@page_at(router, f"{HOME}/reports")
async def reports(view: View) -> Response:
    """Show which reports there are."""
    found = await view.get("/reports", now=True)
    return await view.show("reports.html", title=view.words("reports"), reports=found["items"])


@page_at(router, f"{HOME}/reports/{{name}}")
async def report(view: View) -> Response:
    """Show a report: measures by dimensions, from one day to another, narrowed by any of them."""
    of, given = await _report(view), view.request.query_params
    own = {*MOMENT, "by", "measures"}  # of all else the API says what it does not know
    asked = [(name, value) for name, value in given.multi_items() if name not in own and value]
    several = {name: ",".join(filter(None, given.getlist(name))) for name in ("by", "measures")}
    asked += [(n, ",".join(dict.fromkeys(text.split(",")))) for n, text in several.items() if text]
    path = f"/reports/{of['name']}"
    found = await view.get(path, asked)
    measures = [each["name"] for each in of["measures"] if each["name"] in found["columns"]]
    return await view.show(
        "report.html",
        title=of["title"],
        report=of,
        given=dict(asked),
        told=_told(found, measures),
        total=len(found["rows"]),
        titles={each["name"]: each["title"] for each in (*of["dimensions"], *of["measures"])},
        figure=_figure,
        inside=partial(_inside, view),
    )


@page_at(router, f"{HOME}/reports/{{name}}/records")
async def records(view: View) -> Response:
    """Show the records that a figure is made of, with what each contributes."""
    of, given = await _report(view), view.request.query_params
    asked = [each for each in given.multi_items() if each[0] not in MOMENT]
    found = await view.get(f"/reports/{of['name']}/records", asked)
    names = list(dict.fromkeys(n for each in found["items"] for n in each["contributions"]))
    following = [*(each for each in asked if each[0] != "cursor"), ("cursor", found["next"] or "")]
    here = view.request.url.path
    return await view.show(
        "behind.html",
        title=of["title"],
        found=found,
        names=names,
        titles={each["name"]: each["title"] for each in of["measures"]},
        figure=_figure,
        inside=partial(_inside, view),
        next=view.link(here, following) if found["next"] else None,
    )


async def _report(view: View) -> dict[str, Any]:
    name = view.request.path_params["name"]
    found: Iterable[dict[str, Any]] = (await view.get("/reports", now=True))["items"]
    for each in found:
        if each["name"] == name:
            return each
    raise NotFound(f"There is no report {name!r}.")


def _told(found: dict[str, Any], measures: list[str]) -> Told:
    rows = found["rows"][:ROWS]
    shown = [name for name in found["columns"] if f"{name}_name" not in found["columns"]]
    sizes = [float(row[measures[0]] or 0) for row in rows] if measures else []
    return Told(shown, measures, rows, max(sizes, default=0.0))


def _figure(value: Any) -> Cell:
    """Return a figure as it reads: amounts with their thousands apart."""
    if value is None:
        return Cell("")
    if isinstance(value, dict):
        return Cell(" / ".join(f"{each}" for each in value.values()))
    if isinstance(value, str):
        return Cell(f"{Decimal(value):,.2f}")
    return Cell(f"{value:,}")


def _inside(view: View, link: str) -> str:
    """Return the page of what a link of the API leads to; from one of today it is of today, too."""
    path, query = urlsplit(link)[2:4]
    kept = [each for each in parse_qsl(query) if view.moment or each[0] != "as_of_position"]
    return f"{HOME}{path}?{urlencode(kept)}"
