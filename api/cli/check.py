"""Checking every store that anything is answered from against the journal, and telling of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pydantic import TypeAdapter
from rich.markup import escape
from rich.table import Table

from adapters.journal.journal import Journal
from adapters.journal.tally_recount import STORE as TALLIES
from adapters.settings import Settings
from adapters.warehouse.checking import ABSENT, WAREHOUSE
from adapters.warehouse.rebuild_requests import NobodyAnswers, RebuildRequests
from adapters.warehouse.warehouse import Warehouse, WarehouseInUse
from api.cli.rebuild_jobs import check_persons, check_rows, check_tallies, chosen, rows_of
from api.kernel.access.at_machine import note_read
from api.kernel.reading.told import Told
from api.kernel.terminal import Failure, notes, out, progress_to
from projections.kernel.findings import Report
from projections.kernel.rows.checking import STORE as ROWS
from projections.kernel.warehouse.loader import RebuildRequired
from streams.followers.erase_persons import STORE as PERSONS

REPORT = TypeAdapter(Report)

MENDS = {
    ROWS: "keyline rebuild",
    PERSONS: "keyline rebuild persons",
    TALLIES: "keyline rebuild tallies",
    WAREHOUSE: "keyline rebuild warehouse",
}
"""What makes a store anew from the journal."""

COMMAND = "keyline replay --check"


def check_stores(settings: Settings, names: Sequence[str] = ()) -> list[Report]:
    """Compare stores with what the journal makes of it, with a progress bar for each.

    Args:
        settings: Where they are.
        names: Read models, whose rows are compared, `persons`, for what they are found by,
            `tallies`, for what runs of bills are balanced by, and `warehouse`; none for everything.

    Raises `Failure` for a name that there is not, `Busy` when somebody else checks.
    """
    models = [name for name in names if name not in (PERSONS, TALLIES, WAREHOUSE)]
    reports = [check_rows(settings, chosen(models))] if models or not names else []
    if PERSONS in names or not names:
        reports.append(check_persons(settings))
    if TALLIES in names or not names:
        reports.append(check_tallies(settings))
    if WAREHOUSE in names or not names:
        reports.append(_warehouse(settings))
    _note(settings, names, reports)
    return reports


def _warehouse(settings: Settings) -> Report:
    """Compare the warehouse that is here, or have the process compare it that has it open."""
    path = settings.warehouse_path
    there = path.exists() or path.with_suffix(".current").exists()
    if settings.warehouse and not there:
        return _not_compared(
            f"it is elsewhere (KEYLINE_WAREHOUSE is {settings.warehouse}): "
            f"run `{COMMAND} {WAREHOUSE}` where its file is"
        )
    if not there:
        return _not_compared(ABSENT, absent=True)
    journal = Journal(settings.journal_url)
    try:
        journal.create(settings.zone)
        with progress_to("Remaking the warehouse to compare", journal.head().position) as reach:
            try:
                warehouse = Warehouse(
                    path, memory=settings.warehouse_memory, histories=journal.history
                )
            except WarehouseInUse:
                notes.print("A running server has the warehouse; it is asked to check.")
                return _asked(settings, reach)
            try:
                if settings.warehouse:
                    return _not_compared(
                        f"nobody has {path} open, so {settings.warehouse}, which KEYLINE_WAREHOUSE "
                        "names, answers from another file: check where that is, or, if it does "
                        "not run now, with KEYLINE_WAREHOUSE empty"
                    )
                return warehouse.check(rows_of(journal), reach)
            except RebuildRequired as error:
                return _not_compared(f"another version made it, or files are gone ({error})")
            finally:
                warehouse.close()
    finally:
        journal.close()


def _not_compared(why: str, *, absent: bool = False) -> Report:
    return Report(WAREHOUSE, None, why=why, absent=absent)


def _asked(settings: Settings, reach: Callable[[int], None]) -> Report:
    try:
        outcome = RebuildRequests(settings.warehouse_path).ask("check", None, reach)
    except (NobodyAnswers, RuntimeError) as error:
        return _not_compared(f"the server that has it did not check it ({error})")
    return REPORT.validate_python(outcome["report"])


def _note(settings: Settings, names: Sequence[str], reports: Sequence[Report]) -> None:
    """Note in the operation log that values of records are about to be shown, if any are."""
    findings = [each for of in reports for table in of.tables for each in table.findings]
    records = [each.record.split()[0] for each in findings if each.record]
    if not records:
        return
    journal = Journal(settings.journal_url)
    try:
        told = Told(journal.head().position, len(records), records)
        note_read(journal, "replay", " ".join([COMMAND, *names]), told)
    finally:
        journal.close()


def counts(reports: Sequence[Report]) -> dict[str, Any]:
    """Return what came of a check, without any value, for the system log."""
    return {
        each.store: f"{each.differ} of {each.rows} rows differ"
        if each.position is not None
        else f"not compared: {each.why}"
        for each in reports
    }


def print_reports(reports: Sequence[Report]) -> None:
    """Print what was compared up to where, what was not, and what is not as the journal says.

    Raises `Failure` when anything is not, or could not be compared.
    """
    for report in reports:
        _print(report)
    for report in reports:
        for table in report.tables:
            for each in table.findings:
                text = f"[red]{report.store}[/] {escape(str(each))}"
                out.print(text, highlight=False, soft_wrap=True)
            told = len({each.record for each in table.findings})
            if table.differ > told:
                out.print(f"… and {table.differ - told:,} more rows of {table.table}.")
    wrong = [each.store for each in reports if each.differ]
    if wrong:
        mend = " && ".join(MENDS[each] for each in wrong)
        stores, are = " and the ".join(wrong), "is" if wrong == [WAREHOUSE] else "are"
        raise Failure(f"The {stores} {are} not what the journal says. Rebuild: {mend}")
    if missed := [each.store for each in reports if each.position is None and not each.absent]:
        raise Failure(f"Not compared with the journal: the {' and the '.join(missed)}.")


def _print(report: Report) -> None:
    if report.position is None:
        out.print(f"The {report.store} was not compared: {escape(report.why)}.", soft_wrap=True)
        return
    shown = report.tables if report.store == ROWS else [t for t in report.tables if t.differ]
    if shown:
        table = Table(report.store, "rows", "of them differ")
        for each in shown:
            style = "red" if each.differ else None
            table.add_row(each.table, f"{each.rows:,}", f"{each.differ:,}", style=style)
        out.print(table)
    out.print(
        f"The {report.store}: {report.rows:,} rows of {len(report.tables)} tables compared with "
        f"the journal up to position {report.position:,}; {report.differ:,} differ.",
        soft_wrap=True,
    )
