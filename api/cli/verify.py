"""`keyline verify`: the whole history held against its hashes and signed heads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from adapters.settings import Settings
from api.kernel.terminal import Failure, out, progress

if TYPE_CHECKING:
    from adapters.proofs.audit import Fault
    from adapters.proofs.signed_heads import Head

_NOT_COMPARED = (
    "Not compared: what reads are answered from (rows, warehouse); "
    "keyline replay --check does that."
)


def verify(
    head: Annotated[
        list[Path] | None,
        typer.Option(help="A file of exported heads from elsewhere; several may be given."),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(help="Trusted public keys, as /proofs/keys once answered; else our own."),
    ] = None,
) -> None:
    """Verify that nobody has altered what was recorded; say what and where if somebody has.

    Hashes every event and every operation anew and compares them with the kept hashes and with
    the signed heads. Exit status 1 when anything does not agree: servers then say that they are
    not ready, until a later verification finds nothing. What is made of the events, rows and
    warehouse, is not looked at: `keyline replay --check` compares that.
    """
    from adapters.logs.console_log import configure
    from adapters.proofs.signed_heads import BadHead, read_heads

    settings = Settings.read()
    configure(settings.log)
    try:
        outside = [each for path in head or () for each in read_heads(path)]
        trusted = None if keys is None else _keys(keys)
    except (BadHead, OSError) as error:
        raise Failure(str(error), 2) from error
    faults, counts = _audit(settings, outside, trusted)
    if not faults:
        said = " and ".join(f"{count:,} {name}" for name, count in counts.items())
        whole = f"{said} are what was recorded, and agree with every signed head."
        out.print(whole, soft_wrap=True)
        out.print(_NOT_COMPARED)
        return
    table = Table("log", "what", "from", "to", "why")
    for each in faults[:1000]:
        table.add_row(each.log, each.kind, f"{each.first:,}", f"{each.last:,}", each.detail)
    out.print(table)
    out.print(_NOT_COMPARED)
    raise Failure("This is not what was recorded.")


def _keys(path: Path) -> dict[str, str]:
    import json

    from adapters.proofs.verifier import Refuted, keys_of

    try:
        return keys_of(json.loads(path.read_bytes()))
    except (Refuted, ValueError, RecursionError) as error:
        raise Failure(f"{path} has no keys: {error}", 2) from error


def _audit(
    settings: Settings, outside: list[Head], trusted: dict[str, str] | None
) -> tuple[list[Fault], dict[str, int]]:
    from adapters.journal.journal import Journal
    from adapters.proofs.audit import audit
    from adapters.proofs.last_verification import note
    from adapters.proofs.merkle_store import unhashed
    from api.cli.processes.prepare import hash_history

    journal = Journal(settings.journal_url)
    try:
        journal.create(settings.zone)
        if unhashed(journal.engine):
            hash_history(journal)
        now = journal.head()
        counts = {"events": now.position, "operations": now.operation}
        with (
            progress("Verifying", sum(counts.values())) as advance,
            journal.engine.connect() as connection,
        ):
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            faults = audit(connection, outside, trusted, advance)
        note(journal.engine, faults, counts)
        return faults, counts
    finally:
        journal.close()
