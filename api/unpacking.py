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
_ROOT = re.compile(r"<[^\W\d]")
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
        if part.filename.endswith((".xml", ".rels", ".vml")):
            _require_plain(path, book, part)


def _require_plain(path: Path, book: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a part that declares anything before its first element: entities grow without end."""
    with book.open(part) as file:
        start = file.read(_PROLOG)
    utf16 = start.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in start[:4]
    text = start.decode("utf-16" if utf16 else "latin-1", "replace")
    root = _ROOT.search(text)
    if start and (root is None or "<!DOCTYPE" in text[: root.start()]):
        raise Unbounded(f"{path}: {part.filename} has declarations, which XLSX files have not.")
