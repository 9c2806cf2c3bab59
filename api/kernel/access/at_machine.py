"""At the machine: who it is that asks by the command line, and their reads in the operation log."""

from __future__ import annotations

import getpass

from adapters.commands.bootstrap import ROOT
from adapters.journal.journal import Journal
from adapters.logs.operation_log_writer import Batch, Entry
from api.kernel.reading.told import Told
from domain.kernel.actors import Actor

CREDENTIAL = "command line"
"""By what operators are known: they have the machine."""


def operator() -> Actor:
    """Return the user of the machine who runs this program."""
    try:
        return Actor("operator", getpass.getuser()[:200])
    except (OSError, KeyError):  # a user whom the machine has no name for
        return Actor("operator", "nobody known")


def note_read(
    journal: Journal,
    command: str,
    query: str,
    told: Told,
    *,
    target: str | None = None,
    behalf: str | None = None,
) -> None:
    """Note a read by the command line, before what was found is shown.

    `command` and `query` say what was asked, `told` what is told; `target` is the record that was
    asked for, `behalf` the employee whose sight it was.
    """
    who = operator()
    entry = Entry(
        kind="read",
        command=command,
        actor=who.id,
        actor_kind=who.kind,
        unit=ROOT,
        on_behalf_of=behalf,
        credential=CREDENTIAL,
        address="",
        trace=None,
        target=target,
        query=query,
        status=200,
        position=told.position,
        rows=told.rows,
        targets=told.ids,
    )
    with journal.transaction() as transaction:
        transaction.begin_unit()
        Batch([entry]).run(transaction)
        transaction.end_unit()
