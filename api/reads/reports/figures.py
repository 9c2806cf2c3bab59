"""Reports over HTTP: measures by any dimensions, as JSON or files, as of now or the past."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request, Response

from api.commands.operation_entries import says_nothing_of_anybody
from api.document import report_answers as told
from api.document.answers import answer
from api.kernel.access.visibility import See, both
from api.kernel.reading.as_of import AtMoment
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import (
    MinPosition,
    TheParts,
    checked,
    invalid,
    json_response,
    reach,
)
from api.reads.export_routes import add_export
from api.reads.reports.answered import explained, formatted
from api.reads.reports.asked import (
    PERMISSION,
    By,
    Compare,
    Fill,
    Format,
    From,
    Measures,
    Organised,
    To,
    ToDate,
    Top,
    attributes_in,
    compared_with,
    filters_in,
    names_in,
    parameters_of,
    standpoint,
)
from api.reads.spreadsheets import For, check_for
from domain.kernel.time.business_day import today
from projections.kernel.reports.comparing import Comparing, ask_of
from projections.kernel.reports.dimensions import UNSEEN
from projections.kernel.reports.metrics import described
from projections.kernel.reports.metrics import dimensions as metric_dimensions
from projections.kernel.reports.report import Report, reports
from projections.kernel.reports.result import Result
from projections.kernel.reports.stretches import Question

router = APIRouter(tags=["reports"])


@router.get("/reports", operation_id="reports", responses=answer("Each report.", told.Reports))
@says_nothing_of_anybody
async def names(see: See) -> Response:
    """List the reports with their dimensions and measures, each defined in words."""
    see.need(PERMISSION)
    return json_response({"items": [each.describe() for each in reports().values()]})


@router.get("/measures", operation_id="measures", responses=answer("Each measure.", told.Measures))
@says_nothing_of_anybody
async def measures(see: See) -> Response:
    """List the measures of all reports, by the names by which `GET /statistics` knows them.

    Those of several reports are ratios of their measures: they are asked for there only.
    """
    see.need(PERMISSION)
    return json_response({"items": described()})


@router.get(
    "/dimensions", operation_id="dimensions", responses=answer("Each dimension.", told.Dimensions)
)
@says_nothing_of_anybody
async def dimensions(see: See) -> Response:
    """List the dimensions of all reports: what is the same in several of them, once."""
    see.need(PERMISSION)
    return json_response({"items": metric_dimensions()})


def answering(report: Report) -> Callable[..., Any]:
    """Return what answers with the figures of a report."""

    async def read(
        request: Request,
        parts: TheParts,
        see: See,
        when: AtMoment,
        min_position: MinPosition,
        by: By = None,
        measures: Measures = None,
        from_: From = None,
        to: To = None,
        format: Format = "json",
        for_: For = None,
        organised: Organised = "then",
        compare: Compare = None,
        to_date: ToDate = False,
        fill: Fill = False,
        top: Top = None,
    ) -> Response:
        check_for(for_, format)
        if top is not None and (compare or to_date or fill):
            raise invalid(
                "top", "The top are compared with nothing, and there are no gaps to fill."
            )
        sight = see.need(PERMISSION)
        if format != "json":
            sight = both(sight, see.need("export.read"))
        where = filters_in(request, report, see)
        attributes = attributes_in(request, report)
        if parts.warehouse is None:
            return await forward(parts, request)
        await reach(parts.loaded, max(min_position, when.position or 0))
        warehouse = parts.warehouse

        def figures() -> Result:
            here = standpoint(parts, see, sight, when, organised, attributes)
            day = when.valid_at or here.day or today()
            names, known = compared_with(parts, compare)
            comparing = Comparing(report, names, known, to_date, fill, day)
            question = Question(names_in(by), where, from_, to, when.position)
            with warehouse.reader() as cursor:
                ask = ask_of(cursor, report, here, top)
                if top is not None:
                    return ask(question, names_in(measures))
                return comparing.run(ask, question, names_in(measures))

        with checked():
            found = await see.ask(figures)
        return formatted(found, explained(request, report, found), report.name, format, for_)

    return read


_DEFAULT = (
    "They end with `to`, by default the day that is asked about (`valid_at`, `as_of`, today), and "
    "begin with `from`, by default with the year of that. "
)


def _description(report: Report) -> str:
    lines = [f"Periods go by {report.period}. {_DEFAULT * report.spanning}Measures:"]
    lines += [f"- `{each.name}`: {each.definition}" for each in report.measures]
    lines += ["", "Dimensions:"]
    lines += [
        f"- `{each.name}`: {each.full}" + f", with its `{each.name}_name`" * bool(each.of)
        for each in report.angles()
    ]
    lines += ["", f"`{UNSEEN}` stands for what is known, though you may not see it."]
    return "\n".join(lines)


for each in reports().values():
    read, asked = answering(each), list(parameters_of(each))
    router.add_api_route(
        f"/reports/{each.name}",
        read,
        summary=each.title,
        description=_description(each),
        operation_id=f"reports.{each.name}",
        openapi_extra={"parameters": asked},
        response_class=Response,
        responses=answer("The figures.", told.Figures),
    )
    add_export(
        router,
        f"/reports/{each.name}",
        read,
        f"reports.{each.name}.export",
        f"{each.title}, as a file",
        asked,
    )
