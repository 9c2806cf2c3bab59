"""Preparing: what there must be before anything is served: a journal, a key, demo data."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from adapters.commands.bootstrap import is_bare, lay
from adapters.commands.executor import Executor
from adapters.identity.access_tokens import Tokens
from adapters.identity.administrator_key import Keys
from adapters.identity.signing_secrets import CURSORS, SigningSecrets
from adapters.journal.journal import Journal
from adapters.privacy.person_keys import PersonKeys
from adapters.proofs.merkle_store import backfill, unhashed
from adapters.settings import Settings
from api.cli.rebuild_jobs import bring_up_to_date
from api.demo import demo
from api.demo.doors import Door, unlock
from api.kernel.terminal import Failure, notes, progress


def prepare(settings: Settings) -> str | None:
    """Make the journal and the key, and the demo data if they are wanted and nothing is there.

    Returns the administrator's key in the clear when it was made just now.
    """
    keys = PersonKeys.of(settings)
    journal = Journal(settings.journal_url, keys=keys)
    try:
        journal.create(settings.zone)
        if unhashed(journal.engine):
            hash_history(journal)
        made = Keys(journal.engine, settings.admin_key).made
        secrets = SigningSecrets(journal.engine, keys)
        secrets.one(CURSORS)  # each is made once: several processes begin after this
        Tokens(secrets)
        if settings.demo and (is_bare(journal) or demo.begun(journal)):
            load_demo(journal)
        return made
    finally:
        journal.close()
        keys.close()


def prepared(settings: Settings) -> str | None:
    """Prepare, and bring the rows up to date where this server keeps them; return as `prepare`."""
    key = prepare(settings)
    if not settings.kafka:
        bring_up_to_date(settings)
    return key


def hash_history(journal: Journal) -> None:
    """Hash what was recorded before rows were hashed, with a progress bar."""
    with progress("Hashing what is recorded", unhashed(journal.engine)) as advance:
        backfill(journal.engine, advance)


def load_demo_into(settings: Settings) -> None:
    """Load the demo data, or the rest of it. Raises `Failure` if there is something else."""
    keys = PersonKeys.of(settings)
    journal = Journal(settings.journal_url, keys=keys)
    try:
        journal.create(settings.zone)
        if not (is_bare(journal) or demo.begun(journal)):
            raise Failure("There are events already: demo data goes into an empty journal only.")
        load_demo(journal)
    finally:
        journal.close()
        keys.close()


def load_demo(journal: Journal) -> None:
    """Lay the foundation and load the demo data, with a progress bar.

    Goes on where it was interrupted: what is done already is answered as it was.
    """
    executor = Executor(journal)
    executor.start()
    size = demo.Size()
    try:
        lay(executor)
        with progress("Loading demo data", size.stories) as advance:
            demo.load_once(executor, size=size, advance=advance)
    except BaseException:
        notes.print("The demo data is not complete; the next start goes on with it.")
        raise
    finally:
        executor.stop()
    notes.print(_people(unlock(journal)))


def _people(unlocked: Sequence[tuple[Door, str]]) -> Table:
    """Return whom one can sign in as (`POST /sign-in`)."""
    table = Table(title="Sign in as (POST /sign-in); shown only this once", title_justify="left")
    for each in ("employee", "name", "roles", "unit", "password"):
        table.add_column(each, overflow="fold")
    for door, password in unlocked:
        who, roles = door.person, "\n".join(door.roles)
        table.add_row(who.code, who.name, roles, door.unit.code, password)
    return table
