"""Reports over HTTP: measures by any dimensions, as JSON, CSV or Parquet, as of now or the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Literal

import pyarrow as pa
from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.forwarding import forward
from api.noted import says_nothing_of_anybody
from api.reading import MinPosition, TheParts, checked, json_response, known_only, reach
from api.seeing import See, both
from api.when import AtMoment
from projections.figures import Result
from projections.reports import Report, reports, run
from projections.standpoint import Standpoint, places

router = APIRouter(tags=["reports"], dependencies=[Depends(known_only)])

Format = Literal["json", "csv", "parquet"]

By = Annotated[
    str | None,
    Query(max_length=200, description="dimensions with commas between; none: the total"),
]
Measures = Annotated[
    str | None, Query(max_length=500, description="measures with commas between; else all")
]
Organised = Annotated[
    Literal["then", "now"],
    Query(description="`now` counts what belonged to a unit that has ended to its successor"),
]
PERMISSION = "report.read"

Day = Annotated[date | None, Query(description="a day, YYYY-MM-DD")]


@router.get("/reports", operation_id="reports")
@says_nothing_of_anybody
async def names(see: See) -> Response:
    """List the reports with their dimensions and measures, each defined in words."""
    see.need(PERMISSION)
    return json_response({"items": [each.describe() for each in reports().values()]})


def _report(report: Report) -> Callable[..., Any]:
    known = {parameter["name"] for parameter in _parameters(report)}

    async def answer(
        request: Request,
        parts: TheParts,
        see: See,
        when: AtMoment,
        by: By = None,
        measures: Measures = None,
        from_: Annotated[Day, Query(alias="from", description="first day of the period")] = None,
        to: Annotated[Day, Query(description="last day of the period")] = None,
        format: Format = "json",
        organised: Organised = "then",
        min_position: MinPosition = 0,
    ) -> Response:
        sight = see.need(PERMISSION)
        if format != "json":
            sight = both(sight, see.need("export.read"))
        if parts.warehouse is None:
            return await forward(parts, request)
        await reach(parts.loaded, max(min_position, when.position or 0))
        where: dict[str, list[str]] = {}
        for name, value in request.query_params.multi_items():
            if name in known:
                where.setdefault(name, []).extend(value.split(","))
        warehouse, today = parts.warehouse, organised == "now"

        position = when.position

        def under(unit: str) -> frozenset[str] | None:
            return see.under(unit, position)

        def where_units_count() -> pa.Table:
            now = today or position is None
            access = parts.guard.now() if now else parts.guard.at(position or 0)
            units = access.shelves["units"].rows.values()
            return places(units, access.organisation, now=today)

        def figures() -> Result:
            with warehouse.reader() as cursor:
                return run(
                    cursor,
                    report.name,
                    _split(by),
                    where,
                    from_,
                    to,
                    position,
                    _split(measures),
                    Standpoint(sight, under, where_units_count, today, when.valid_at),
                )

        with checked():
            found = await run_in_threadpool(figures)
        return _formatted(report, found, format)

    return answer


def _split(text: str | None) -> list[str]:
    return text.split(",") if text else []


def _formatted(report: Report, found: Result, format: Format) -> Response:
    headers = {"Position": str(found.position)}
    if format == "json":
        content = {"columns": found.columns, "rows": found.rows(), "position": found.position}
        if found.masked:
            content["masked"] = found.masked
        return json_response(content, headers)
    headers["Content-Disposition"] = f'attachment; filename="{report.name}.{format}"'
    if format == "csv":
        return Response(found.csv(), media_type="text/csv", headers=headers)
    media_type = "application/vnd.apache.parquet"
    return Response(found.parquet(), media_type=media_type, headers=headers)


def _parameters(report: Report) -> Iterator[Mapping[str, Any]]:
    for dimension in report.angles():
        yield {
            "name": dimension.name,
            "in": "query",
            "description": f"{dimension.title}: one of these values, with commas between",
            "schema": {"type": "string"},
        }
        if dimension.tree:
            yield {
                "name": f"{dimension.name}_under",
                "in": "query",
                "description": f"{dimension.title}: this one and all below it",
                "schema": {"type": "string"},
            }


def _description(report: Report) -> str:
    lines = [f"Periods go by {report.period}. Measures:"]
    lines += [f"- `{each.name}`: {each.definition}" for each in report.measures]
    lines += ["", "Dimensions:"]
    lines += [f"- `{each.name}`: {each.title}" for each in report.angles()]
    return "\n".join(lines)


_FIGURES = {
    "type": "object",
    "required": ["columns", "rows", "position"],
    "properties": {
        "columns": {"type": "array", "items": {"type": "string"}},
        "rows": {"type": "array", "items": {"type": "object"}},
        "position": {"type": "integer", "description": "the figures are true as of here"},
        "masked": {
            "type": "array",
            "items": {"type": "string"},
            "description": "measures of these classes were left out, as you may not see them",
        },
    },
}

for each in reports().values():
    router.add_api_route(
        f"/reports/{each.name}",
        _report(each),
        summary=each.title,
        description=_description(each),
        operation_id=f"reports.{each.name}",
        openapi_extra={"parameters": list(_parameters(each))},
        response_class=Response,
        responses={
            200: {
                "description": "The figures.",
                "content": {
                    "application/json": {"schema": _FIGURES},
                    "text/csv": {"schema": {"type": "string"}},
                    "application/vnd.apache.parquet": {"schema": {"type": "string"}},
                },
            }
        },
    )
