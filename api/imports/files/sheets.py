"""Sheets: the rows of a CSV or XLSX file as text, each with the line it came from."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from api.imports.files.unpacking import DEFAULT, Bounds, Unbounded, require_bounded


class SheetError(Exception):
    """A file cannot be read as a table; the text says where and why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line of a file before columns are known: its number, its cells, trimmed.

    `wrong` says of cells, by their place from 0, why their text is not what they mean.
    """

    number: int
    cells: list[str]
    wrong: Mapping[int, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file where it begins, its cells by column, trimmed.

    `fault` says what is wrong with the row as such, if anything is; `wrong` what is with cells, by
    column: their text is not what they mean, so they must not be imported.
    """

    line: int
    cells: dict[str, str]
    fault: str | None = None
    wrong: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Sheet:
    """The columns of a table and its rows; rows that are empty throughout are left out.

    Of columns with the same name each has its number behind it, as in `phone (2)`; `twice` are
    the names that there were. `notes` say what a person should know of how the file was read.
    """

    columns: Sequence[str]
    rows: Sequence[Row]
    twice: frozenset[str] = frozenset()
    notes: Sequence[str] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What a person says about how a file is to be read; what they leave open is found out."""

    sheet: str | None = None
    encoding: str | None = None
    separator: str | None = None
    header_row: int = 1


def read_sheet(path: Path, how: Reading = Reading(), bounds: Bounds = DEFAULT) -> Sheet:
    """Read a CSV file, or one sheet of an XLSX file. Raises `SheetError`.

    What a file is is told by how it begins, not by its name. What is larger than the bounds is
    refused before it is read.
    """
    from api.imports.files.delimited import delimited
    from api.imports.files.workbooks import is_workbook, workbook

    try:
        require_bounded(path, bounds)
        with path.open("rb") as file:
            start = file.read(8)
        if is_workbook(path, start):
            if how.separator is not None or how.encoding is not None:
                raise SheetError(f"{path} is an XLSX file, which has no separator and no encoding.")
            notes, lines = workbook(path, how.sheet, bounds.cells)
            return _table(path, notes, _counted(lines, bounds.cells), how.header_row, padded=True)
        if how.sheet is not None:
            raise SheetError("Only an XLSX file has sheets to choose from.")
        notes, lines = delimited(path, how.encoding, how.separator)
        return _table(path, notes, _counted(lines, bounds.cells), how.header_row, padded=False)
    except Unbounded as error:
        raise SheetError(str(error)) from error
    except OSError as error:
        raise SheetError(f"{path} cannot be read: {error.strerror or error}.") from error


def _counted(lines: Iterator[Line], limit: int) -> Iterator[Line]:
    """Yield lines while they have no more than `limit` cells. Raises `SheetError`."""
    cells = 0
    for line in lines:
        cells += max(1, len(line.cells))
        if cells > limit:
            raise SheetError(
                f"Line {line.number}: a table has {limit:,} cells at most, empty ones too."
            )
        yield line


def _table(
    path: Path, notes: Sequence[str], lines: Iterator[Line], header_row: int, *, padded: bool
) -> Sheet:
    """Make a table of lines; those that come `padded` may be shorter than the header."""
    place = f"row {header_row}" if header_row > 1 else "first row"
    header = next((line for count, line in enumerate(lines, 1) if count == header_row), None)
    if header is None or not any(header.cells):
        raise SheetError(f"{path} has no {place} that names the columns.")
    found = [" ".join(cell.split()) for cell in header.cells]
    while not found[-1]:
        found.pop()
    columns, twice = _told_apart(found)
    rows = [
        _row(line, columns, padded=padded) for line in lines if any(line.cells) or any(line.wrong)
    ]
    return Sheet([column for column in columns if column], rows, twice, tuple(notes))


def _told_apart(found: Sequence[str]) -> tuple[list[str], frozenset[str]]:
    """Return names of columns of which no two are the same, and those that were."""
    counts, seen = Counter(filter(None, found)), Counter[str]()
    columns = []
    for name in found:
        seen[name] += 1
        columns.append(f"{name} ({seen[name]})" if counts[name] > 1 else name)
    return columns, frozenset(name for name, count in counts.items() if count > 1)


def _row(line: Line, columns: Sequence[str], *, padded: bool) -> Row:
    width, cells = len(columns), line.cells
    filled = max((place for place, cell in enumerate(cells, 1) if cell), default=0)
    misshapen = filled > width or (len(cells) < width and not padded)
    fault = f"{max(len(cells), filled)} cells, but {width} columns" if misshapen else None
    cells = cells[:width] + [""] * (width - len(cells))
    known = {name: cell for name, cell in zip(columns, cells, strict=True) if name}
    wrong = {columns[i]: why for i, why in line.wrong.items() if i < width and columns[i]}
    return Row(line.number, known, fault, wrong)
