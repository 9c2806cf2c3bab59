"""Sheets: the rows of a CSV or XLSX file as text, each with the line it came from."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException


class SheetError(Exception):
    """A file cannot be read as a table; the text says where and why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file where it begins, its cells by column, trimmed.

    `fault` says what is wrong with the row as such, if anything is.
    """

    line: int
    cells: dict[str, str]
    fault: str | None = None


@dataclasses.dataclass(frozen=True)
class Sheet:
    """The columns of a table and its rows; rows that are empty throughout are left out."""

    columns: Sequence[str]
    rows: Sequence[Row]


def read_sheet(path: Path, encoding: str = "utf-8", name: str | None = None) -> Sheet:
    """Read a CSV file, or the sheet called `name` (by default the first) of an XLSX file.

    The first row names the columns. CSV is separated by comma, semicolon or tab, whichever its
    first line has most of; a byte order mark is passed over. Raises `SheetError`.
    """
    try:
        if path.suffix.lower() in (".xlsx", ".xlsm"):
            lines = _workbook(path, name)
        elif name is not None:
            raise SheetError("Only an XLSX file has sheets to choose from.")
        else:
            lines = _text(path, encoding)
        return _table(path, lines)
    except OSError as error:
        raise SheetError(f"{path} cannot be read: {error.strerror or error}.") from error


def _table(path: Path, lines: Iterator[tuple[int, list[str]]]) -> Sheet:
    _, columns = next(lines, (0, []))
    if not any(columns):
        raise SheetError(f"{path} has no first row that names the columns.")
    named = [column for column in columns if column]
    if len(set(named)) < len(named):
        twice = next(column for column in named if named.count(column) > 1)
        raise SheetError(f"{path} has more than one column {twice!r}.")
    rows = []
    for line, cells in lines:
        if any(cells):
            many = len(cells) > len(columns)
            fault = f"{len(cells)} cells, but {len(columns)} columns" if many else None
            cells += [""] * (len(columns) - len(cells))
            known = {c: v for c, v in zip(columns, cells, strict=False) if c}
            rows.append(Row(line, known, fault))
    return Sheet(named, rows)


def _text(path: Path, encoding: str) -> Iterator[tuple[int, list[str]]]:
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        encoding = "utf-8-sig"
    try:
        with path.open(encoding=encoding, newline="") as file:
            first = file.readline()
            file.seek(0)
            reader = csv.reader(file, delimiter=max(",;\t", key=first.count), strict=True)
            line = 1
            for cells in reader:
                yield line, [cell.strip() for cell in cells]
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        raise SheetError(
            f"{path} is not {encoding.removesuffix('-sig').upper()} text; Chinese files of older "
            "programs often are --encoding gb18030."
        ) from error
    except LookupError as error:
        raise SheetError(f"There is no encoding {encoding!r}.") from error
    except csv.Error as error:
        raise SheetError(f"{path}, line {reader.line_num}: {error}.") from error


def _workbook(path: Path, name: str | None) -> Iterator[tuple[int, list[str]]]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, BadZipFile, KeyError, ValueError, EOFError) as error:
        raise SheetError(f"{path} is not an XLSX file.") from error
    try:
        if name is not None and name not in book.sheetnames:
            raise SheetError(f"{path} has no sheet {name!r}, but {', '.join(book.sheetnames)}.")
        sheet = book[name or book.sheetnames[0]]
        width = 0
        for line, values in enumerate(sheet.iter_rows(values_only=True), 1):
            cells = [_cell(value) for value in values]
            if line == 1:
                width = max((i for i, cell in enumerate(cells, 1) if cell), default=0)
            # Formatting beyond the table makes cells that hold nothing.
            while len(cells) > width and not cells[-1]:
                cells.pop()
            yield line, cells
    finally:
        book.close()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        midnight = value.time() == datetime.min.time()
        return (value.date() if midnight else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return str(value).strip()
