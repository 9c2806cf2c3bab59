"""Spreadsheets out: CSV, as it is or made for Excel, and XLSX, both row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import IO, Annotated, Any, Literal, Self

import orjson
from fastapi import Query
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.kernel.reading.ndjson import escaped
from api.kernel.reading.read_parameters import JSON, invalid

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

For = Annotated[
    Literal["excel"] | None,
    Query(
        alias="for",
        description="`excel`, with `format=csv`: a byte order mark comes first, so that all "
        "letters are read right, and a text that would run as a formula has an apostrophe before",
    ),
]

_RUNS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""What a cell begins with that Excel takes for a formula, full width too."""

_LETTERS = 32_767
_ROWS = 1_048_576
_DIGITS = 15
"""What a cell, a sheet and a number of a workbook hold at most."""


def check_for(for_: str | None, format: str) -> None:
    """Refuse `for` where no CSV is asked for. Raises `InvalidParameter`."""
    if for_ is not None and format != "csv":
        raise invalid("for", "This goes with format=csv.")


def csv_head(names: Sequence[str], for_: str | None = None) -> bytes:
    """Return the first line of a CSV file (RFC 4180, UTF-8)."""
    mark = "\ufeff".encode() if for_ else b""
    return mark + ",".join(names).encode() + b"\r\n"


def csv_lines(rows: Iterable[Iterable[Any]], for_: str | None = None) -> bytes:
    """Return rows of plain values as lines of a CSV file."""
    text = io.StringIO(newline="")
    found = ([_harmless(value) for value in row] for row in rows) if for_ else rows
    csv.writer(text).writerows(found)
    return escaped(text.getvalue().encode())


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RUNS) else value


class Sheet:
    """A workbook with one sheet, written row by row: rows that were added are in a file.

    As a context it leaves nothing behind when it was not saved.
    """

    def __init__(self, names: Sequence[str]) -> None:
        """Begin with the names of the columns."""
        from openpyxl import Workbook  # loaded when it is needed: hundreds of modules
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        self._names = names
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("Keyline")
        self._made = partial(WriteOnlyCell, self._sheet)
        self._illegal = ILLEGAL_CHARACTERS_RE
        self._rows = 0
        self._saved = False
        self.add([names])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._saved:
            self._sheet.close()
            self._sheet._writer.cleanup()

    def add(self, rows: Iterable[Iterable[Any]]) -> None:
        """Add rows: texts are never formulas, days are days, numbers keep all their digits.

        Raises `InvalidParameter` where the format does not hold what is in them.
        """
        for row in rows:
            self._rows += 1
            if self._rows > _ROWS:
                raise invalid("format", f"XLSX holds {_ROWS - 1:,} rows; ask for csv, or for less.")
            self._sheet.append(
                [self._cell(value, name) for value, name in zip(row, self._names, strict=True)]
            )

    def save(self, file: IO[bytes]) -> None:
        """Write the workbook."""
        self._book.save(file)
        self._saved = True

    def _cell(self, value: Any, name: str) -> Any:
        value = _plain(value)
        if not isinstance(value, str):
            cell = self._made(value)
            if isinstance(value, Decimal):
                cell.number_format = "0.00"
            return cell
        text = self._illegal.sub("", value)
        if len(text) > _LETTERS:
            raise invalid("format", f"XLSX holds {_LETTERS:,} letters a cell; a {name} has more.")
        cell = self._made(text)
        cell.data_type = "s"
        return cell


def workbook(names: Sequence[str], rows: Iterable[Iterable[Any]]) -> bytes:
    """Return few rows as a workbook. Raises `InvalidParameter` as `Sheet` does."""
    file = io.BytesIO()
    with Sheet(names) as sheet:
        sheet.add(rows)
        sheet.save(file)
    return file.getvalue()


class WrittenFile(StreamingResponse):
    """A file that was written as an answer; it is closed then, even if nobody waited for it."""

    def __init__(self, file: IO[bytes], media_type: str, headers: Mapping[str, str]) -> None:
        """Answer with all that is in a file."""
        file.seek(0)
        super().__init__(iter(partial(file.read, 64 * 1024), b""), 200, headers, media_type)
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        with self._file:
            await super().__call__(scope, receive, send)


def _plain(value: Any) -> Any:
    """Return a value as a cell has it: as text what has no type there, or would lose digits."""
    match value:
        case Decimal() | int() if len(str(value).strip("-").replace(".", "")) > _DIGITS:
            return str(value)
        case datetime() | list() | tuple() | dict():
            return orjson.dumps(value, default=str, option=JSON).decode().strip('"')
        case None | str() | bool() | int() | float() | Decimal() | date():
            return value
    return str(value)
