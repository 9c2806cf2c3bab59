"""Analyses over HTTP: how a measure is spread over its records, with what each has of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, NamedTuple

import pyarrow as pa
from duckdb import DuckDBPyConnection
from fastapi import APIRouter, Query, Request, Response

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
from api.reads.reports.answered import Links, formatted
from api.reads.reports.asked import (
    ATTRIBUTES,
    PERMISSION,
    Compare,
    Format,
    From,
    Organised,
    To,
    attributes_in,
    compared_with,
    filters_in,
    standpoint,
)
from api.reads.reports.statistics import FILTERS
from api.reads.spreadsheets import For, check_for
from domain.kernel.time.business_day import today
from projections.kernel.reports.analyses import ANALYSES, PLACE, Analysed, Analysis
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.result import Result
from projections.kernel.reports.stretches import Question

router = APIRouter(tags=["reports"])

Measure = Annotated[
    str,
    Query(
        max_length=100,
        description="one measure that adds up, by its name of `GET /measures`",
        examples=["sales.won_amount"],
    ),
]
Key = Annotated[
    str, Query(max_length=100, description="the dimension of which each value is a record")
]

Made = Callable[[Analysed, DuckDBPyConnection, Result], pa.Table]


class Part(NamedTuple):
    """What is told of an analysis: its rows, or the records that they are made of."""

    path: str
    name: str
    make: Made


PARTS = (
    Part("", "", lambda of, cursor, found: of.run(cursor, found)),
    Part("/records", ".records", lambda of, cursor, found: of.records(cursor, found)),
)


@router.get("/analyses", operation_id="analyses", responses=answer("Each analysis.", told.Analyses))
@says_nothing_of_anybody
async def names(see: See) -> Response:
    """List the analyses, each defined in words."""
    see.need(PERMISSION)
    return json_response({"items": [each.describe() for each in ANALYSES.values()]})


def _analysis(analysis: Analysis, part: Part) -> Callable[..., Any]:
    async def read(
        request: Request,
        parts: TheParts,
        see: See,
        when: AtMoment,
        min_position: MinPosition,
        measures: Measure = "billed_revenue",
        by: Key = "customer",
        from_: From = None,
        to: To = None,
        compare: Compare = None,
        organised: Organised = "then",
        format: Format = "json",
        for_: For = None,
    ) -> Response:
        check_for(for_, format)
        sight = see.need(PERMISSION)
        if format != "json":
            sight = both(sight, see.need("export.read"))
        with checked():
            analysed = Analysed(analysis, measures, by)
        report = analysed.metric.report
        where = filters_in(request, report, see)
        attributes = attributes_in(request, report)
        for name in request.query_params:
            if name in FILTERS and name not in (*where, ATTRIBUTES):
                raise invalid(name, f"{report.name} has no such dimension.")
        if parts.warehouse is None:
            return await forward(parts, request)
        await reach(parts.loaded, max(min_position, when.position or 0))
        warehouse = parts.warehouse

        def figures() -> tuple[Result, pa.Table]:
            here = standpoint(parts, see, sight, when, organised, attributes)
            with_, known = compared_with(parts, compare)
            day = when.valid_at or here.day or today()
            comparing = Comparing(report, with_, known, False, False, day)
            question = Question((), where, from_, to, when.position)
            with warehouse.reader() as cursor:
                found = analysed.figures(cursor, question, comparing, here)
                return found, part.make(analysed, cursor, found)

        with checked():
            found, table = await see.ask(figures)
        shown = table.drop_columns([PLACE]) if PLACE in table.column_names else table
        whole = Result(shown, found.position, found.masked, found.narrowed, found.period)
        rows = _linked(request, analysed, found, table, whole)
        name = f"{analysis.name}{part.name}".replace(".", "-")
        return formatted(whole, rows, name, format, for_, because=_NOTHING)

    return read


def _linked(
    request: Request, analysed: Analysed, found: Result, table: pa.Table, shown: Result
) -> Iterator[dict[str, Any]]:
    """Yield rows, those of records with the links to what each is made of."""
    if PLACE not in table.column_names:
        yield from shown.rows()
        return
    links = Links(request, analysed.metric.report, found, [analysed.metric.measure.name])
    for row, place in zip(shown.rows(), table.column(PLACE).to_pylist(), strict=True):
        yield {**row, **dict(links.of(place))}


_RECORDS = """The records, the greatest first, ties by the least key: each with its rank, decile,
value, share of the whole and that of all up to it, and the link to what it is made of."""

_NOTHING = "None of the records in sight has more than nothing of it in the period."

for each in ANALYSES.values():
    for part in PARTS:
        if each.monthly and part.path:
            continue
        read, path = _analysis(each, part), f"/analyses/{each.name}{part.path}"
        title = f"The records behind an analysis: {each.title}" if part.path else each.title
        name, filters = f"analyses.{each.name}{part.name}", [*FILTERS.values()]
        router.add_api_route(
            path,
            read,
            summary=title,
            description=_RECORDS if part.path else f"{each.title}. Here are {each.definition}.",
            operation_id=name,
            openapi_extra={"parameters": filters},
            response_class=Response,
            responses=answer("The rows.", told.Records if part.path else told.Analysis),
        )
        add_export(router, path, read, f"{name}.export", f"{title}, as a file", filters)
