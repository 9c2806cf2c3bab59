"""`keyline rebuild` and `keyline seal`: what is derived made anew, and old history made ready."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from adapters.settings import Settings


def _settings() -> Settings:
    from adapters.logs import configure
    from adapters.private import make_folder

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
    `facts`, `history_customers`. A running server does that itself and goes on answering.
    """
    from api.rebuilding import chosen, print_rebuilt, rebuild_rows
    from api.recording import job
    from api.remaking import in_warehouse, print_remade, rebuild_warehouse

    names = [name for name in models or () if not in_warehouse(name)]
    with job(found := _settings(), "rebuild", models=models or ["all"]) as outcome:
        if names or not models:
            built = rebuild_rows(found, chosen(names), from_kafka)
            outcome |= asdict(built)
            print_rebuilt(built)
        if parts := [name for name in models or () if in_warehouse(name)]:
            outcome["warehouse"] = remade = rebuild_warehouse(found, parts)
            print_remade(remade)


def seal(
    least: Annotated[
        int, typer.Option(min=1, help="How many events there must be for a last segment.")
    ] = 10_000,
) -> None:
    """Seal old history to Parquet, from which facts are rebuilt. A server does so by itself."""
    from api.recording import job
    from api.remaking import seal as sealing

    with job(found := _settings(), "seal", least=least) as outcome:
        outcome["segments"] = len(sealing(found, least))
