"""Statistics over HTTP: measures of several reports side by side, with subtotals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import pyarrow as pa
from fastapi import APIRouter, Query, Request, Response

from api.document.answers import answer
from api.document.report_answers import Statistics
from api.kernel.access.visibility import See, both
from api.kernel.reading.as_of import AtMoment
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import MinPosition, TheParts, checked, reach
from api.reads.export_routes import add_export
from api.reads.reports.answered import Links, formatted
from api.reads.reports.asked import (
    ATTRIBUTES,
    PERMISSION,
    By,
    Compare,
    Fill,
    Format,
    From,
    Organised,
    To,
    ToDate,
    attributes_in,
    compared_with,
    filters_in,
    names_in,
    parameters_of,
    standpoint,
)
from api.reads.spreadsheets import For, check_for
from domain.kernel.time.business_day import today
from projections.kernel.reports.comparing import Comparing
from projections.kernel.reports.dimensions import PERIODS
from projections.kernel.reports.drill_across import ROWS, TOTAL, Across, Joined, ask_each, join
from projections.kernel.reports.report import reports
from projections.kernel.reports.result import Result
from projections.kernel.reports.stretches import Question
from projections.kernel.warehouse.loader import position

router = APIRouter(tags=["reports"])

FILTERS = {each["name"]: each for of in reports().values() for each in parameters_of(of)}
"""The filters of all reports, by name."""

Named = Annotated[
    str,
    Query(
        max_length=1000,
        description="measures with commas between, by the names of `GET /measures`",
        examples=["sales.won_amount,tickets"],
    ),
]
Having = Annotated[
    str,
    Query(
        max_length=500,
        description="only rows whose figures are so, conditions with commas between",
        examples=["tickets>=5,sales.won=0"],
    ),
]
Sort = Annotated[
    str,
    Query(
        max_length=1000,
        description="columns with commas between, one with `-` before it downwards; nothing last",
        examples=["-sales.won_amount,unit"],
    ),
]
Most = Annotated[int | None, Query(ge=1, le=ROWS, description="how many rows at most")]
Totals = Annotated[
    bool,
    Query(
        description="adds the totals over the last dimension, the last two and so on, to all: "
        f"computed, not added; `{TOTAL}` names over which, null of other rows. `having`, `sort` "
        "and `limit` are not about them"
    ),
]


@router.get(
    "/statistics",
    operation_id="statistics",
    summary="Measures of any reports side by side",
    response_class=Response,
    openapi_extra={"parameters": [*FILTERS.values()]},
    responses=answer("The figures.", Statistics),
)
async def statistics(
    request: Request,
    parts: TheParts,
    see: See,
    when: AtMoment,
    min_position: MinPosition,
    measures: Named,
    by: By = None,
    from_: From = None,
    to: To = None,
    compare: Compare = None,
    to_date: ToDate = False,
    fill: Fill = False,
    having: Having = "",
    sort: Sort = "",
    limit: Most = None,
    totals: Totals = False,
    organised: Organised = "then",
    format: Format = "json",
    for_: For = None,
) -> Response:
    """Answer measures of several reports in one question.

    Each is aggregated in its own report first, then they are joined in full on the dimensions that
    they are by: no figure is multiplied, and what only one of them knows is a row too, with counts
    and sums of 0. A dimension or filter that one of the measures lacks, or means otherwise, is
    refused by name. Of the currency alone not all need to know: what has none stands in the row of
    the one currency of its group, or in a row without one where there are several. Where one of the
    reports is of a period always, all are of that.
    """
    check_for(for_, format)
    sight = see.need(PERMISSION)
    if format != "json":
        sight = both(sight, see.need("export.read"))
    with checked():
        asked = [name for name in dict.fromkeys(request.query_params) if name in FILTERS]
        asked = [name for name in asked if name != ATTRIBUTES]
        across = Across(names_in(measures), names_in(by), asked)
    attributes = attributes_in(request, *across.reports.values())
    first, *others = across.reports.values()
    where = filters_in(request, first, see)
    for each in others:
        where |= filters_in(request, each, see)
    if parts.warehouse is None:
        return await forward(parts, request)
    await reach(parts.loaded, max(min_position, when.position or 0))
    warehouse = parts.warehouse

    def figures() -> list[Joined]:
        here = standpoint(parts, see, sight, when, organised, attributes)
        day = when.valid_at or here.day or today()
        names, known = compared_with(parts, compare)
        with warehouse.reader() as cursor:
            at = when.position or position(cursor)

            def joined(by: Sequence[str], *told: Any) -> Joined:
                gaps = fill and (by == across.by or bool({*by} & {*PERIODS}))
                comparing = Comparing(first, names, known, to_date, gaps, day)
                question = Question(by, where, from_, to, at)
                results = ask_each(cursor, across, question, comparing, here)
                return join(cursor, across, by, results, *told)

            fewer = [across.by[:n] for n in reversed(range(len(across.by)))] if totals else []
            return [joined(across.by, having, sort, limit), *map(joined, fewer)]

    with checked():
        found = await see.ask(figures)
    whole = _whole(across, found, totals)
    return formatted(whole, _explained(request, across, found, whole), "statistics", format, for_)


add_export(
    router,
    "/statistics",
    statistics,
    "statistics.export",
    "Measures of any reports side by side, as a file",
    [*FILTERS.values()],
)


def _whole(across: Across, found: Sequence[Joined], totals: bool) -> Result:
    """Return the rows of all levels, one below the other."""
    tables = [found[0].table]
    if totals:
        over = [across.by[len(across.by) - n :] if n else None for n in range(len(found))]
        tables = [
            each.table.append_column(
                TOTAL, pa.array([names and ",".join(names)] * each.table.num_rows, pa.string())
            )
            for each, names in zip(found, over, strict=True)
        ]
    results = [result for each in found for result in each.results.values()]
    compared = [each for result in results for each in result.compared.get("known", ())]
    return Result(
        pa.concat_tables(tables, promote_options="permissive"),
        results[0].position,
        tuple(sorted({name for each in results for name in each.masked})),
        tuple(sorted({name for each in results for name in each.narrowed})),
        next((each.period for each in results if each.period), None),
        next((each.partial for each in results if each.partial), ()),
        {"known": compared},
    )


def _explained(
    request: Request, across: Across, found: Sequence[Joined], whole: Result
) -> Iterator[dict[str, Any]]:
    """Yield the rows, each with links to the records behind it by report."""
    rows = iter(whole.rows())
    for each in found:
        links = {
            name: Links(request, across.reports[name], result, across.of(across.reports[name]))
            for name, result in each.results.items()
        }
        for number in range(each.table.num_rows):
            told = next(rows)
            for name, places in each.places.items():
                place = places[number]
                for link, address in links[name].of(place) if place is not None else ():
                    told.setdefault(link, {})[name] = address
            yield told
