"""Reports over HTTP: measures by any dimensions, as JSON or files, as of now or the past."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response

from adapters.journal.history_queries import at
from api.commands.operation_entries import says_nothing_of_anybody
from api.document.answers import answer
from api.document.report_answers import Figures, Reports
from api.kernel.access.visibility import See, Seeing, both
from api.kernel.process import Parts
from api.kernel.reading.answer_headers import ASK_AGAIN
from api.kernel.reading.as_of import AtMoment, When
from api.kernel.reading.as_of_reads import units_then
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import (
    Day,
    MinPosition,
    TheParts,
    checked,
    json_response,
    reach,
)
from api.kernel.reading.told import tell
from api.reads.export_routes import add_export
from api.reads.meant import ME, coded
from api.reads.spreadsheets import XLSX, For, check_for, csv_head, csv_lines, workbook
from domain.kernel.time.business_day import recorded_day
from projections.kernel.read_model import read_models
from projections.kernel.reports.dimensions import UNSEEN, Dimension
from projections.kernel.reports.record_names import key_of
from projections.kernel.reports.report import Report, reports, run
from projections.kernel.reports.report_scope import Standpoint, places
from projections.kernel.reports.result import Result
from projections.kernel.visibility.visibility import Sight

router = APIRouter(tags=["reports"])

Format = Literal["json", "csv", "xlsx", "parquet"]

By = Annotated[
    str | None,
    Query(max_length=200, description="dimensions with commas between; none: the total"),
]
Measures = Annotated[
    str | None, Query(max_length=500, description="measures with commas between; else all")
]
From = Annotated[Day | None, Query(alias="from", description="first day of the period")]
To = Annotated[Day | None, Query(description="last day of the period")]
Organised = Annotated[
    Literal["then", "now"],
    Query(description="`now` counts what belonged to a unit that has ended to its successor"),
]
PERMISSION = "report.read"

_OF_THE_ANSWER = {"by", "as_of", "as_of_position", "format", "for", "min_position"}
"""Parameters that are not about which rows count."""

_PERIOD = ("from", "to")

_PERSONS = "employees"
"""The read model of those whom `me` may stand for."""


@router.get("/reports", operation_id="reports", responses=answer("Each report.", Reports))
@says_nothing_of_anybody
async def names(see: See) -> Response:
    """List the reports with their dimensions and measures, each defined in words."""
    see.need(PERMISSION)
    return json_response({"items": [each.describe() for each in reports().values()]})


def _report(report: Report) -> Callable[..., Any]:
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
    ) -> Response:
        check_for(for_, format)
        sight = see.need(PERMISSION)
        if format != "json":
            sight = both(sight, see.need("export.read"))
        where = filters_in(request, report, see)
        if parts.warehouse is None:
            return await forward(parts, request)
        await reach(parts.loaded, max(min_position, when.position or 0))
        warehouse = parts.warehouse

        def figures() -> Result:
            with warehouse.reader() as cursor:
                return run(
                    cursor,
                    report.name,
                    names_in(by),
                    where,
                    from_,
                    to,
                    when.position,
                    names_in(measures),
                    standpoint(parts, see, sight, when, organised),
                )

        with checked():
            found = await see.ask(figures)
        return _formatted(request, report, found, format, for_)

    return read


def names_in(text: str | None) -> list[str]:
    """Return the names in a text with commas between."""
    return text.split(",") if text else []


def filters_in(request: Request, report: Report, see: Seeing) -> dict[str, list[str]]:
    """Return the values that a request asks for, by the dimension of a report.

    Raises `InvalidParameter` for `me` of who is no employee.
    """
    known = {parameter["name"] for parameter in parameters_of(report)}
    persons = [each.name for each in report.angles() if each.of == _PERSONS]
    where: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name in known:
            where.setdefault(name, []).extend(_values(value))
    return where | {name: coded(see, name, where[name]) for name in persons if name in where}


def _values(text: str) -> Iterator[str]:
    """Yield the values in a text with commas between; one within a value has a backslash before."""
    value, letters = "", iter(text)
    for letter in letters:
        if letter == ",":
            yield value
            value = ""
        else:
            value += next(letters, letter) if letter == "\\" else letter
    yield value


def standpoint(
    parts: Parts, see: Seeing, sight: Sight, when: When, organised: Organised
) -> Standpoint:
    """Return from where a report is looked at: what is in sight, and where units count."""
    today, position = organised == "now", when.position

    def under(unit: str) -> frozenset[str] | None:
        return see.under(unit) if today else see.under(unit, position, when.valid_at)

    def where_units_count() -> pa.Table:
        at = (None, None) if today else (position, when.valid_at)
        return places(*units_then(parts, *at), now=today)

    day = when.valid_at or when.day
    if day is None and position is not None:
        day = next((recorded_day(each.time) for each in at(parts.journal, [position])), None)
    return Standpoint(sight, under, where_units_count, today, when.valid_at, day=day)


def _explained(request: Request, report: Report, found: Result) -> Iterator[dict[str, Any]]:
    """Yield the rows, each with the link to the records behind it as they were then."""
    angles = {each.name for each in report.angles()}
    grouped = [name for name in found.columns if name in angles]
    kept = [
        each
        for each in request.query_params.multi_items()
        if each[0] not in _OF_THE_ANSWER and each[0] not in grouped
    ]
    if found.period:
        kept = [each for each in kept if each[0] not in _PERIOD]
        kept += zip(_PERIOD, map(str, found.period), strict=True)
    for row in found.rows():
        values = [(name, _one_value(row[name])) for name in grouped]
        query = [*values, *kept, ("as_of_position", str(found.position))]
        yield {**row, "explain": f"/reports/{report.name}/records?{urlencode(query)}"}


def _one_value(value: str | None) -> str:
    return (value or "").replace("\\", "\\\\").replace(",", "\\,")


def _formatted(
    request: Request, report: Report, found: Result, format: Format, for_: For
) -> Response:
    headers = {"Position": str(found.position), "Cache-Control": ASK_AGAIN}
    if format == "json":
        rows = list(_explained(request, report, found))
        content = {"columns": found.columns, "rows": rows, "position": found.position}
        if found.period:
            content |= zip(_PERIOD, found.period, strict=True)
        if found.masked:
            content["masked"] = found.masked
        if found.narrowed:
            content["narrowed"] = found.narrowed
        return json_response(content, headers)
    tell(rows=found.table.num_rows)
    if found.narrowed:
        headers["Narrowed"] = ",".join(found.narrowed)
    headers["Content-Disposition"] = f'attachment; filename="{report.name}.{format}"'
    if format == "csv":
        text = csv_head(found.columns, for_) + csv_lines(found.values(), for_)
        return Response(text, media_type="text/csv", headers=headers)
    if format == "xlsx":
        return Response(workbook(found.columns, found.values()), media_type=XLSX, headers=headers)
    media_type = "application/vnd.apache.parquet"
    return Response(found.parquet(), media_type=media_type, headers=headers)


def parameters_of(report: Report) -> Iterator[Mapping[str, Any]]:
    """Yield the parameters that filter a report, as OpenAPI has them."""
    for dimension in report.angles():
        yield {
            "name": dimension.name,
            "in": "query",
            "description": f"{dimension.title}: {_which(dimension)}, with commas between; "
            "a comma within one has a backslash before it",
            "schema": {"type": "string"},
        }
        if dimension.tree:
            yield {
                "name": f"{dimension.name}_under",
                "in": "query",
                "description": f"{dimension.title}: one of these or below it, with commas between",
                "schema": {"type": "string"},
            }


def _which(dimension: Dimension) -> str:
    if dimension.of:
        me = f" or `{ME}`" * (dimension.of == _PERSONS)
        return f"one of these {key_of(read_models()[dimension.of])}s{me}"
    if dimension.form:
        return f"one of these, as in `{dimension.example}`"
    values = dimension.values or dimension.order
    return f"any of {', '.join(f'`{each}`' for each in values)}" if values else "one of these"


_DEFAULT = (
    "They end with `to`, by default the day that is asked about (`valid_at`, `as_of`, today), and "
    "begin with `from`, by default with the year of that. "
)


def _description(report: Report) -> str:
    lines = [f"Periods go by {report.period}. {_DEFAULT * report.spanning}Measures:"]
    lines += [f"- `{each.name}`: {each.definition}" for each in report.measures]
    lines += ["", "Dimensions:"]
    lines += [
        f"- `{each.name}`: {each.title}" + f", with its `{each.name}_name`" * bool(each.of)
        for each in report.angles()
    ]
    lines += ["", f"`{UNSEEN}` stands for what is known, though you may not see it."]
    return "\n".join(lines)


for each in reports().values():
    read, asked = _report(each), list(parameters_of(each))
    router.add_api_route(
        f"/reports/{each.name}",
        read,
        summary=each.title,
        description=_description(each),
        operation_id=f"reports.{each.name}",
        openapi_extra={"parameters": asked},
        response_class=Response,
        responses=answer("The figures.", Figures),
    )
    add_export(
        router,
        f"/reports/{each.name}",
        read,
        f"reports.{each.name}.export",
        f"{each.title}, as a file",
        asked,
    )
