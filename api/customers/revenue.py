"""Revenue of a customer over HTTP: the report on revenue, asked of that customer alone."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from api.document import report_answers as told
from api.document.answers import answer
from api.kernel.access.visibility import See
from api.kernel.reading.as_of import AtMoment
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import MinPosition, TheParts
from api.kernel.reading.record_then import record_then
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
    if parts.warehouse is None:
        return await forward(parts, request)
    await record_then(parts, see, customers, id, when, parts.loaded, min_position)
    query = urlencode([*request.query_params.multi_items(), (OF, id)])
    asked = Request({**request.scope, "query_string": query.encode()}, request.receive)
    figures = (by, measures, from_, to, format, for_)
    found: Response = await _read(asked, parts, see, when, min_position, *figures)
    return found
