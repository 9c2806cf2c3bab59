"""`keyline rebuild`, `replay` and `seal`: what is derived made anew, compared, or made ready."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from adapters.settings import Settings
from api.kernel.terminal import Failure, out


def _settings() -> Settings:
    from adapters.logs.console_log import configure
    from adapters.storage.private_files import make_folder

    settings = Settings.read()
    configure(settings.log)
    make_folder(settings.data)
    return settings


def rebuild(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Read models; by default all.")
    ] = None,
    from_kafka: Annotated[
        bool, typer.Option("--from-kafka", help="Fold what the topics hold, not the journal.")
    ] = False,
) -> None:
    """Build read models anew from the journal while the old ones answer, then switch.

    The warehouse is rebuilt when it is named, as a whole or in parts: `keyline rebuild warehouse`,
    `facts`, `history_customers`. A running server does that itself and goes on answering. So is,
    as `persons`, the index by which persons are found; until it is done, not all are. As `tallies`
    the bills of all runs are counted anew; until it is done, nothing is recorded.
    """
    from adapters.journal.tally_recount import STORE as TALLIES
    from api.cli.rebuild_jobs import (
        chosen,
        print_rebuilt,
        rebuild_persons,
        rebuild_rows,
        rebuild_tallies,
    )
    from api.cli.warehouse_jobs import in_warehouse, print_remade, rebuild_warehouse
    from api.kernel.job_log import job
    from streams.followers.erase_persons import STORE as PERSONS

    others = (PERSONS, TALLIES)
    names = [name for name in models or () if not in_warehouse(name) and name not in others]
    with job(found := _settings(), "rebuild", models=models or ["all"]) as outcome:
        if names or not models:
            built = rebuild_rows(found, chosen(names), from_kafka)
            outcome |= asdict(built)
            print_rebuilt(built)
        if PERSONS in (models or ()):
            outcome["traces"] = made = rebuild_persons(found)
            out.print(f"Persons are found by {made:,} traces of what is known of them.")
        if TALLIES in (models or ()):
            outcome["tallies"] = made = rebuild_tallies(found)
            out.print(f"{made:,} tallies were counted anew.")
        if parts := [name for name in models or () if in_warehouse(name)]:
            outcome["warehouse"] = remade = rebuild_warehouse(found, parts)
            print_remade(remade)


def replay(
    stores: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[MODEL|persons|tallies|warehouse]...",
            help="Read models, for their rows, persons, for what they are found by, tallies, by "
            "which runs of bills are balanced, or warehouse; by default everything.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare with what is in use; exit status 1 if not so.")
    ] = False,
) -> None:
    """Replay the journal into fresh stores and compare them with those in use, row by row.

    Each value that is not as the journal says is named. A running server that has the warehouse
    open does its part and goes on answering. What cannot be compared from here is said, and is
    not taken for well.
    """
    from api.cli.check import check_stores, counts, print_reports
    from api.kernel.job_log import job

    if not check:
        raise Failure("Replaying is for comparing: add --check; `rebuild` replaces.", 2)
    with job(found := _settings(), "replay", stores=stores or ["all"]) as outcome:
        reports = check_stores(found, stores or ())
        outcome |= counts(reports)
    print_reports(reports)


def seal(
    least: Annotated[
        int, typer.Option(min=1, help="How many events there must be for a last segment.")
    ] = 10_000,
) -> None:
    """Seal old history to Parquet, from which facts are rebuilt. A server does so by itself."""
    from api.cli.warehouse_jobs import seal as sealing
    from api.kernel.job_log import job

    with job(found := _settings(), "seal", least=least) as outcome:
        outcome["segments"] = len(sealing(found, least))
