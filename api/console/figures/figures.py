"""Figures: any report by its dimensions, each figure down to its records and their events."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Response

from api.console.figures.explorer import (
    COMPARED,
    LOOKS,
    chosen,
    compared,
    described,
    descriptions,
    explored,
    question,
)
from api.console.sheets import Cell
from api.console.view import HOME, MOMENT, Refused, View, page_at

router = APIRouter(include_in_schema=False)

ROWS = 500
"""Rows of a table, at most."""

COLUMNS = 50
"""Columns of a panel, at most."""

FILES = {"csv": [("for", "excel")], "xlsx": []}
"""As what a report may be fetched, and what is asked of the API beside that."""

_BESIDE = {"": "", "_change": " Δ", "_share": " Δ %"}
"""What the API tells of a comparison: the figure, the change, and that as a share of it."""


class Told(NamedTuple):
    """A report's table: its columns, which are measures and which numbers, the greatest figure."""

    columns: list[str]
    measures: list[str]
    numbers: list[str]
    rows: list[dict[str, Any]]
    greatest: float


@page_at(router, f"{HOME}/reports")
async def reports(view: View) -> Response:
    """Show which reports there are."""
    found = await descriptions(view)
    return await view.show("reports.html", title=view.words("reports"), reports=found)


@page_at(router, f"{HOME}/reports/{{name}}")
async def report(view: View) -> Response:
    """Show a report: any measures by any dimensions, narrowed and compared, as table or plot."""
    of, asked, look = await described(view), question(view), chosen(view, "look", LOOKS)
    chosen(view, "format", ("",))
    shown = await explored(view, of, asked, look)
    titles = {each["name"]: each["title"] for each in (*of["dimensions"], *of["measures"])}
    for name, title in compared(view, asked).items():
        for end, sign in _BESIDE.items():
            titles |= {f"{m}_{name}{end}": f"{titles[m]} · {title}{sign}" for m in shown.measures}
    return await view.show(
        "report.html",
        title=of["title"],
        report=of,
        given=shown.asked,
        look=look,
        comparisons=COMPARED,
        looks=LOOKS,
        most=(ROWS, COLUMNS),
        shown=shown,
        told=_told(of, shown.found, shown.measures),
        total=len(shown.found["rows"]),
        titles=titles,
        called={each["name"]: each.get("called", {}) for each in of["dimensions"]},
        figure=figure,
        inside=partial(inside, view),
        files=[*FILES] if "export.read" in await view.held() else [],
    )


@page_at(router, f"{HOME}/reports/{{name}}/export")
async def export(view: View) -> Response:
    """Return a report as a file, as the API exports it."""
    name, format = view.request.path_params["name"], chosen(view, "format", [*FILES])
    asked = [*question(view).items(), *view.moment, ("format", format), *FILES[format]]
    found = await view.visitor.ask(f"/reports/{name}/export", asked)
    if found.status >= 300:
        raise Refused(found)
    kept = {n: found.headers[n] for n in ("content-type", "content-disposition", "position")}
    return Response(found.content, headers=kept)


@page_at(router, f"{HOME}/reports/{{name}}/records")
async def records(view: View) -> Response:
    """Show the records that a figure is made of, with what each contributes."""
    of, given = await described(view), view.request.query_params
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
        figure=figure,
        inside=partial(inside, view),
        next=view.link(here, following) if found["next"] else None,
    )


def _told(of: Mapping[str, Any], found: dict[str, Any], measures: list[str]) -> Told:
    rows = found["rows"][:ROWS]
    shown = [name for name in found["columns"] if f"{name}_name" not in found["columns"]]
    angles = {f"{each['name']}{end}" for each in of["dimensions"] for end in ("", "_name")}
    sizes = [float(row[measures[0]] or 0) for row in rows] if measures else []
    numbers = [name for name in shown if name not in angles]
    return Told(shown, measures, numbers, rows, max(sizes, default=0.0))


def figure(value: Any) -> Cell:
    """Return a figure as it reads: amounts with their thousands apart."""
    if value is None:
        return Cell("")
    if isinstance(value, dict):
        return Cell(" / ".join(f"{each}" for each in value.values()))
    if isinstance(value, str):
        return Cell(f"{Decimal(value):,.2f}")
    return Cell(f"{value:,}")


def inside(view: View, link: str) -> str:
    """Return the page of what a link of the API leads to; from one of today it is of today, too."""
    path, query = urlsplit(link)[2:4]
    kept = [each for each in parse_qsl(query) if view.moment or each[0] != "as_of_position"]
    return f"{HOME}{path}?{urlencode(kept)}"
