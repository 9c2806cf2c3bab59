"""Answered: figures as JSON, with links to the records behind each, or as files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
from projections.kernel.reports.report import Report, reports
from projections.kernel.reports.result import Compared, Result

_OF_THE_ANSWER = {"by", "as_of", "as_of_position", "format", "for", "min_position"}
_OF_THE_ANSWER |= {"compare", "to_date", "fill", "top", "having", "sort", "limit", "totals"}
"""Parameters that are not about which rows count."""

_PERIOD = ("from", "to")


class Links:
    """The links from the rows of a report's figures to the records behind each, as of then."""

    def __init__(
        self, request: Request, report: Report, found: Result, measures: Sequence[str] = ()
    ) -> None:
        """Make links from figures that a request asked for, or from some of their measures."""
        angles = {each.name for each in report.angles()}
        self._grouped = [name for name in found.columns if name in angles]
        self._rows = found.table.select(self._grouped).to_pylist()
        self._found, self._path = found, f"/reports/{report.name}/records"
        others = {each.name for of in reports().values() for each in of.angles()} - angles
        own = others | {f"{each}_under" for each in others} | ({"measures"} if measures else set())
        self._kept = [
            each
            for each in request.query_params.multi_items()
            if each[0] not in {*_OF_THE_ANSWER, *self._grouped, *own}
        ]
        if measures:
            self._kept.append(("measures", ",".join(measures)))
        if found.period:
            self._kept = [each for each in self._kept if each[0] not in _PERIOD]
            self._kept += zip(_PERIOD, map(str, found.period), strict=True)

    def of(self, number: int) -> Iterator[tuple[str, str]]:
        """Yield the links of a row, by name: to its records, and to what it is compared with."""
        row = self._rows[number]
        values = [(name, _one_value(row[name])) for name in self._grouped]
        query = [*values, *self._kept, ("as_of_position", str(self._found.position))]
        yield "explain", f"{self._path}?{urlencode(query)}"
        for name, others in self._found.compared.items():
            if other := others[number]:
                yield f"explain_{name}", f"{self._path}?{urlencode([*self._behind(other)])}"

    def _behind(self, compared: Compared) -> Iterator[tuple[str, str]]:
        """Yield the parameters of the records behind what a row is compared with."""
        row, asked = compared
        yield from ((name, _one_value(row[name])) for name in self._grouped)
        yield from (e for e in self._kept if e[0] not in PERIODS and e[0] not in _PERIOD)
        for name in PERIODS:
            if name in asked.where and name not in self._grouped:
                yield name, ",".join(asked.where[name])
        for name, day in zip(_PERIOD, (asked.first, asked.last), strict=True):
            if day is not None:
                yield name, str(day)
        yield "as_of_position", str(asked.position or self._found.position)


def explained(request: Request, report: Report, found: Result) -> Iterator[dict[str, Any]]:
    """Yield the rows, each with the links to the records behind it as they were then."""
    links = Links(request, report, found)
    for number, row in enumerate(found.rows()):
        yield {**row, **dict(links.of(number))}


def _one_value(value: str | None) -> str:
    return (value or "").replace("\\", "\\\\").replace(",", "\\,")


def formatted(
    found: Result,
    rows: Iterable[dict[str, Any]],
    name: str,
    format: Format,
    for_: For,
    because: str = "",
) -> Response:
    """Return figures in the form that is asked for.

    Args:
        found: The figures.
        rows: The same with links, looked at for JSON alone.
        name: What a file is called.
        format: One of those that there are.
        for_: For whom a CSV is made.
        because: Why there is nothing, to be told where there is not.

    Raises `InvalidParameter` for too many rows of JSON.
    """
    headers = {"Position": str(found.position), "Cache-Control": ASK_AGAIN}
    if format == "json":
        if found.table.num_rows > MOST:
            raise invalid("by", f"There are more than {MOST:,} rows: ask for the top, or a file.")
        content = {"columns": found.columns, "rows": [*rows], "position": found.position}
        if because and not found.table.num_rows:
            content["because"] = because
        if found.period:
            content |= zip(_PERIOD, found.period, strict=True)
        if found.partial:
            content["partial"] = found.partial
        if known := next((each for each in found.compared.get("known", ()) if each), None):
            since = {"since": known[1].position, "valid_at": today()}
            content["late_entries"] = f"/late-entries?{urlencode(since)}"
        if found.masked:
            content["masked"] = found.masked
        if found.narrowed:
            content["narrowed"] = found.narrowed
        return json_response(content, headers)
    tell(rows=found.table.num_rows)
    if found.narrowed:
        headers["Narrowed"] = ",".join(found.narrowed)
    headers["Content-Disposition"] = f'attachment; filename="{name}.{format}"'
    if format == "csv":
        text = csv_head(found.columns, for_) + csv_lines(found.values(), for_)
        return Response(text, media_type="text/csv", headers=headers)
    if format == "xlsx":
        return Response(workbook(found.columns, found.values()), media_type=XLSX, headers=headers)
    media_type = "application/vnd.apache.parquet"
    return Response(found.parquet(), media_type=media_type, headers=headers)
