"""Sealed history: a folder of segments with manifests, trusted only as far as they prove sound."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import file_digest, sha256
from itertools import chain
from pathlib import Path
from typing import Any

import structlog

from projections.kernel.warehouse import segments
from projections.kernel.warehouse.facts import facts
from projections.kernel.warehouse.segments import Part

log = structlog.get_logger(__name__)

SEGMENT = 500_000
"""How many events a segment has, when there are enough."""

MANIFEST = "manifest.json"

Source = Callable[[int], Iterable[Iterable[Sequence[Any]]]]
"""Gives the raw rows of the journal after a position, in batches, to the end."""


@dataclass(frozen=True)
class Segment:
    """The facts of the positions `first` to `last`, both in it, by their names.

    `end` is the SHA-256 of the last row of the journal that is in it: it tells which journal.
    """

    folder: Path
    first: int
    last: int
    end: str
    parts: Mapping[str, Part]

    def held(self) -> Iterator[tuple[str, Part]]:
        """Yield the files of facts, each with its path in the folder of all segments."""
        for name, part in self.parts.items():
            if name != segments.REST:
                yield name, replace(part, file=f"{self.folder.name}/{part.file}")

    def rest(self) -> Path | None:
        """Return the file of the raw rows that no fact table takes, if there are any."""
        part = self.parts.get(segments.REST)
        return None if part is None else self.folder / part.file

    def faults(self, *, thorough: bool) -> list[str]:
        """Return the parts that are missing, damaged or of another shape than the code's.

        Thorough is to read every byte; else a file of the right size passes.
        """
        known = {fact.name for fact in facts().values()} | {segments.REST}
        return [
            name
            for name, part in self.parts.items()
            if name not in known
            or part.file != segments.file_of(name)
            or not part.sound(self.folder, thorough=thorough)
        ]


class Segments:
    """The folder `segments/`: `000000000001-000000500000/` has the files of these positions.

    A segment is written in a folder of another name, which gets its own at the end, all in one
    step. A part that is made again takes the place of the old one in one step too, the manifest
    last; what is not in the manifest is not there.
    """

    def __init__(self, folder: Path) -> None:
        """Look after a folder; it is made when there is something to seal."""
        self.folder = folder
        self._mending = threading.Lock()

    def all(self) -> list[Segment]:
        """Return the segments that follow one another without a gap from position 1."""
        found: dict[int, Segment] = {}
        for folder in sorted(self.folder.glob("[0-9]*-[0-9]*")):
            if segment := _read(folder):
                found[segment.first] = segment  # of several, the longest comes last
        line, after = [], 1
        while after in found:
            line.append(found[after])
            after = found[after].last + 1
        return line

    def last(self) -> int:
        """Return the position up to which history is sealed."""
        line = self.all()
        return line[-1].last if line else 0

    def sound(self, read: Source) -> list[Segment]:
        """Return the segments when each is known to be whole, of the code's shapes and of `read`.

        What is not is made again from `read`; what the journal does not have is removed.
        """
        line = self.all()
        while line and line[-1].end != _end(read, line[-1].last):
            gone = line.pop()
            log.warning("segment.foreign", folder=gone.folder.name)
            shutil.rmtree(gone.folder)
        with self._mending:
            return [self._mended(segment, read) for segment in line]

    def seal(
        self, read: Source, upto: int, *, size: int = SEGMENT, least: int = SEGMENT
    ) -> Iterator[Segment]:
        """Seal what is not yet, up to a position, in segments of `size` events; yield each.

        A last one that would have fewer than `least` is left for later.
        """
        first = self.last() + 1
        while upto - first + 1 >= min(least, size):
            last = min(upto, first + size - 1)
            yield self._sealed(read, first, last)
            first = last + 1

    def sweep(self) -> None:
        """Remove what is in no manifest: files of former shapes, and what a crash left behind."""
        for folder in self.folder.glob("new-*-*"):
            if not _alive(int(folder.name.split("-")[1])):
                shutil.rmtree(folder, ignore_errors=True)
        with self._mending:
            for segment in self.all():
                named = {MANIFEST, *(part.file for part in segment.parts.values())}
                for file in segment.folder.iterdir():
                    if file.name not in named:
                        file.unlink(missing_ok=True)

    def _sealed(self, read: Source, first: int, last: int) -> Segment:
        name = f"{first:012}-{last:012}"
        beside = self.folder / f"new-{os.getpid()}-{name}"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        end: list[Sequence[Any]] = []
        rows = segments.write(_stretch(read, first, last, end), beside)
        if sum(rows.values()) != last - first + 1:
            raise ValueError(f"The journal has not every event from {first} to {last}.")
        parts = {each: _part(beside / segments.file_of(each), rows[each]) for each in rows}
        whole = Segment(beside, first, last, _digest(end[0]), parts)
        _write(whole)
        place = self.folder / name
        shutil.rmtree(place, ignore_errors=True)  # one without a manifest that can be read
        beside.rename(place)
        _sync(self.folder)
        return Segment(place, first, last, whole.end, parts)

    def _mended(self, segment: Segment, read: Source) -> Segment:
        bad = segment.faults(thorough=True)
        if not bad:
            return segment
        log.warning("segment.mended", folder=segment.folder.name, parts=bad)
        # Which facts there are in the rest, or in a type no more known, shows only in the whole.
        some = set(bad) <= {fact.name for fact in facts().values()}
        beside = self.folder / f"new-{os.getpid()}-{segment.folder.name}"
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        rows_of_all = _stretch(read, segment.first, segment.last, [])
        rows = segments.write(rows_of_all, beside, bad if some else None)
        parts = dict(segment.parts) if some else {}
        for name, count in rows.items():
            file = segments.file_of(name)
            parts[name] = _part(beside / file, count)
            (beside / file).replace(segment.folder / file)
        beside.rmdir()
        mended = Segment(segment.folder, segment.first, segment.last, segment.end, parts)
        _write(mended)
        return mended


def _stretch(
    read: Source, first: int, last: int, end: list[Sequence[Any]]
) -> Iterator[list[Sequence[Any]]]:
    """Yield the rows of some positions; the last one is put into `end`."""
    for batch in read(first - 1):
        rows = [row for row in batch if row[0] <= last]
        if rows:
            yield rows
        if not rows or rows[-1][0] >= last:
            end.extend(rows[-1:])
            return


def _end(read: Source, position: int) -> str | None:
    row = next(chain.from_iterable(read(position - 1)), None)
    return None if row is None else _digest(row)


def _digest(row: Sequence[Any]) -> str:
    return sha256(json.dumps(list(row), default=str).encode()).hexdigest()


def _part(path: Path, rows: int) -> Part:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
        return Part(path.name, rows, os.fstat(file.fileno()).st_size, digest)


def _read(folder: Path) -> Segment | None:
    """Return what a manifest says, `None` when it cannot be believed."""
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        parts = {name: Part(**part) for name, part in content["parts"].items()}
        first, last, end = int(content["first"]), int(content["last"]), str(content["end"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    rows = sum(part.rows for part in parts.values())
    named = folder.name == f"{first:012}-{last:012}"
    return Segment(folder, first, last, end, parts) if named and rows == last - first + 1 else None


def _write(segment: Segment) -> None:
    """Write the manifest, last of all, in one step."""
    content = {
        "first": segment.first,
        "last": segment.last,
        "end": segment.end,
        "parts": {name: asdict(part) for name, part in segment.parts.items()},
    }
    beside = segment.folder / f"{MANIFEST}.new"
    with beside.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(segment.folder / MANIFEST)
    _sync(segment.folder)


def _alive(process: int) -> bool:
    """Tell whether a process may still be writing; our own clears up after itself."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
