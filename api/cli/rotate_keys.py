"""`keyline keys`: the master key changed while others work; new secrets that sign tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.settings import Settings
from api.kernel.terminal import out, progress

if TYPE_CHECKING:
    from adapters.identity.signing_secrets import SigningSecrets
    from adapters.privacy.person_keys import PersonKeys

keys = typer.Typer(
    no_args_is_help=True,
    help="The keys of persons, the secrets that sign tokens, and the master key that wraps both.",
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
    """Wrap all keys and secrets by a new master key and remove the old one from its file.

    Servers go on meanwhile. After a crash the next call goes on where this one was. Copies of the
    keys' database from before are worth nothing without the old master key.
    """
    from api.kernel.job_log import job

    with _opened() as (settings, persons, secrets):
        if prepare:
            persons.master.add_next()
            out.print(f"{persons.master.path} has the new key as its last line; now rotate.")
            return
        with (
            job(settings, "rotate") as outcome,
            progress("Wrapping", persons.count()) as advance,
        ):
            outcome["master"] = persons.rotate(advance, secrets.rewrap)
        count = persons.count()
    out.print(f"{count:,} keys of persons are wrapped by the master key {outcome['master']}.")


@keys.command()
def renew() -> None:
    """Throw away the secrets that sign access tokens and cursors; the next start makes new ones.

    For when others may have read them, or their master key is lost. Servers that run go on with
    theirs until they are started again. Then clients renew their access tokens, and begin lists
    anew.
    """
    from api.kernel.job_log import job

    with _opened() as (settings, _, secrets), job(settings, "renew") as outcome:
        outcome["secrets"] = secrets.renew()
    out.print(f"{outcome['secrets']} secrets are gone. Now start every server again.")


@contextmanager
def _opened() -> Iterator[tuple[Settings, PersonKeys, SigningSecrets]]:
    from adapters.identity.signing_secrets import SigningSecrets
    from adapters.journal.journal import Journal
    from adapters.logs.console_log import configure
    from adapters.privacy.person_keys import PersonKeys
    from adapters.storage.private_files import make_folder

    settings = Settings.read()
    configure(settings.log)
    make_folder(settings.data)
    persons = PersonKeys.of(settings)
    journal = Journal(settings.journal_url)
    try:
        journal.create(settings.zone)
        yield settings, persons, SigningSecrets(journal.engine, persons)
    finally:
        journal.close()
        persons.close()
