"""`keyline keys`: the master key that wraps the keys of persons, changed while others work."""

from __future__ import annotations

from typing import Annotated

import typer

from adapters.settings import Settings
from api.terminal import out, progress

keys = typer.Typer(
    no_args_is_help=True, help="The keys of persons, and the master key that wraps them."
)


@keys.command()
def rotate(
    prepare: Annotated[
        bool,
        typer.Option(
            "--prepare",
            help="Only add the new key to the file, so that every machine can be given it first.",
        ),
    ] = False,
) -> None:
    """Wrap the keys of persons by a new master key and remove the old one from its file.

    Servers go on meanwhile. After a crash the next call goes on where this one was. Copies of the
    keys' database from before are worth nothing without the old master key.
    """
    from adapters.logs import configure
    from adapters.person_keys import PersonKeys
    from api.recording import job

    settings = Settings.read()
    configure(settings.log)
    settings.data.mkdir(parents=True, exist_ok=True)
    found = PersonKeys.of(settings)
    try:
        if prepare:
            found.master.add_next()
            out.print(f"{found.master.path} has the new key as its last line; now rotate.")
            return
        with (
            job(settings, "rotate") as outcome,
            progress("Wrapping", found.count()) as advance,
        ):
            outcome["master"] = found.rotate(advance)
    finally:
        found.close()
    out.print(
        f"{found.count():,} keys of persons are wrapped by the master key {outcome['master']}."
    )
