"""Revenue of a customer over HTTP: the report on revenue, asked of that customer alone."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from adapters.refusals import UnknownId
from api.document import report_answers as told
from api.document.answers import answer
from api.kernel.access.visibility import See
from api.kernel.reading import as_of_reads as past
from api.kernel.reading.as_of import AtMoment
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import MinPosition, TheParts, reach
from api.reads.reports.asked import By, Format, From, Measures, To
from api.reads.reports.figures import answering
from api.reads.spreadsheets import For
from projections.customers.customers import customers
from projections.kernel.reports.report import reports

router = APIRouter(tags=["customers"])

OF = "customer"

_read = answering(reports()["revenue"])


@router.get(
    "/customers/{id}/revenue",
    operation_id="customer.revenue",
    response_class=Response,
    responses=answer("The figures.", told.Figures),
)
async def revenue(
    id: str,
    request: Request,
    parts: TheParts,
    see: See,
    when: AtMoment,
    min_position: MinPosition,
    by: By = "product,month",
    measures: Measures = "billed",
    from_: From = None,
    to: To = None,
    format: Format = "json",
    for_: For = None,
) -> Response:
    """Tell what a customer was billed, by product and month unless asked otherwise."""
    sight = see.need(f"{customers.aggregate}.read")
    if parts.warehouse is None:
        return await forward(parts, request)
    then = await run_in_threadpool(past.pinned, parts, when)
    await reach(parts.loaded, max(then.position, min_position))
    if await see.ask(past.row_then, parts, customers, id, then, sight) is None:
        raise UnknownId(f"There is no customer {id!r}.")
    query = urlencode([*request.query_params.multi_items(), (OF, id)])
    asked = Request({**request.scope, "query_string": query.encode()}, request.receive)
    figures = (by, measures, from_, to, format, for_)
    found: Response = await _read(asked, parts, see, when, min_position, *figures)
    return found
