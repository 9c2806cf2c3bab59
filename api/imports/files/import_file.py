"""Importing one file from the command line: checked, done, reported."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.commands.access_cache import Guard
from adapters.commands.bootstrap import lay
from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.privacy.person_keys import PersonKeys
from adapters.settings import Settings
from adapters.storage.databases import connect
from adapters.storage.private_files import make_folder
from api.imports.files.sheets import Reading, Sheet, SheetError, read_sheet
from api.imports.files.unpacking import Bounds
from api.imports.importer import Commands, Importer
from api.imports.mapping import MappingError, SheetMapping
from api.imports.notes import import_notes
from api.imports.on_behalf import behalf_of
from api.imports.result import Fault, Result
from api.imports.row_commands import Plan, kinds
from api.imports.waiting import wait_until_read
from api.kernel.access.at_machine import note_read
from api.kernel.reading.told import Told
from api.kernel.terminal import Failure, notes, out, progress

SHOWN = 20
"""Faults and likely duplicates that are shown; all of them go into the file of errors."""


@dataclasses.dataclass(frozen=True)
class Wish:
    """How a file is to be imported, beside what its columns mean.

    `employee` is on whose behalf and by whose permissions, `unit` in whose name; `source` tells
    files apart whose keys are the same but mean others; with `wait` the end is when rows and
    reports have what was imported; with `update` rows that came in before with other values change
    their records.
    """

    reading: Reading = dataclasses.field(default_factory=Reading)
    dry_run: bool = False
    errors: Path | None = None
    employee: str | None = None
    unit: str | None = None
    source: str = ""
    wait: bool = False
    update: bool = False


def import_file(
    settings: Settings, kind: str, file: Path, mapping: SheetMapping, wish: Wish = Wish()
) -> Result:
    """Import a file of records of one kind and print what became of it.

    Raises `Failure`: with 2 when the file or the mapping cannot be used, with 1 when rows failed.
    """
    if kind not in kinds():
        raise Failure(f"There is nothing called {kind!r}; there are {', '.join(kinds())}.", 2)
    try:
        sheet = read_sheet(file, wish.reading, Bounds.of(settings))
        plan = Plan(kinds()[kind].kind, mapping, sheet)
    except (SheetError, MappingError) as error:
        raise Failure(str(error), 2) from error
    if wish.update and not mapping.key:
        raise Failure("--update goes by a key: name the column that has it by --key.", 2)
    for note in import_notes(plan, sheet):
        notes.print(note, markup=False, highlight=False)
    make_folder(settings.data)
    keys, rows = PersonKeys.of(settings), connect(settings.rows_url, "normal")
    journal = Journal(settings.journal_url, keys=keys)
    try:
        journal.create(settings.zone)
        guard = Guard(journal, rows)
        with executing(journal, guard, settings.record_events, wish.dry_run) as executor:
            behalf = behalf_of(journal, guard, wish.employee, wish.unit, _digest(file))
            importer = Importer(
                plan,
                journal,
                executor,
                behalf=behalf,
                source=wish.source,
                rows=rows,
                update=wish.update,
            )
            title = f"{'Checking' if wish.dry_run else 'Importing'} {kind}"
            with progress(title, len(sheet.rows)) as advance:
                result = importer.run(sheet, advance)
        _note_differences(journal, file, result, wish.employee)
    finally:
        journal.close()
        rows.dispose()
        keys.close()
    if wish.errors is not None:
        _write(wish.errors, sheet, result.faults)
    _report(result, wish.dry_run)
    if wish.wait and result.position and not wish.dry_run:
        wait_until_read(settings, result.position)
    if result.faults:
        raise Failure(f"{len(result.faults):,} of {len(sheet.rows):,} rows failed.")
    return result


def _note_differences(journal: Journal, file: Path, result: Result, employee: str | None) -> None:
    """Note that the former values of records are shown, as of any read."""
    if result.updated:
        ids = [each.id for each in result.updated]
        told = Told(journal.head().position, len(ids), ids)
        note_read(
            journal, "import.differences", f"keyline import {file.name}", told, behalf=employee
        )


def _digest(file: Path) -> str:
    """Return the SHA-256 of a file, as `sha256sum` prints it."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def executing(journal: Journal, guard: Guard, longest: int, dry_run: bool) -> Iterator[Commands]:
    """Yield what takes commands at this machine and, in a dry run, keeps nothing of them."""
    executor = Executor(journal, guard=guard, longest=longest)
    executor.start()
    try:
        lay(executor)
        if dry_run:
            with Rehearsal(journal, guard, longest) as rehearsal:
                yield rehearsal
        else:
            yield executor
    finally:
        executor.stop()


def _report(result: Result, dry_run: bool) -> None:
    for fault in result.faults[:SHOWN]:
        notes.print(f"line {fault.line}: {fault.reason}", style="red", markup=False)
    _more(len(result.faults))
    for each in result.alike[:SHOWN]:
        names = ", ".join(each.names)
        notes.print(f"line {each.line}: {each.name} is like {names}", style="yellow", markup=False)
    _more(len(result.alike))
    for one in result.updated if dry_run else result.updated[:SHOWN]:
        said = "; ".join(map(str, one.differences))
        notes.print(f"line {one.line}: {said}", style="cyan", markup=False)
    _more(0 if dry_run else len(result.updated))
    done = "would be imported" if dry_run else "imported"
    changed = "would be changed" if dry_run else "changed"
    updated = f"{len(result.updated):,} {changed}, " if result.updated else ""
    at = f" Position {result.position:,}." if result.position and not dry_run else ""
    out.print(
        f"{result.imported:,} {done}, {result.unchanged:,} were there already, {updated}"
        f"{len(result.faults):,} failed, {len(result.alike):,} look like others.{at}",
        soft_wrap=True,
        highlight=False,
    )


def _more(count: int) -> None:
    if count > SHOWN:
        notes.print(f"… and {count - SHOWN:,} more")


def _write(path: Path, rows: Sheet, faults: Sequence[Fault]) -> None:
    """Write the rows that failed as they were, with their lines and reasons."""
    cells = {row.line: row.cells for row in rows.rows}
    # With a byte order mark, so that spreadsheets take it for what it is.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["line", "reason", *rows.columns])
        for fault in faults:
            writer.writerow([fault.line, fault.reason, *cells[fault.line].values()])
