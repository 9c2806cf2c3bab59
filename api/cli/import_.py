"""The command line of imports: `keyline import`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from adapters.settings import Settings
from api.imports.mapping import EXAMPLE, MappingError, SheetMapping
from api.kernel.terminal import Failure


def _show_example(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(EXAMPLE)
        raise typer.Exit


def import_(
    kind: Annotated[str, typer.Argument(help="customers, opportunities, service-tickets …")],
    file: Annotated[Path, typer.Argument(help="A CSV or XLSX file; its first row names columns.")],
    map_: Annotated[
        list[str] | None, typer.Option("--map", metavar="COLUMN=FIELD", help="Repeat as needed.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="The same value for every row."),
    ] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD:TEXT=MEANT", help="What a text in the file means."),
    ] = None,
    scale: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=FACTOR", help="Multiply, as 10000 for files in 万元."),
    ] = None,
    when: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMMAND:COLUMN=VALUE,…", help="Rows for which another command follows."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="The column that identifies a row, so that it is imported once."),
    ] = None,
    mapping: Annotated[
        Path | None,
        typer.Option(help="A TOML file with all of this, as --example shows; options add to it."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check every row, references and rules; keep nothing.")
    ] = False,
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Rows that came in before with other values change their records; see --dry-run.",
        ),
    ] = False,
    run: Annotated[
        str | None,
        typer.Option(metavar="MONTH", help="Of bills, as 2026-03: rows of another are wrong."),
    ] = None,
    errors: Annotated[
        Path | None, typer.Option(help="Write the rows that failed to this CSV file, with reasons.")
    ] = None,
    employee: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="EMPLOYEE", help="Import as this employee, with their permissions."
        ),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(help="The unit in whose name this is done; by default the employee's."),
    ] = None,
    source: Annotated[
        str, typer.Option(help="Tells files apart whose keys are the same but mean others.")
    ] = "",
    sheet: Annotated[
        str | None, typer.Option(help="The sheet of an XLSX file; by default the first one seen.")
    ] = None,
    header_row: Annotated[
        int, typer.Option(min=1, help="The row that names the columns, of those there are.")
    ] = 1,
    encoding: Annotated[
        str | None,
        typer.Option(help="Of a CSV file without byte order mark, as gb18030; by default UTF-8."),
    ] = None,
    separator: Annotated[
        str | None,
        typer.Option(help="Of a CSV file, as ; or tab; by default the one that makes columns."),
    ] = None,
    wait: Annotated[
        bool, typer.Option("--wait", help="End when lists and reports have what was imported.")
    ] = False,
    example: Annotated[  # noqa: ARG001 (its callback has done it)
        bool,
        typer.Option(
            "--example", is_eager=True, callback=_show_example, help="Show a mapping file and end."
        ),
    ] = False,
) -> None:
    """Import records from a CSV or XLSX file through the public commands.

    A row becomes the command that makes the record, and those commands that its other fields
    belong to (assign-manager.manager). Bills have a row a line: rows of one account and month are
    one bill. Running the same file again changes nothing. Rows that fail are listed with their line
    and reason; the others are imported. Exit status 1 if any failed.
    """
    from adapters.logs.console_log import configure
    from api.cli.import_job import Terms, import_file
    from api.imports.files.import_file import Wish
    from api.imports.files.sheets import Reading
    from api.kernel.job_log import job

    settings = Settings.read()
    configure(settings.log)
    try:
        wanted = SheetMapping.read(mapping) if mapping else SheetMapping()
        wanted.add(map_ or (), set_ or (), value or (), scale or (), when or (), key)
    except MappingError as error:
        raise Failure(str(error), 2) from error
    with job(
        settings, "import", kind=kind, file=file, employee=employee, dry_run=dry_run
    ) as outcome:
        reading = Reading(sheet, encoding, separator, header_row)
        wish = Wish(kind, wanted, reading, dry_run, source, update, run)
        result = import_file(settings, file, wish, Terms(errors, employee, unit, wait))
        outcome |= {"imported": result.imported, "updated": len(result.updated)}
        outcome |= {"position": result.position}
