"""What was attained of a service agreement over HTTP, clause by clause."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.warehouse.warehouse import Warehouse
from api.document.answers import answer
from api.document.service_answers import AgreementAttainment
from api.kernel.access.visibility import See
from api.kernel.reading import as_of_reads as past
from api.kernel.reading.as_of import AtMoment, reckoned_at
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import (
    MinPosition,
    TheParts,
    checked,
    json_response,
    reach,
)
from api.kernel.reading.record_then import record_then
from domain.service.agreements.periods import PeriodName
from projections.kernel.lists.point_in_time import Then
from projections.kernel.read_model import Row
from projections.kernel.visibility.visibility import Sight, Sights
from projections.service.agreements.attained import COUNTED, attained
from projections.service.agreements.service_agreements import service_agreements

router = APIRouter(tags=["service-agreements"])

_PERIOD = (
    "a month (`2026-02`), a quarter (`2026-Q1`) or a year (`2026`): the clauses that are counted "
    "by it; by default each clause in its period of the moment asked about"
)


@router.get(
    "/service-agreements/{id}/attainment",
    operation_id="service-agreement.attainment",
    responses=answer("What was attained.", AgreementAttainment),
)
async def attainment(
    id: str,
    request: Request,
    parts: TheParts,
    see: See,
    when: AtMoment,
    min_position: MinPosition,
    period: Annotated[PeriodName | None, Query(description=_PERIOD)] = None,
) -> Response:
    """Tell what was attained of an agreement, clause by clause, and what a miss earns.

    A case counts in the period in which it is finally due; time of a circuit is lost once, however
    many outages there were at the time. A version counts the days on which it was in force. What
    was agreed to leave out by then does not count, and is named with its reason.
    """
    if parts.warehouse is None:
        return await forward(parts, request)
    row, then = await record_then(
        parts, see, service_agreements, id, when, parts.loaded, min_position
    )
    await reach(parts.loaded, then.position)
    at = (await run_in_threadpool(reckoned_at, parts, when)).replace(microsecond=0)
    sights = {each.name: see.of(each) for each in COUNTED}
    with checked():
        told = await see.ask(_attained, parts.warehouse, then, row, at, sights, period)
    return json_response({**told, "position": then.position}, {"Position": str(then.position)})


def _attained(
    warehouse: Warehouse,
    then: past.Then,
    row: Row,
    at: datetime,
    sights: Mapping[str, Sight | Sights],
    period: str | None,
) -> dict[str, Any]:
    with warehouse.reader() as cursor:
        return attained(Then(cursor, *then), row, at, sights, period)
