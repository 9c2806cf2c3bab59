"""`keyline calendars`: a year announced as a package of days off has it, by command."""

from __future__ import annotations

from datetime import date
from importlib.metadata import version
from typing import Annotated, Any, Literal

import typer
from rich.table import Table

from api.kernel.terminal import Failure, out

calendars = typer.Typer(no_args_is_help=True, help="The calendars of working hours.")


@calendars.callback()
def _group() -> None:
    """Keep `announce` a word of its own while it is the only one."""


@calendars.command()
def announce(
    year: Annotated[int, typer.Argument(help="The year, as in 2026.")],
    from_: Annotated[
        Literal["chinesecalendar"], typer.Option("--from", help="The package that has its days.")
    ],
    code: Annotated[str, typer.Option("--calendar", help="The calendar.")] = "cn-office",
    source: Annotated[
        str | None, typer.Option(help="The notice; by default the package and its version.")
    ] = None,
    employee: Annotated[
        str | None,
        typer.Option(
            "--as", metavar="EMPLOYEE", help="Announce as this employee, with their permissions."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the days and check them; keep nothing.")
    ] = False,
) -> None:
    """Announce a year: show the days off and those that make up for them, and give the command.

    A day that makes up is worked like a Monday.
    """
    from adapters.logs.console_log import configure
    from adapters.settings import Settings
    from api.cli.calendar_job import give
    from api.kernel.job_log import job

    settings = Settings.read()
    configure(settings.log)
    body = _days(year) | {"year": year, "source": source or f"{from_} {version(from_)}"}
    out.print(_table(body))
    with job(settings, "announce", calendar=code, year=year, dry_run=dry_run) as outcome:
        outcome["position"] = position = give(settings, code, body, employee, dry_run=dry_run)
    done = "would be announced" if dry_run else f"is announced at position {position:,}"
    out.print(f"{year} {done} for {code}.", highlight=False)


def _days(year: int) -> dict[str, Any]:
    """Return the days off of a year in China, and those worked instead. Raises `Failure`."""
    import chinese_calendar

    off = sorted(day for day in chinese_calendar.holidays if day.year == year)
    worked = sorted(day for day in chinese_calendar.workdays if day.year == year)
    if not off:
        raise Failure(f"The package does not have {year}: it is not announced, or too old for it.")
    stretches: list[list[date]] = []
    for day in off:
        if stretches and (day - stretches[-1][-1]).days == 1:
            stretches[-1].append(day)
        else:
            stretches.append([day])
    return {
        "off": [{"first": f"{days[0]}", "last": f"{days[-1]}"} for days in stretches],
        "extra": [{"day": f"{day}", "like": "monday"} for day in worked],
    }


def _table(body: dict[str, Any]) -> Table:
    table = Table("days off", "make-up days")
    off = (f"{each['first']} to {each['last']}" for each in body["off"])
    table.add_row("\n".join(off), "\n".join(each["day"] for each in body["extra"]))
    return table
