"""Health: is the server alive, is it ready, and its numbers; the book of problems."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import PlainTextResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool

from api.document.answers import answer
from api.document.operation_answers import Alive, ProblemBook, ProblemMeaning, Readiness
from api.kernel import problems
from api.kernel.peers import put_together
from api.kernel.problems import NotFound
from api.kernel.reading.read_parameters import TheParts, json_response
from api.server.alarms import alarms, astray, disk_free

router = APIRouter(tags=["health"])

SENT = ("authorization", "on-behalf-of")
"""Headers by which the others are asked for their numbers as whoever asks us."""


@router.get("/livez", operation_id="livez", responses=answer("It is.", Alive))
async def livez() -> Response:
    """Tell that the server answers at all."""
    return json_response({"status": "alive"})


@router.get(
    "/readyz",
    operation_id="readyz",
    responses=answer("It is ready.", Readiness)
    | {503: {"description": "It is not.", "model": Readiness}},
)
def readyz(parts: TheParts) -> Response:
    """Tell whether the server does its work: how far each part has come, and what is in its way.

    503 until lists and reports have all that was recorded before this process started
    (`began_at`), and when a part is down, far behind, or the disk is nearly full.
    """
    status = parts.status()
    status["disk_free_bytes"] = disk_free(parts)
    faults = astray(status) + list(alarms(status, status["disk_free_bytes"]).values())
    content: dict[str, Any] = {"status": "not ready" if faults else "ready", **status}
    content["faults"] = faults
    for process in content["processes"]:
        del process["pid"]  # for those at the machine alone
    # Which records they are of is told by GET /parked, to those who may see them.
    content["parked"] = [{"model": each["model"]} for each in status["parked"]]
    answer = json_response(content)
    answer.status_code = 503 if faults else 200
    return answer


@router.get("/metrics", operation_id="metrics", response_class=PlainTextResponse)
async def metrics(
    request: Request,
    parts: TheParts,
    accept: Annotated[str, Header()] = "",
    alone: Annotated[bool, Query(include_in_schema=False)] = False,
) -> Response:
    """Show the numbers of the server in the form that Prometheus reads.

    Where several processes answer at one address, those of each, by the label `process`.
    """
    peers = parts.peers
    form = accept if alone or peers is None else ""
    text, media_type = await run_in_threadpool(parts.metrics.exposition, form)
    if peers is not None and not alone:
        assert parts.elsewhere is not None
        asked = {name: request.headers[name] for name in SENT if name in request.headers}
        told = await peers.ask(parts.elsewhere, "/metrics", asked)
        told[peers.name] = text.decode()
        text, media_type = put_together(dict(sorted(told.items())), accept)
    return Response(text, media_type=media_type)


@router.get("/problems", operation_id="problems", responses=answer("Each.", ProblemBook))
async def book() -> Response:
    """List every problem that can be answered, with the business rules among them."""
    return json_response({"items": list(problems.book().values())})


@router.get(
    "/problems/{name}",
    operation_id="problem.read",
    responses=answer("What it means.", ProblemMeaning),
)
async def page(name: str) -> Response:
    """Explain one problem: its `type` leads here."""
    try:
        return json_response(problems.book()[name])
    except KeyError:
        raise NotFound(f"There is no problem {name!r}.") from None


@router.get("/", include_in_schema=False)
async def root() -> Response:
    """Lead a person to the documentation."""
    return RedirectResponse("/docs")
