"""Answered: figures as JSON, with links to the records behind each, or as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response

from api.kernel.reading.answer_headers import ASK_AGAIN
from api.kernel.reading.read_parameters import invalid, json_response
from api.kernel.reading.told import tell
from api.reads.reports.asked import Format
from api.reads.spreadsheets import XLSX, For, csv_head, csv_lines, workbook
from domain.kernel.time.business_day import today
from projections.kernel.reports.comparing import MOST
from projections.kernel.reports.dimensions import PERIODS
from projections.kernel.reports.report import Report
from projections.kernel.reports.result import Compared, Result

_OF_THE_ANSWER = {"by", "as_of", "as_of_position", "format", "for", "min_position"}
_OF_THE_ANSWER |= {"compare", "to_date", "fill", "top"}
"""Parameters that are not about which rows count."""

_PERIOD = ("from", "to")


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
    path = f"/reports/{report.name}/records"
    for number, row in enumerate(found.rows()):
        values = [(name, _one_value(row[name])) for name in grouped]
        query = [*values, *kept, ("as_of_position", str(found.position))]
        links = {"explain": f"{path}?{urlencode(query)}"}
        for name, others in found.compared.items():
            if other := others[number]:
                query = list(_behind(other, grouped, kept, found.position))
                links[f"explain_{name}"] = f"{path}?{urlencode(query)}"
        yield {**row, **links}


def _behind(
    compared: Compared, grouped: Sequence[str], kept: Sequence[tuple[str, str]], position: int
) -> Iterator[tuple[str, str]]:
    """Yield the parameters of the records behind what a row is compared with."""
    row, asked = compared
    yield from ((name, _one_value(row[name])) for name in grouped)
    yield from (each for each in kept if each[0] not in PERIODS and each[0] not in _PERIOD)
    for name in PERIODS:
        if name in asked.where and name not in grouped:
            yield name, ",".join(asked.where[name])
    for name, day in zip(_PERIOD, (asked.first, asked.last), strict=True):
        if day is not None:
            yield name, str(day)
    yield "as_of_position", str(asked.position or position)


def _one_value(value: str | None) -> str:
    return (value or "").replace("\\", "\\\\").replace(",", "\\,")


def formatted(
    request: Request, report: Report, found: Result, format: Format, for_: For
) -> Response:
    """Return figures in the form that is asked for. Raises `InvalidParameter` for too many."""
    headers = {"Position": str(found.position), "Cache-Control": ASK_AGAIN}
    if format == "json":
        if found.table.num_rows > MOST:
            raise invalid("by", f"There are more than {MOST:,} rows: ask for the top, or a file.")
        rows = list(_explained(request, report, found))
        content = {"columns": found.columns, "rows": rows, "position": found.position}
        if found.period:
            content |= zip(_PERIOD, found.period, strict=True)
        if known := next((each for each in found.compared.get("known", ()) if each), None):
            since = {"since": known[1].position, "valid_at": known[1].last or today()}
            content["late_entries"] = f"/late-entries?{urlencode(since)}"
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
