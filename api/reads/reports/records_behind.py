"""Explaining over HTTP: the records behind a row of a report, and the events behind each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import IO, Any
from urllib.parse import urlencode

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import APIRouter, Request, Response

from api.document.answers import answer
from api.document.report_answers import RecordsBehind
from api.kernel.access.visibility import See, both
from api.kernel.reading.as_of import AtMoment, When
from api.kernel.reading.cursors import Cursor, page
from api.kernel.reading.forwarding import forward
from api.kernel.reading.read_parameters import (
    JSON,
    Limit,
    MinPosition,
    TheParts,
    checked,
    json_response,
    reach,
)
from api.reads.export_routes import MEDIA_TYPES, add_export
from api.reads.reports.asked import (
    PERMISSION,
    Format,
    From,
    Measures,
    Organised,
    To,
    attributes_in,
    filters_in,
    names_in,
    parameters_of,
    standpoint,
)
from api.reads.spreadsheets import For, Sheet, WrittenFile, check_for, csv_head, csv_lines
from domain.kernel.aggregate import discover
from projections.kernel.read_model import read_models
from projections.kernel.reports.drill_down import Explanation
from projections.kernel.reports.report import Report, ask, reports

router = APIRouter(tags=["reports"])

_AT_ONCE = 2000
"""Records of an export that are fetched at a time."""

_IN_MEMORY = 4_000_000
"""Bytes of an export that are held in memory; a larger one goes through a file."""


def _records(report: Report) -> Callable[..., Any]:
    async def read(
        request: Request,
        parts: TheParts,
        see: See,
        cursor: Cursor,
        when: AtMoment,
        min_position: MinPosition,
        measures: Measures = None,
        from_: From = None,
        to: To = None,
        format: Format = "json",
        for_: For = None,
        organised: Organised = "then",
        limit: Limit = 200,
    ) -> Response:
        check_for(for_, format)
        sight = see.need(PERMISSION)
        if format != "json":
            sight = both(sight, see.need("export.read"))
        where = filters_in(request, report, see)
        attributes = attributes_in(request, report)
        if parts.warehouse is None:
            return await forward(parts, request)
        position, after = cursor.after or (when.position, None)
        await reach(parts.loaded, max(min_position, position or 0))
        warehouse = parts.warehouse

        then = replace(when, position=position)

        def found() -> Response:
            with warehouse.reader() as reader:
                asked = ask(
                    reader,
                    report.name,
                    (),
                    where,
                    from_,
                    to,
                    position,
                    names_in(measures),
                    standpoint(parts, see, sight, then, organised, attributes),
                )
                explanation = Explanation(reader, asked)
                links = _Links(report, When(asked.position, when.valid_at))
                if format != "json":
                    return _exported(explanation, links, format, for_)
                figures = explanation.figures()
                rows = explanation.page(limit + 1, after)
            following = [asked.position, rows[limit - 1]["id"]] if len(rows) > limit else None
            more = {"masked": asked.masked} if asked.masked else {}
            if asked.standpoint.narrowed:
                more["narrowed"] = asked.standpoint.narrowed
            items = [links.shown(row) for row in rows[:limit]]
            return json_response(
                *page(cursor, items, following, position=asked.position, figures=figures, **more)
            )

        with checked():
            return await see.ask(found)

    return read


class _Links:
    """The links to records as they were at a moment, and to their events up to it."""

    def __init__(self, report: Report, when: When) -> None:
        self.name, self.position = report.name, when.position
        self._model = report.records
        known = {"as_of_position": str(when.position)}
        true = known if when.valid_at is None else known | {"valid_at": str(when.valid_at)}
        self._known, self._true = urlencode(known), urlencode(true)

    def shown(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a record with its links."""
        behind = [self._linked(*each) for each in row["behind"]]
        own = self._linked(self._model, row["id"], row["title"])
        return {**own, "on": row["on"], "behind": behind, "contributions": row["contributions"]}

    def _linked(self, model: str, id: str, title: str | None) -> dict[str, Any]:
        links = {"record": self._record(model, id), "history": self.history(model, id)}
        return {"id": id, "title": title, **links}

    def history(self, model: str, id: str) -> str:
        """Return the link to the events of a record."""
        return f"{_address(model, id)}/history?{self._known}"

    def _record(self, model: str, id: str) -> str:
        return f"{_address(model, id)}?{self._true}"

    def table(self, explanation: Explanation, batch: pa.RecordBatch) -> pa.Table:
        """Return records as rows with the links to their events in place of ids of others."""
        ids = batch.column("id").to_pylist()
        histories = [self.history(self._model, each) for each in ids]
        behind: list[list[str]] = [[] for _ in ids]
        for model in explanation.behind:
            for links, others in zip(
                behind, batch.column(f"behind {model}").to_pylist(), strict=True
            ):
                links += [self.history(model, each) for each in others or () if each is not None]
        columns = {"id": batch.column("id"), "title": batch.column("title")}
        columns |= {"on": batch.column("first_on"), "history": pa.array(histories, pa.string())}
        columns["behind"] = pa.array(behind, pa.list_(pa.string()))
        return pa.table(columns | {name: batch.column(name) for name in explanation.columns})


