"""Jobs: one file that was sent, imported as whoever sent it; how far it is, what it came to."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import structlog

from adapters.commands.access_cache import Guard
from adapters.imports.import_store import ImportStore, Row
from adapters.imports.import_tables import COUNTS
from adapters.journal.journal import Journal
from adapters.settings import Settings
from adapters.storage.private_files import make_folder
from api.imports.files.import_file import ImportFile, Unfit
from api.imports.jobs.asked import Asked
from api.imports.jobs.form import PIECE
from api.imports.mapping import MappingError
from api.imports.on_behalf import Behalf, sight_of
from api.imports.result import Result, Stopped
from api.imports.rows import Work
from api.kernel.problems import InternalError, UnfitFile, document
from domain.kernel.actors import Actor
from domain.kernel.tally import Tally
from projections.kernel.visibility.visibility import Party

log = structlog.get_logger(__name__)

SHOWN = 100
"""Faults, likely duplicates and updates that are told; all faults are in the file of errors."""

CHARACTERS = 500
"""Of a text among them."""

BETWEEN = 0.3
"""Seconds between two words on how far it is."""

RUNS = 5
"""How often an import is begun that is interrupted each time."""

_KNOWN = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls")


class Job:
    """An import that this process has begun."""

    def __init__(self, settings: Settings, store: ImportStore, row: Row) -> None:
        """Begin with what is known of it."""
        self._settings, self._store, self._row = settings, store, row
        self._counts = Counter[str]()
        self._told = 0.0

    def work(self) -> None:
        """Import the file to its end. Raises `Overtaken`, and what only another run may mend."""
        row = self._row
        if row["runs"] > RUNS:
            refusal = InternalError(f"It was begun {RUNS} times and broke off each time.")
            self._end("failed", {"problem": orjson.Fragment(document(refusal))})
            return
        asked = Asked.model_validate_json(b"".join(self._store.read(row["id"], "asked")))
        suffix = Path(row["file"]).suffix.lower()
        folder = self._settings.data / "imports" / row["id"]
        make_folder(folder)
        path = folder / f"file{suffix if suffix in _KNOWN else ''}"
        try:
            with path.open("wb") as file:
                file.writelines(self._store.read(row["id"], "file"))
            self._import(path, asked)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _import(self, path: Path, asked: Asked) -> None:
        called = self._row["file"] or "The file"
        try:
            found = ImportFile(self._settings, path, asked.wish())
        except (Unfit, MappingError) as error:
            refusal = UnfitFile(str(error).replace(str(path), called))
            self._end("failed", {"problem": orjson.Fragment(document(refusal))})
            return
        path.unlink()
        told: dict[str, Any] = {"notes": [_short(each) for each in found.notes()][:SHOWN]}
        self._store.tell(self._row, rows=len(found.sheet.rows))
        after = None if asked.dry_run or self._row["runs"] == 1 else self._row["after"]
        result = found.run(self._behalf, self._advance, after)
        self._store.restate(self._row, "errors", _pieces(found.failed(result)))
        stopped = sum(self._counts.values()) < len(found.sheet.rows)
        self._end("cancelled" if stopped else "done", told | _shown(result), result, asked.dry_run)

    def _behalf(self, journal: Journal, guard: Guard) -> Behalf:
        row = self._row
        actor, deputy = Actor(row["actor_kind"], row["actor"]), row["on_behalf_of"] or None
        party = Party(actor.id, on_behalf_of=deputy)
        if actor.kind == "key":
            party = Party(None, key=actor.id)
        credential = f"import {row['id']} by {row['credential']}"[:200]
        sees = sight_of(journal, guard, party)
        return Behalf(actor, row["unit"], deputy, party, credential, row["sha256"], sees)

    def _advance(self, part: Sequence[Work]) -> None:
        self._counts.update(each.outcome for each in part for _ in each.rows)
        if time.monotonic() > self._told + BETWEEN:
            self._told = time.monotonic()
            if self._store.tell(self._row, **self._counts):
                raise Stopped("the import was cancelled before this row")

    def _end(
        self,
        state: str,
        told: dict[str, Any],
        result: Result | None = None,
        dry_run: bool = False,
    ) -> None:
        self._store.restate(self._row, "told", [orjson.dumps(told)])
        known: dict[str, Any] = {}
        if result is not None:
            numbers = (result.imported, result.unchanged, len(result.updated), len(result.faults))
            known |= dict(zip(COUNTS, numbers, strict=True)) | {"alike": len(result.alike)}
            known["position"] = None if dry_run else result.position or None
        self._store.end(self._row, state, **known)
        log.info("import.ended", id=self._row["id"], state=state, **known)


def _shown(result: Result) -> dict[str, Any]:
    """Return what is told of the first rows of each sort."""
    return {
        "faults": [
            {"line": each.line, "reason": _short(each.reason)} for each in result.faults[:SHOWN]
        ],
        "likely_duplicates": [
            {"line": each.line, "name": _short(each.name), "names": list(each.names)}
            for each in result.alike[:SHOWN]
        ],
        "runs": [
            {
                "system": _short(run.system),
                "month": run.month,
                **{name: _total(getattr(run, name)) for name in ("announced", "received")},
                "missing": _total(run.missing),
            }
            for run in result.runs[:SHOWN]
        ],
        "updates": [
            {
                "line": each.line,
                "id": each.id,
                "differences": [
                    {"field": one.field, "before": _said(one.before), "after": _said(one.after)}
                    for one in each.differences
                ],
            }
            for each in result.updated[:SHOWN]
        ],
    }


def _total(tally: Tally | None) -> Any:
    return None if tally is None else {"bills": tally.number, "total": str(tally.amount)}


def _said(value: Any) -> str | None:
    return None if value is None else _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= CHARACTERS else f"{text[:CHARACTERS]}…"


def _pieces(lines: Iterable[str]) -> Iterator[bytes]:
    piece = bytearray()
    for line in lines:
        piece += line.encode()
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)
