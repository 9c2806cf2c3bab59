"""The command line: `keyline`, one command for each thing that an operator does."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from adapters.settings import Settings, SettingsError
from adapters.storage.private_files import keep_private, make_folder
from api.cli.calendars import calendars
from api.cli.history import history
from api.cli.import_ import import_
from api.cli.rebuild import rebuild, replay, seal
from api.cli.rotate_keys import keys
from api.cli.set_password import set_password
from api.cli.verify import verify
from api.kernel.terminal import Failure, ending_status, out

app = typer.Typer(
    name="keyline",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Key account management: every fact an event, every answer as of any day.\n\n"
    "What is where is chosen by environment variables; `keyline settings` lists them.",
)

SHOWN = 10
"""Parked events that are shown to people."""


def main() -> None:
    """Run the command line; what goes wrong in a known way is said in one line."""
    keep_private()
    sys.exit(ending_status(app))


def _settings(**instead: object) -> Settings:
    from adapters.logs.console_log import configure

    given = {f"KEYLINE_{name.upper()}": str(v) for name, v in instead.items() if v is not None}
    settings = Settings.read(os.environ | given)
    configure(settings.log)
    try:
        make_folder(settings.data)
    except OSError as error:
        raise SettingsError(f"KEYLINE_DATA {settings.data}: {error.strerror}.") from error
    return settings


@app.command()
def serve(
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Do not print what a person needs to begin.")
    ] = False,
    processes: Annotated[
        int | None,
        typer.Option(min=0, help="Instead of KEYLINE_PROCESSES: scaled out, how many answer."),
    ] = None,
) -> None:
    """Serve the HTTP API, with all that it needs unless KEYLINE_KAFKA names a cluster.

    Prints the address, the administrator's key when it is new, and three calls to try. Ctrl-C
    ends it cleanly.
    """
    from api.cli.processes.serve import serve

    serve(_settings(processes=processes), quiet)


@app.command()
def publish() -> None:
    """Publish the journal to Kafka (the relay). One is active at a time, others stand by."""
    from api.cli.processes.work import publish
    from api.kernel.job_log import recording

    with recording(found := _settings(), "publish"):
        publish(found)


@app.command()
def project() -> None:
    """Keep the row read models up to date, from Kafka or, without it, from the journal.

    From Kafka in KEYLINE_PROJECTORS processes, which are started again when they die.
    """
    from api.cli.processes.projectors import project_all

    project_all(_settings())


@app.command()
def warehouse() -> None:
    """Load the warehouse and answer reports, as the one process that owns its file.

    Listens at KEYLINE_HOST and KEYLINE_PORT; the API's KEYLINE_WAREHOUSE is this address.
    """
    from api.cli.processes.serve import serve_reports

    serve_reports(_settings())


app.command("import")(import_)
app.command("set-password")(set_password)
app.command()(verify)
app.command()(history)
app.command()(rebuild)
app.command()(replay)
app.command()(seal)
app.add_typer(keys, name="keys")
app.add_typer(calendars, name="calendars")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where the Parquet files go.")],
    as_of: Annotated[
        str | None,
        typer.Option(help="A business day (its end) or an instant with its zone: as it was then."),
    ] = None,
    employee: Annotated[
        str | None,
        typer.Option("--as", help="The code of an employee: only what they may see and take out."),
    ] = None,
) -> None:
    """Export every fact and every row with its history as Parquet files, and a dictionary."""
    from api.cli.export import export
    from api.kernel.job_log import job

    with job(
        found := _settings(), "export", folder=folder, as_of=as_of, employee=employee
    ) as outcome:
        done = export(found, folder, as_of, employee)
        outcome |= {"position": done["position"]}
    for name, rows in done["rows"].items():
        out.print(f"{name:<40} {rows:>12,}", highlight=False)
    out.print(f"As of position {done['position']:,}, in {folder}.")


@app.command()
def retry(
    model: Annotated[
        str, typer.Argument(help="What parked events, as `keyline status` and /parked name it.")
    ],
    stream: Annotated[str, typer.Argument(help="The id of the record.")],
    skip: Annotated[
        bool,
        typer.Option(
            "--skip", help="Pass over the first parked event, also in rebuilds, until a retry."
        ),
    ] = False,
) -> None:
    """Apply the parked events of one record again, after the cause was put right.

    Those that were passed over, too: what still cannot be applied is parked again.
    """
    from api.cli.repair import retry_parked
    from api.kernel.job_log import job

    with job(found := _settings(), "retry", model=model, stream=stream, skip=skip) as outcome:
        outcome["parked"] = left = retry_parked(found, model, stream, skip=skip)
    out.print(f"{left} events are still parked." if left else "Nothing is parked any more.")
    if left:
        raise typer.Exit(1)


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for machines.")] = False,
) -> None:
    """Show how far every part has come, its lag, and what could not be applied."""
    from api.kernel.status import process_table, status, status_table

    found = status(_settings())
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
        return
    out.print(status_table(found))
    if found["processes"]:
        out.print(process_table(found["processes"]))
    for each in found["parked"][:SHOWN]:
        place = f"{each['model']} {each['stream']} version {each['version']}"
        out.print(f"[yellow]parked[/] {place}: {each['error']}", highlight=False, soft_wrap=True)
    if len(found["parked"]) > SHOWN:
        out.print(f"… and {len(found['parked']) - SHOWN:,} more parked; --json lists all")
    for each in found["passed_over"][:SHOWN]:
        place = f"{each['model']} {each['stream']} version {each['version']}"
        out.print(f"passed over {place}: {each['error']}", highlight=False, soft_wrap=True)
    if len(found["passed_over"]) > SHOWN:
        out.print(f"… and {len(found['passed_over']) - SHOWN:,} more passed over; --json lists all")
    for path, mend in found["open_to_others"].items():
        text = f"[yellow]open to others[/] {escape(path)}: {escape(mend)}"
        out.print(text, highlight=False, soft_wrap=True)
    for each in found["altered"]:
        out.print(f"[red]altered[/] {escape(each)}", highlight=False, soft_wrap=True)
    for name in found["stale"]:
        out.print(f"[yellow]stale[/] {name}: made by another version, rebuild it")
    for each in found["rename"][:SHOWN]:
        place = f"{each['kind']} {each['text']!r}"
        text = f"[yellow]rename[/] {escape(place)}: {escape(each['because'])} {each['mend']}"
        out.print(text, highlight=False, soft_wrap=True)


@app.command()
def settings() -> None:
    """List the settings: environment variables, what they mean, and what is in force."""
    from api.kernel.settings_list import settings_list

    for name, value, default, meaning in settings_list(Settings.read()):
        style = "bold" if value != default else "none"
        out.print(f"{name:<20}", style="cyan", end=" ")
        out.print(value or "(empty)", style=style, markup=False, soft_wrap=True)
        was = "" if value == default else f" (default: {default or 'empty'})"
        out.print(f"{'':20} {meaning}{was}", style="dim", markup=False, soft_wrap=True)


@app.command()
def rules() -> None:
    """Print the rule book: for each kind of record its states, commands, and what refuses them."""
    from domain.kernel.rule_book import rule_book

    typer.echo(rule_book(), nl=False)


@app.command()
def glossary() -> None:
    """Print the measures and dimensions of all reports, each defined, in English and Chinese."""
    from projections.kernel.reports.metrics import glossary

    typer.echo(glossary(), nl=False)


@app.command()
def demo() -> None:
    """Load demo data into an empty journal; the server does so itself with KEYLINE_DEMO=1."""
    from api.cli.processes.prepare import load_demo_into
    from api.kernel.job_log import job

    with job(found := _settings(), "demo"):
        load_demo_into(found)


@app.command()
def log(
    level: Annotated[str | None, typer.Option(help="This one or a graver one.")] = None,
    event: Annotated[str | None, typer.Option(help="Its name, or how it begins: job.*")] = None,
    text: Annotated[str | None, typer.Option(help="What occurs in it.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="A day, or an instant.")] = None,
    to: Annotated[str | None, typer.Option(help="A day, or an instant.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="As NDJSON, for machines.")] = False,
) -> None:
    """Print the system log, newest first: starts, stops, jobs, errors, sign-ins, alarms."""
    from api.cli.system_log import log_lines

    for line in log_lines(_settings(), level, event, text, since, to, limit, as_json):
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command()
def cluster() -> None:
    """Start the scaled-out system on this machine: PostgreSQL, Kafka and every process.

    All of it lives in KEYLINE_DATA/cluster. Ctrl-C ends it cleanly.
    """
    try:
        from api.cli.processes.cluster import cluster
    except ModuleNotFoundError as error:
        text = f"This needs the development packages ({error.name} is missing): keyline[dev]."
        raise Failure(text) from error
    cluster(_settings())


if __name__ == "__main__":
    main()
