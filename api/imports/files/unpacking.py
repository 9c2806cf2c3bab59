"""Unpacking: how large a file to import may be, looked at before any of it is read."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from adapters.settings import Settings

RATIO = 200
"""How many times its packed size a large part of an XLSX file may have; text packs to a tenth."""

LARGE = 4_000_000
"""Bytes of a part from which this is asked, for a column of one value packs well."""

PARTS = 2000
"""Parts of an XLSX file at most: sheets, styles, pictures."""

_PROLOG = 65_536
_MARK = b"\xef\xbb\xbf"
_XML = re.compile(rb"[\s\0\xef\xbb\xbf\xfe\xff]*<")
_ENCODING = re.compile(rb"""\s*<\?xml\s[^>]*?\bencoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_ROOT = re.compile(rb"<[^\W\d]")
_ONE_BY_ONE = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_STREAMED = re.compile(r"xl/worksheets/[^/]+\.xml|.*\.(png|jpe?g|gif|emf|wmf|bin)", re.IGNORECASE)


class Unbounded(ValueError):
    """A file would take more memory than an import may; the text says why."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How large a file may be in bytes, an XLSX file unpacked, and a table in cells.

    What is held whole of an XLSX file, its texts and styles, may be a quarter of `unpacked`.
    """

    file: int = 268_435_456
    unpacked: int = 268_435_456
    cells: int = 10_000_000

    @classmethod
    def of(cls, settings: Settings) -> Bounds:
        """Return what the settings say."""
        return cls(settings.file_limit, settings.unpacked_limit, settings.cells_limit)


DEFAULT = Bounds()


def require_bounded(path: Path, bounds: Bounds) -> None:
    """Look at the size of a file, and of an XLSX file at its parts. Raises `Unbounded`, `OSError`.

    The reader of its parts stops where the directory says that they end, so they are no larger.
    """
    size = path.stat().st_size
    if size > bounds.file:
        raise Unbounded(f"{path} has {size:,} bytes; a file has {bounds.file:,} at most.")
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as book:
            _require_parts(path, book, bounds)
    except (zipfile.BadZipFile, EOFError, RuntimeError, UnicodeDecodeError) as error:
        raise Unbounded(f"{path} is not an XLSX file.") from error


def _require_parts(path: Path, book: zipfile.ZipFile, bounds: Bounds) -> None:
    parts = book.infolist()
    if len(parts) > PARTS:
        raise Unbounded(f"{path} has {len(parts):,} parts; an XLSX file has {PARTS:,} at most.")
    unpacked = sum(part.file_size for part in parts)
    held = sum(part.file_size for part in parts if not _STREAMED.fullmatch(part.filename))
    if unpacked > bounds.unpacked:
        raise Unbounded(f"{path} unpacks to {unpacked:,} bytes; {bounds.unpacked:,} are taken.")
    if held > bounds.unpacked // 4:
        text = f"{path} has texts and styles of {held:,} bytes; {bounds.unpacked // 4:,} are taken."
        raise Unbounded(text)
    for part in parts:
        if part.file_size > max(LARGE, RATIO * part.compress_size):
            text = f"{path}: {part.filename} unpacks to {part.file_size:,} bytes from "
            raise Unbounded(f"{text}{part.compress_size:,}, as no text does.")
        if part.compress_type not in _ONE_BY_ONE:
            raise Unbounded(f"{path}: {part.filename} is packed in a way that XLSX files are not.")
        _require_plain(path, book, part)


def _require_plain(path: Path, book: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse XML that is not UTF-8, or declares anything: entities grow without end.

    Cells are counted in the bytes of UTF-8, which is what spreadsheets write. A part that does not
    begin like XML, whatever it is called, is read as XML by nobody.
    """
    with book.open(part) as file:
        start = file.read(_PROLOG)
    if not _XML.match(start):
        return
    text = start.removeprefix(_MARK)
    if b"\0" in text[:4] or _ENCODING.match(text):
        raise Unbounded(f"{path}: {part.filename} is not UTF-8, as XLSX files are.")
    root = _ROOT.search(text)
    if root is None or b"<!DOCTYPE" in text[: root.start()]:
        raise Unbounded(f"{path}: {part.filename} has declarations, which XLSX files have not.")
