"""List export: the whole of a list as CSV, XLSX, NDJSON or Parquet, of one position throughout."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import IO, Annotated, Any, Literal

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import Query, Response

from adapters.warehouse.warehouse import Warehouse
from api.kernel.reading.as_of_reads import Then
from api.kernel.reading.ndjson import lines
from api.kernel.reading.read_parameters import JSON
from api.kernel.reading.told import tell
from api.reads.export_routes import MEDIA_TYPES
from api.reads.spreadsheets import Sheet, WrittenFile, csv_head, csv_lines
from projections.kernel.columns import Json
from projections.kernel.lists.duckdb_queries import compiled, decoded, past
from projections.kernel.lists.list_query import Question
from projections.kernel.lists.listing import Listing
from projections.kernel.read_model import Row
from projections.kernel.visibility.column_masks import MASKED, classes
from projections.kernel.visibility.sealed_columns import SEALED, Opener, personal
from projections.kernel.warehouse.arrow import stored

Format = Annotated[
    Literal["json", "csv", "xlsx", "ndjson", "parquet"],
    Query(description="other than `json`: all of the list; it needs `export.read`"),
]

AT_ONCE = 2000
"""Rows that are fetched at a time."""

_IN_MEMORY = 4_000_000
"""Bytes of an export that are held in memory; a larger one goes through a file."""


def export(
    warehouse: Warehouse,
    listing: Listing,
    asked: Question,
    then: Then,
    opened: Opener,
    format: str,
    for_: str | None = None,
) -> Response:
    """Return the whole list as it was, in the format, with the columns asked for.

    It is written before the first byte leaves, so that a slow client keeps no one from anything.
    """
    tables = past(then.position, then.valid_at)
    query = listing.select(asked, None, tables, "duckdb").limit(None)

    count = 0

    def found() -> Iterator[list[Row]]:
        nonlocal count
        with warehouse.reader() as cursor:
            cursor.execute(*compiled(query))
            while rows := cursor.fetchmany(AT_ONCE):
                count += len(rows)
                yield listing.shown(asked, decoded(query, rows), opened)

    model = listing.model
    told = [MASKED] * bool(classes(model)) + [SEALED] * bool(personal(model))
    names = [*asked.fields, *told]
    types = {name: model.table.c[name].type for name in names if name in model.table.c}
    file = written(format, names, types, found(), for_)
    tell(then.position, count)
    narrowed = {"Narrowed": ",".join(asked.narrowed)} if asked.narrowed else {}
    return sent(file, format, f"{model.plural}-{then.position}", then.position, narrowed)


def written(
    format: str,
    names: list[str],
    types: Mapping[str, Any],
    found: Iterable[list[Row]],
    for_: str | None = None,
) -> IO[bytes]:
    """Return rows written to a file in a format, under these names.

    `types` are those of the columns, by name; what has none is a list of texts.
    """
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115
    try:
        if format == "csv":
            _csv(file, names, found, for_)
        else:
            _WRITERS[format](file, types, names, found)
    except BaseException:
        file.close()
        raise
    return file


def sent(
    file: IO[bytes], format: str, name: str, position: int, more: Mapping[str, str]
) -> Response:
    """Return a file that was written as an answer, under a name, with more headers."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.{format}"',
        "Content-Length": str(file.tell()),
        "Position": str(position),
        **more,
    }
    return WrittenFile(file, MEDIA_TYPES[format], headers)


def _ndjson(file: IO[bytes], _: Any, __: list[str], found: Iterable[list[Row]]) -> None:
    for rows in found:
        file.write(lines(rows))


def _csv(file: IO[bytes], names: list[str], found: Iterable[list[Row]], for_: str | None) -> None:
    file.write(csv_head(names, for_))
    for rows in found:
        file.write(csv_lines(([_cell(row.get(name)) for name in names] for row in rows), for_))


def _xlsx(file: IO[bytes], _: Any, names: list[str], found: Iterable[list[Row]]) -> None:
    with Sheet(names) as sheet:
        for rows in found:
            sheet.add([row.get(name) for name in names] for row in rows)
        sheet.save(file)


def _cell(value: Any) -> Any:
    """Return a value as text, as JSON has it; a list or an object is JSON."""
    if value is None or isinstance(value, str | float | Decimal):
        return value
    return orjson.dumps(value, default=str, option=JSON).decode().strip('"')


def _parquet(
    file: IO[bytes], types: Mapping[str, Any], names: list[str], found: Iterable[list[Row]]
) -> None:
    texts = {name for name, type_ in types.items() if isinstance(type_, Json)}
    lists = pa.list_(pa.string())
    schema = pa.schema(
        [(name, stored(types[name])[1] if name in types else lists) for name in names]
    )
    with pq.ParquetWriter(file, schema) as writer:
        for rows in found:
            columns = {name: [row.get(name) for row in rows] for name in names}
            for name in texts:
                columns[name] = [
                    None if each is None else orjson.dumps(each, default=str).decode()
                    for each in columns[name]
                ]
            writer.write_table(pa.table(columns, schema=schema))


_WRITERS = {"ndjson": _ndjson, "xlsx": _xlsx, "parquet": _parquet}
