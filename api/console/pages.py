"""Pages: any list and any record, of now or as of any day."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, Response

from api.console.asking import Query
from api.console.at_a_glance.customer import glance
from api.console.forms import commands, opening
from api.console.sheets import Sheet, moment
from api.console.view import HOME, MOMENT, View, model_of, page_at
from domain.kernel.aggregate import discover
from projections.kernel.listed import Listed
from projections.kernel.read_model import Row

router = APIRouter(include_in_schema=False)

ROWS = 50
HISTORY = 30


@page_at(router, f"{HOME}/{{plural}}")
async def list_(view: View) -> Response:
    """Show a list: filtered, sorted, searched, as the address says."""
    model = model_of(view)
    sheet, given = Sheet.of(model, view.words), view.request.query_params
    wanted = ",".join(given.getlist("fields"))
    names = sheet.chosen(wanted)
    own = {*MOMENT, "fields", "cursor"}  # of all else the API says what it does not know
    kept = [(name, value) for name, value in given.multi_items() if name not in own and value]
    limit = [] if given.get("limit") else [("limit", f"{ROWS}")]
    asked = [*sheet.asked(names), *kept, *limit]
    cursor = [("cursor", given["cursor"])] if given.get("cursor") else []
    found = await view.get(f"/{model.plural}", [*asked, *cursor])
    chosen = [("fields", wanted)] if wanted else []
    here = f"{HOME}/{model.plural}"
    following = [*kept, *chosen, ("cursor", found["next"] or "")]
    return await view.show(
        "list.html",
        title=sheet.title,
        live=model.kind if model.kind in discover().aggregates else "",
        sheet=sheet,
        columns=[sheet.column(name) for name in names],
        others=[sheet.column(name) for name in sheet.names],
        items=found["items"],
        opening=not view.moment and opening(model, await view.held()),
        next=view.link(here, following) if found["next"] else None,
        first=view.link(here, [*kept, *chosen]) if cursor else None,
        given=dict([*kept, *chosen]),
        sorts={name: view.link(here, _turned(name, kept, chosen)) for name in names},
    )


def _turned(name: str, kept: Query, chosen: Query) -> list[tuple[str, str]]:
    """Return what is asked to sort by a column: the other way round if it is sorted so."""
    turned = f"-{name}" if ("sort", name) in kept else name
    return [*(each for each in kept if each[0] != "sort"), *chosen, ("sort", turned)]


@page_at(router, f"{HOME}/{{plural}}/{{id}}")
async def record(view: View) -> Response:
    """Show a record: its fields, its parts, its history in sentences, with before and after."""
    model, id_ = model_of(view), view.request.path_params["id"]
    sheet = Sheet.of(model, view.words)
    asked = [*sheet.called(), *_seen(view)]
    row = await view.get(f"/{model.plural}/{id_}", asked)
    later = await _changed(view, f"/{model.plural}/{id_}", sheet, row) if view.moment else {}
    query = [("sort", "-position"), ("limit", str(HISTORY))]
    if cursor := view.request.query_params.get("cursor"):
        query.append(("cursor", cursor))
    known = [each for each in view.moment if each[0] != "valid_at"]
    path = f"/{model.plural}/{id_}/history"
    told = await view.get_if_seen(path, [*query, *known], now=True)
    history = told or {"items": [], "next": None}  # summaries have none
    if day := dict(view.moment).get("valid_at"):  # the API tells all that was known
        history["items"] = [it for it in history["items"] if _day(it) <= day]
    parts = [(sheet.column(name), sheet.nested(row, name)) for name in sheet.names]
    nested = [(column, each) for column, each in parts if each is not None]
    apart = {column.name for column, _ in nested}
    here = f"{HOME}/{model.plural}/{id_}"
    plain = [name for name in sheet.names if name not in apart]
    return await view.show(
        "record.html",
        title=str(row.get(sheet.heading) or id_),
        merged="merged" in view.request.query_params,
        sheet=sheet,
        row=row,
        columns=[sheet.column(name) for name in plain if name not in sheet.technical],
        technical=[sheet.column(name) for name in plain if name in sheet.technical],
        glance=await glance(view, id_) if model.kind == "customer" else None,
        since=await _since(view, path) if view.moment else [],
        known=view.position,
        nested=nested,
        history=history["items"],
        older=view.link(here, [("cursor", history["next"])]) if history["next"] else None,
        at=moment,
        plain=partial(_field, view, model),
        later=later,
        commands=[] if view.moment else commands(view, model, await view.held(), row),
    )


async def _changed(view: View, path: str, sheet: Sheet, row: Row) -> dict[str, str]:
    """Return what fields of a record of the past are now, where that is something else."""
    now = await view.get_if_seen(path, sheet.called(), now=True)
    if now is None:
        return {}
    names = [name for name in sheet.names if name not in sheet.technical]
    changed = [name for name in names if now.get(name) != row.get(name)]
    return {name: sheet.cell(now, name).text or "—" for name in changed}


def _seen(view: View) -> list[tuple[str, str]]:
    """Return that an answer has to have what was just done."""
    position = view.request.query_params.get("min_position")
    return [("min_position", position)] if position and not view.moment else []


async def _since(view: View, path: str) -> list[Mapping[str, Any]]:
    """Return the newest events that were not known, or not true, at the moment of a page."""
    asked = [("sort", "-position"), ("limit", f"{HISTORY}")]
    told = await view.get_if_seen(path, asked, now=True)
    moment_, known = dict(view.moment), view.position or 0
    day = moment_.pop("valid_at", "")
    return [
        it
        for it in (told or {"items": ()})["items"]
        if (moment_ and it["position"] > known) or (day and _day(it) > day)
    ]


def _day(happened: Mapping[str, Any]) -> str:
    """Return the day from which an event is true."""
    return str(happened["effective"] or moment(happened["time"])[:10])


def _field(view: View, model: Listed, path: str) -> str:
    """Return what a field that changed is called; that of a part without the part's id."""
    names = [each for each in path.split("/") if "-" not in each]
    return " ".join(view.words.field(model, each) for each in names)
