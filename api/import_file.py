"""Importing one file from the command line: checked, done, reported."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from adapters.executor import Executor
from adapters.foundation import lay
from adapters.journal import Journal
from adapters.person_keys import PersonKeys
from adapters.private import make_folder
from adapters.rehearsal import Rehearsal
from adapters.settings import Settings
from api.importing import Commands, Fault, Importer, Result
from api.mapping import MappingError, SheetMapping
from api.plan import Plan, kinds
from api.sheets import Sheet, SheetError, read_sheet
from api.terminal import Failure, notes, out, progress

SHOWN = 20
"""Faults and likely duplicates that are shown; all of them go into the file of errors."""


def import_file(
    settings: Settings,
    kind: str,
    file: Path,
    mapping: SheetMapping,
    *,
    dry_run: bool = False,
    errors: Path | None = None,
    unit: str = "group",
    source: str = "",
    sheet: str | None = None,
    encoding: str = "utf-8",
) -> None:
    """Import a file of records of one kind and print what became of it.

    Raises `Failure`: with 2 when the file or the mapping cannot be used, with 1 when rows failed.
    """
    if kind not in kinds():
        raise Failure(f"There is nothing called {kind!r}; there are {', '.join(kinds())}.", 2)
    try:
        rows = read_sheet(file, encoding, sheet)
        plan = Plan(kinds()[kind].kind, mapping, rows)
    except (SheetError, MappingError) as error:
        raise Failure(str(error), 2) from error
    make_folder(settings.data)
    keys = PersonKeys.of(settings)
    journal = Journal(settings.journal_url, keys=keys)
    try:
        journal.create()
        with _executor(journal, dry_run) as executor:
            importer = Importer(plan, journal, executor, unit=unit, source=source)
            title = f"{'Checking' if dry_run else 'Importing'} {kind}"
            with progress(title, len(rows.rows)) as advance:
                result = importer.run(rows, advance)
    finally:
        journal.close()
        keys.close()
    if errors is not None:
        _write(errors, rows, result.faults)
    _report(result, dry_run)
    if result.faults:
        raise Failure(f"{len(result.faults):,} of {len(rows.rows):,} rows failed.")


@contextmanager
def _executor(journal: Journal, dry_run: bool) -> Iterator[Commands]:
    executor = Executor(journal)
    executor.start()
    try:
        lay(executor)
        if dry_run:
            with Rehearsal(journal) as rehearsal:
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
    done = "would be imported" if dry_run else "imported"
    out.print(
        f"{result.imported:,} {done}, {result.unchanged:,} were there already, "
        f"{len(result.faults):,} failed, {len(result.alike):,} look like others.",
        soft_wrap=True,
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
