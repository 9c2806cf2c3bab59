"""Verified: what the last verification of the journal found, and what a start sees at a glance."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from adapters.proofs.audit import Fault
from adapters.proofs.merkle_store import LOGS, BrokenLog, Log, frontier, root_at
from adapters.proofs.signed_heads import BadHead, latest, public_keys
from adapters.storage.databases import writing
from adapters.storage.journal_tables import head, journal_tables

verified = sa.Table(
    "verified",
    journal_tables,
    sa.Column("time", sa.String(20), primary_key=True),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("operations", sa.BigInteger, nullable=False),
    sa.Column("faults", sa.Integer, nullable=False),
    sa.Column("first", sa.Text),
)
"""The outcome of the last verification: how much was looked at, how much is wrong, what first."""


def note(engine: sa.Engine, faults: Sequence[Fault], counts: Mapping[str, int]) -> None:
    """Keep the outcome of a verification in place of the one before; `counts` by log."""
    first = None
    if faults:
        log, kind, since, upto, detail = faults[0]
        first = f"{log} {since} to {upto} are {kind}: {detail}"
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with writing(engine).begin() as connection:
        connection.execute(verified.delete())
        found = {"time": now, **counts, "faults": len(faults), "first": first}
        connection.execute(verified.insert(), found)


def found(connection: sa.Connection) -> list[str]:
    """Return in words what the last verification found wrong; nothing if nothing, or none was."""
    last = connection.execute(sa.select(verified)).one_or_none()
    if last is None or not last.faults:
        return []
    return [f"the verification of {last.time} found {last.faults} faults, first: {last.first}"]


def at_a_glance(connection: sa.Connection) -> list[str]:
    """Return in words what is wrong with the ends of the logs, by a few point reads.

    The last row, the hashes and the last signed head have to agree with the head of the journal.
    What was altered before the end is found by a verification only.
    """
    return [f"{log.name}: {fault}" for log in LOGS.values() for fault in _faults(connection, log)]


def _faults(connection: sa.Connection, log: Log) -> Iterator[str]:
    reached = connection.scalar(sa.select(log.reached).select_from(head))
    last = connection.scalar(sa.select(sa.func.max(log.key))) or 0
    if last != reached:
        yield f"the journal says that there are {reached}, the last one is {last}"
    tree, signed = frontier(connection, log), latest(connection, log.name)
    if signed is None:
        return
    try:
        signed.check(public_keys(connection))
        if signed.size > tree.size:
            yield f"a head of {signed.size} was signed at {signed.time}, {tree.size} are there"
        elif root_at(connection, log, signed.size).hex() != signed.root:
            yield f"the first {signed.size} are not what was signed at {signed.time}"
    except (BadHead, BrokenLog) as error:
        yield str(error)
