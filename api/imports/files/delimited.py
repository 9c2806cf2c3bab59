"""Delimited: text files as tables, whatever their encoding, byte order mark and separator."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from api.imports.files.sheets import Line, SheetError

LONGEST = 1_000_000
"""Characters of one row at most, in however many lines of the file: it is held whole."""

_MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32-le",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_CANDIDATES = ",;\t|"
_OF_NAMES = ("idna", "punycode")
"""Encodings of the names of hosts, which take ever longer the longer a text is."""
_OLD_CHINESE = "Chinese files of older programs often are --encoding gb18030."


def delimited(
    path: Path, encoding: str | None, separator: str | None
) -> tuple[Sequence[str], Iterator[Line]]:
    """Return notes for a person, and the lines of a text file.

    A byte order mark says for certain what the encoding is; without one it is the one named, by
    default UTF-8. The separator is the one named, that of a first line `sep=;` as Excel writes it,
    or whichever gives the first line most columns. Raises `SheetError`.
    """
    text, notes = _decoded(path, path.read_bytes(), encoding)
    skipped = 0
    if (told := re.match(r"sep=(.)\r?\n", text)) is not None:
        text, skipped, separator = text[told.end() :], 1, separator or told[1]
    mark = _separator(path, separator, text)
    return notes, _lines(path, text, mark, skipped)


def _decoded(path: Path, content: bytes, encoding: str | None) -> tuple[str, list[str]]:
    notes: list[str] = []
    mark = next((mark for mark in _MARKS if content.startswith(mark)), None)
    if mark is not None:
        found, content = _MARKS[mark], content[len(mark) :]
        if encoding is not None and _canonical(encoding) not in (found, found[:6], "utf-8-sig"):
            notes.append(f"Its byte order mark says that it is {found}, not {encoding}; so it is.")
    else:
        found = _canonical(encoding or "utf-8")
        if found not in ("utf-8", "utf-8-sig") and _is_chinese_utf8(content):
            raise SheetError(f"{path} is UTF-8, not {encoding}: leave --encoding away.")
    try:
        text = content.decode(found)
    except UnicodeError as error:
        advice = _OLD_CHINESE if encoding is None else "Without --encoding it is taken for UTF-8."
        raise SheetError(f"{path} is not {found.upper()} text; {advice}") from error
    if "\0" in text:
        raise SheetError(f"{path} is no text in {found.upper()}: it has characters of code 0.")
    return text, notes


def _canonical(encoding: str) -> str:
    try:
        found = codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise SheetError(f"There is no encoding {encoding!r}.") from error
    if not getattr(found, "_is_text_encoding", True) or found.name in _OF_NAMES:
        raise SheetError(f"{encoding!r} is no encoding of text.")
    return found.name


def _is_chinese_utf8(content: bytes) -> bool:
    """Whether bytes are UTF-8 with characters of three bytes, which is no chance."""
    try:
        return any(character > "\u07ff" for character in content.decode())
    except UnicodeDecodeError:
        return False


class _Pieces:
    """The lines of a text, while those taken since the last row are not too long for one."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = io.StringIO(text, newline="")
        self.taken = 0

    def __iter__(self) -> _Pieces:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.taken += len(line)
        if self.taken > LONGEST:
            raise SheetError(f"{self._path} has a row of more than {LONGEST:,} characters.")
        return line


def _separator(path: Path, named: str | None, text: str) -> str:
    if named is not None:
        mark = _NAMES.get(named.lower(), named)
        if len(mark) != 1 or mark in '"\r\n':
            raise SheetError(f"A separator is one character, or tab, not {named!r}.")
        return mark
    return max(_CANDIDATES, key=lambda mark: _width(path, text, mark))


def _width(path: Path, text: str, mark: str) -> int:
    """Return how many columns a separator gives the first line; quoted ones do not separate."""
    try:
        return len(next(csv.reader(_Pieces(path, text), delimiter=mark), []))
    except csv.Error:
        return 0


def _lines(path: Path, text: str, mark: str, skipped: int) -> Iterator[Line]:
    pieces = _Pieces(path, text)
    reader = csv.reader(pieces, delimiter=mark, strict=True)
    line = skipped + 1
    try:
        for cells in reader:
            yield Line(line, [cell.strip() for cell in cells])
            line = skipped + reader.line_num + 1
            pieces.taken = 0
    except csv.Error as error:
        place = skipped + reader.line_num
        raise SheetError(f"{path}, line {place}: {error}. Is the separator right?") from error
