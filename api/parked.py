"""Parked events: what the read models could not take, and its repair."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Response

from adapters.refusals import UnknownId
from api.parts import Parts
from api.reading import TheParts, json_response, known_only

router = APIRouter(tags=["operation"], dependencies=[Depends(known_only)])


@router.get("/parked")
def parked(parts: TheParts) -> Response:
    """List the events that were put aside, with the reason; those behind them wait too."""
    items = [
        {**each._mapping, "event": orjson.loads(each.event)} for each in parts.projector.parked()
    ]
    return json_response({"items": items})


@router.post("/parked/{model}/{stream}/retry")
def retry(parts: TheParts, model: str, stream: str) -> dict[str, Any]:
    """Apply the parked events of a record again."""
    _check(parts, model, stream)
    return {"parked": parts.projector.retry(model, stream)}


@router.post("/parked/{model}/{stream}/skip")
def skip(parts: TheParts, model: str, stream: str) -> dict[str, Any]:
    """Pass over the first parked event of a record, and apply those behind it."""
    _check(parts, model, stream)
    return {"parked": parts.projector.skip(model, stream)}


def _check(parts: Parts, model: str, stream: str) -> None:
    if not any((each.model, each.stream) == (model, stream) for each in parts.projector.parked()):
        raise UnknownId(f"{model} has no parked events of {stream!r}.")
