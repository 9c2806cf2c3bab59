"""Workbooks: a sheet of an XLSX file as lines of text, as a person sees its cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
from openpyxl.utils.cell import range_boundaries

from api.imports.files.sheets import Line, SheetError

DIGITS = 15
"""Digits of a number that a spreadsheet keeps; those behind are lost when it is typed."""

_OLD = b"\xd0\xcf\x11\xe0"
_PIECE = 1 << 20
_OVERLAP = 200
_MERGE = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]+[0-9]+:[A-Z]+[0-9]+)"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_START_OF_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_HIDDEN = re.compile(rb'<(?:\w+:)?row\s[^>]*?hidden="(?:1|true)"')
_ASIDE = re.compile(r"\[[^\]]*\]|_.|\*.")
"""What in the format of a number is no part of what is shown: colours, conditions, padding."""
_LITERAL = re.compile(r'"[^"]*"|\\.')

Cells = tuple[list[str], dict[int, str]]


def is_workbook(path: Path, start: bytes) -> bool:
    """Whether a file that starts like this is an XLSX file. Raises `SheetError` for an older one.

    One with the name of a workbook has to be one.
    """
    if start.startswith(_OLD):
        raise SheetError(f"{path} is an old or protected Excel file: save it as XLSX or CSV.")
    if start.startswith(b"PK\x03\x04"):
        return True
    if path.suffix.lower() in (".xlsx", ".xlsm", ".xls"):
        raise SheetError(f"{path} is not an XLSX file.")
    return False


def workbook(path: Path, name: str | None, most: int) -> tuple[Sequence[str], Iterator[Line]]:
    """Return notes for a person, and the lines of a sheet: the one named, or the first to be seen.

    Raises `SheetError`, also when the sheet has more than so many cells.
    """
    try:
        content = path.read_bytes()
        # Values and formulas are in two readings of the file: a formula may lack its value.
        books = [
            openpyxl.load_workbook(BytesIO(content), read_only=True, data_only=only)
            for only in (True, False)
        ]
        tables = {sheet.title: sheet for sheet in books[0].worksheets}
    except OSError:
        raise
    except Exception as error:  # whatever a broken archive makes of the reader
        raise SheetError(f"{path} is not an XLSX file that can be read.") from error
    if name is not None and name not in tables:
        raise SheetError(f"{path} has no sheet {name!r} with cells, but {', '.join(tables)}.")
    seen = [title for title, sheet in tables.items() if sheet.sheet_state == "visible"]
    if not seen and name is None:
        raise SheetError(f"{path} has no sheet with cells that is not hidden; --sheet names one.")
    title = name or seen[0]
    notes = []
    if name is None and len(tables) > 1:
        others = ", ".join(each for each in tables if each != title)
        notes.append(f"Read is the sheet {title!r}; there are {others}, too.")
    about = _About(content, tables[title])
    if about.cells > most:  # of a row the reader holds all, so this is asked before
        raise SheetError(f"{path} has {about.cells:,} cells; a table has {most:,} at most.")
    if about.hidden:
        notes.append(f"{about.hidden:,} rows that are hidden are read as well.")
    return notes, _lines(path, books, title, about)


class _About:
    """What the cells of a sheet do not say themselves: merged cells, formulas, hidden rows."""

    def __init__(self, content: bytes, sheet: Any) -> None:
        self.formulas = False
        self.hidden = 0
        self.cells = 0
        self.merged: list[tuple[int, int, int, int]] = []
        rest = b""
        place = sheet._worksheet_path.lstrip("/")
        with ZipFile(BytesIO(content)) as archive, archive.open(place) as file:
            while piece := file.read(_PIECE):
                text = rest + piece
                self.formulas = self.formulas or _FORMULA.search(text) is not None
                ends = [0]
                for found in _START_OF_CELL.finditer(text):
                    self.cells += 1
                    ends.append(found.end())
                for found in _HIDDEN.finditer(text):
                    self.hidden += 1
                    ends.append(found.end())
                for found in _MERGE.finditer(text):
                    self.merged.append(range_boundaries(found[1].decode()))  # type: ignore[arg-type]
                    ends.append(found.end())
                # What was found is not looked at again; what is cut in two is.
                rest = text[max(len(text) - _OVERLAP, *ends) :]


def _lines(path: Path, books: Sequence[Any], title: str, about: _About) -> Iterator[Line]:
    sheets = [book[title] for book in books[: 1 + about.formulas]]
    for sheet in sheets:
        sheet.reset_dimensions()  # what a file says of its own size is not always so
    merged = _Merged(about.merged)
    try:
        for number, rows in enumerate(zip(*(s.iter_rows() for s in sheets), strict=True), 1):
            cells: list[str] = []
            wrong: dict[int, str] = {}
            for place, found in enumerate(zip(*rows, strict=True)):
                text, why = _cell(found[0])
                if not text and len(found) > 1 and found[1].data_type == "f":
                    why = "is a formula whose value is not in the file: save it in Excel first"
                cells.append(text)
                if why is not None:
                    wrong[place] = why
            yield Line(number, *merged.filled(number, cells, wrong))
    except SheetError:
        raise
    except Exception as error:
        raise SheetError(f"{path} is broken: its sheet {title!r} cannot be read.") from error
    finally:
        for book in books:
            book.close()


class _Merged:
    """Merged cells: their value counts for each row that they cover, in their first column."""

    def __init__(self, ranges: Sequence[tuple[int, int, int, int]]) -> None:
        self._ranges = sorted(ranges, key=lambda each: each[1])
        self._open: dict[tuple[int, int, int, int], tuple[str, str | None]] = {}

    def filled(self, row: int, cells: list[str], wrong: dict[int, str]) -> Cells:
        """Return the cells of a row, and what is wrong with them, with those of merged cells."""
        while self._ranges and self._ranges[0][1] == row:
            first = self._ranges.pop(0)
            place = first[0] - 1
            value = cells[place] if place < len(cells) else ""
            self._open[first] = (value, wrong.get(place))
        for each, (text, why) in list(self._open.items()):
            left, _, right, last = each
            cells.extend([""] * (left - len(cells)))
            cells[left - 1] = text
            if why is not None:
                wrong[left - 1] = why
            if text:
                for place in range(left, right):
                    wrong[place] = "is merged with the cell to its left"
            if row >= last:
                del self._open[each]
        return cells, wrong


def _cell(cell: Any) -> tuple[str, str | None]:
    """Return the text of a cell, and why it is not what the cell means, if it is not."""
    value = cell.value
    if value is None:
        return "", None
    if cell.data_type == "e":
        return str(value), f"is an error of the spreadsheet, {value}"
    if isinstance(value, bool):
        return str(value).upper(), None
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "General")
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return (value.date() if midnight else value).isoformat(), None
    if isinstance(value, date | time):
        return value.isoformat(), None
    return str(value).strip(), None


def _number(value: float, form: str) -> tuple[str, str | None]:
    try:
        # As it was typed: what follows the digits that are kept is noise of binary fractions.
        exact = Decimal(value) if isinstance(value, int) else Decimal(f"{value:.{DIGITS}g}")
        text = f"{exact.normalize():f}" if exact else "0"
    except (ArithmeticError, ValueError):
        return str(value), f"is no number, {value}"
    if abs(value) >= 10**DIGITS:
        return text, f"is a number of more than the {DIGITS} digits that Excel keeps: make it text"
    shown = _ASIDE.sub("", form).partition(";")[0].strip()
    plain = _LITERAL.sub("", shown)
    if "%" in plain:
        return f"{(exact * 100).normalize():f}%", None
    if re.fullmatch("0{2,}", shown) and exact == exact.to_integral():
        sign, digits = ("-", text[1:]) if exact < 0 else ("", text)
        return sign + digits.zfill(len(shown)), None
    if re.match("0{2,}", plain) or re.search(r"[0-9A-Za-z]", "".join(_LITERAL.findall(shown))):
        return text, f"is the number {text}, which its format {form} shows otherwise: make it text"
    return text, None
