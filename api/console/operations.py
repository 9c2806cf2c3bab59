"""Operations: is all well, what is under way, what is parked and mended, which heads are signed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs, quote, urlsplit

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from api.console.asking import ask
from api.console.session import form_of, require_own
from api.console.sheets import moment
from api.console.view import HOME, Refused, View, page_at
from api.kernel.problems import NotFound
from api.kernel.reading.read_parameters import invalid

router = APIRouter(include_in_schema=False)

LATEST = 30
FEW = 10

REPAIRS = ("retry", "skip")
"""What is done with a parked event."""


class Process(NamedTuple):
    """A process of the server: whether it works, and what it takes."""

    name: str
    up: bool
    restarts: int
    megabytes: float
    share: float
    """Of a processor, of 100, since it began."""


@page_at(router, f"{HOME}/operations")
async def operations(view: View) -> Response:
    """Show parts with their lag, processes, alarms, jobs, what is parked, heads and both logs.

    What whoever looks may not see is left out.
    """
    ready = (await ask(view.request, "/readyz")).content
    view.position = ready["position"]
    latest, few = [("limit", f"{LATEST}")], [("limit", f"{FEW}")]
    told: dict[str, Any] = {}
    for name, path, query in (
        ("parked", "/parked", []),
        ("imports", "/imports", few),
        ("jobs", "/system-log", [*few, ("event", "job.*")]),
        ("alarms", "/system-log", [*few, ("event", "alarm.*")]),
        ("heads", "/proofs/head", []),
        ("log", "/operations", [*latest, ("kind", "command")]),
        ("system", "/system-log", latest),
    ):
        told[name] = await view.get_if_seen(path, query, now=True)
    return await view.show(
        "operations.html",
        title=view.words("operations"),
        live="",
        every=True,
        ready=ready,
        processes=[_process(each) for each in ready["processes"]],
        repairs=REPAIRS if "parked.repair" in await view.held() else (),
        at=moment,
        about=_about,
        quoted=quote,
        **told,
    )


@page_at(router, f"{HOME}/operations/{{model}}/{{stream}}/{{repair}}", "POST")
async def repair(view: View) -> Response:
    """Try parked events of a record again, or pass over the first, with the reason of a form."""
    given, form = view.request.path_params, await form_of(view.request)
    require_own(view.request, form.get("mark", ""))
    if given["repair"] not in REPAIRS:
        raise NotFound(f"Nothing is mended by {given['repair']!r}.")
    reason = form.get("reason", "").strip()
    if not reason:
        raise invalid("reason", "Say why.")
    path = f"/parked/{given['model']}/{given['stream']}/{given['repair']}"
    found = await view.visitor.give(path, {}, {}, [("reason", reason)])
    if found.status >= 300:
        raise Refused(found)
    return RedirectResponse(f"{HOME}/operations#parked", 303)


def _process(told: Mapping[str, Any]) -> Process:
    share = 100 * told.get("cpu_seconds", 0.0) / max(told.get("seconds", 0.0), 0.1)
    memory = told.get("memory", 0) / 1e6
    return Process(told["name"], told["up"], told["restarts"], memory, share)


def _about(entry: Mapping[str, Any]) -> str:
    """Return what an entry of the operation log is about: its record, or else what was asked."""
    asked = entry["query"] or ""
    reason = parse_qs(urlsplit(asked).query).get("reason", [""])[0]
    return " · ".join(filter(None, (entry["target"] or asked, reason)))
