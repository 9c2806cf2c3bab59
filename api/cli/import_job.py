"""Importing one file from the command line: checked, done, reported."""

from __future__ import annotations

import dataclasses
from functools import partial
from pathlib import Path

from adapters.commands.access_cache import Guard
from adapters.journal.journal import Journal
from adapters.settings import Settings
from api.imports.files.import_file import ImportFile, Unfit, Wish
from api.imports.on_behalf import Behalf, behalf_of
from api.imports.result import Result
from api.imports.waiting import wait_until_read
from api.kernel.access.at_machine import note_read
from api.kernel.reading.told import Told
from api.kernel.terminal import Failure, notes, out, progress

SHOWN = 20
"""Faults and likely duplicates that are shown; all of them go into the file of errors."""


@dataclasses.dataclass(frozen=True)
class Terms:
    """How a file is imported from the command line, beside what is to be made of it.

    `employee` is on whose behalf and by whose permissions, `unit` in whose name; rows that failed
    go to the file `errors`; with `wait` the end is when rows and reports have what was imported.
    """

    errors: Path | None = None
    employee: str | None = None
    unit: str | None = None
    wait: bool = False


def import_file(settings: Settings, file: Path, wish: Wish, terms: Terms) -> Result:
    """Import a file and print what became of it.

    Raises `Failure`: with 2 when the file or the mapping cannot be used, with 1 when rows failed.
    """
    try:
        found = ImportFile(settings, file, wish)
    except Unfit as error:
        raise Failure(str(error), 2) from error
    for note in found.notes():
        notes.print(note, markup=False, highlight=False)

    def behalf(journal: Journal, guard: Guard) -> Behalf:
        return behalf_of(journal, guard, terms.employee, terms.unit, found.digest)

    total = len(found.sheet.rows)
    with progress(f"{'Checking' if wish.dry_run else 'Importing'} {wish.kind}", total) as advance:
        result = found.run(
            behalf,
            lambda part: advance(sum(len(each.rows) for each in part)),
            end=partial(_note_differences, file, terms.employee),
        )
    if terms.errors is not None:
        with terms.errors.open("w", encoding="utf-8", newline="") as errors:
            errors.writelines(found.failed(result))
    _report(result, wish.dry_run)
    if terms.wait and result.position and not wish.dry_run:
        wait_until_read(settings, result.position)
    if result.faults:
        raise Failure(f"{len(result.faults):,} of {total:,} rows failed.")
    return result


def _note_differences(file: Path, employee: str | None, journal: Journal, result: Result) -> None:
    """Note that the former values of records are shown, as of any read."""
    if result.updated:
        ids = [each.id for each in result.updated]
        told = Told(journal.head().position, len(ids), ids)
        note_read(
            journal, "import.differences", f"keyline import {file.name}", told, behalf=employee
        )


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
    for run in result.runs[:SHOWN]:
        out.print(str(run), soft_wrap=True, highlight=False, markup=False)
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