def _address(model: str, id: str) -> str:
    return f"/{discover().aggregates[read_models()[model].aggregate].plural}/{id}"


def _exported(explanation: Explanation, links: _Links, format: str, for_: str | None) -> Response:
    """Return all records; they are written before the first byte leaves."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 (it is closed when it was read)
    batches = explanation.table(_AT_ONCE)
    nothing = pa.RecordBatch.from_pylist([], batches.schema)
    tables = (links.table(explanation, each) for each in batches)
    schema = links.table(explanation, nothing).schema
    if format == "csv":
        _csv(file, schema, tables, for_)
    else:
        _WRITERS[format](file, schema, tables)
    headers = {
        "Content-Disposition": (
            f'attachment; filename="{links.name}-records-{links.position}.{format}"'
        ),
        "Content-Length": str(file.tell()),
        "Position": str(links.position),
    }
    return WrittenFile(file, MEDIA_TYPES[format], headers)


def _csv(file: IO[bytes], schema: pa.Schema, tables: Iterator[pa.Table], for_: str | None) -> None:
    file.write(csv_head(schema.names, for_))
    for table in tables:
        rows = (map(_cell, row.values()) for row in table.to_pylist())
        file.write(csv_lines(rows, for_))


def _xlsx(file: IO[bytes], schema: pa.Schema, tables: Iterator[pa.Table]) -> None:
    with Sheet(schema.names) as sheet:
        for table in tables:
            sheet.add(row.values() for row in table.to_pylist())
        sheet.save(file)


def _cell(value: Any) -> Any:
    return (
        orjson.dumps(value, default=str, option=JSON).decode() if isinstance(value, list) else value
    )


def _parquet(file: IO[bytes], schema: pa.Schema, tables: Iterator[pa.Table]) -> None:
    with pq.ParquetWriter(file, schema) as writer:
        for table in tables:
            writer.write_table(table)


_WRITERS = {"xlsx": _xlsx, "parquet": _parquet}

_DESCRIPTION = """The answer to `explain` of a row of `GET /reports/{name}`: the same filters, with
the row's own values among them, at the position of the answer. `figures` says of each measure how
it comes from the `totals` of what the records give (`formula`); each item has its `title`, the day
`on` which it counts, and its `contributions` to every measure, which add up to those totals
exactly, and the links to the `record` as it was and to its events up to then (`history`), and the
same of other records `behind` it: the customer by whose industry it counts, the opportunities that
a campaign brought. Records that give nothing to any of the measures are not listed. Of a median or
percentile the `values` themselves are given. Amounts need one `currency`."""

for each in reports().values():
    read, asked = _records(each), list(parameters_of(each))
    path, name = f"/reports/{each.name}/records", f"reports.{each.name}.records"
    summary = f"The records behind a figure: {each.title}"
    router.add_api_route(
        path,
        read,
        summary=summary,
        description=_DESCRIPTION.format(name=each.name),
        operation_id=name,
        openapi_extra={"parameters": asked},
        response_class=Response,
        responses=answer("A page of the records.", RecordsBehind),
    )
    add_export(router, path, read, f"{name}.export", f"{summary}, as a file", asked)
