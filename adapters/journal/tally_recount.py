"""Tallies counted anew from the records that count, compared with those that are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal

import sqlalchemy as sa

from adapters.journal.aggregate_cache import Cache
from adapters.journal.journal import Journal
from adapters.journal.running_tallies import Key
from adapters.journal.unit_of_work import Transaction
from adapters.storage.databases import in_parts, insert_rows
from adapters.storage.journal_tables import events, tallies
from domain.kernel.commands import every_command
from domain.kernel.tally import Tally
from projections.kernel.findings import FEW, Checked, Finding, Report, parted

STORE = "tallies"

AT_ONCE = 500
"""Records that are replayed together."""

Reach = Callable[[int], None]
"""Hears how many records were counted."""


def counted_kinds() -> set[str]:
    """Return the kinds of records that count for something."""
    return {each.kind for command in every_command().values() for each in command.tallies.values()}


def check(journal: Journal, reach: Reach = lambda _: None) -> Report:
    """Compare the tallies with a recount, both of one moment, while others go on writing."""
    with _one_state(journal) as transaction:
        kept, counted = _kept(transaction), _recount(transaction, reach)
        position = transaction.position
    wrong = sorted(key for key in kept.keys() | counted.keys() if kept.get(key) != counted.get(key))
    findings = list[Finding]()
    for key in wrong[:FEW]:
        used, fresh = (
            None if t is None else t._asdict() for t in (kept.get(key), counted.get(key))
        )
        findings += parted(STORE, " ".join(key), used, fresh)
    return Report(STORE, position, [Checked(STORE, len(kept), len(wrong), findings)])


def rebuild(journal: Journal, reach: Reach = lambda _: None) -> int:
    """Replace the tallies by a recount, while all others wait; return how many there are."""
    with journal.transaction() as held:
        counted = _recount(held, reach)
        held.connection.execute(tallies.delete())
        rows = [(*key, tally.number, str(tally.amount)) for key, tally in counted.items()]
        insert_rows(held.connection, tallies, rows)
    return len(counted)


@contextmanager
def _one_state(journal: Journal) -> Iterator[Transaction]:
    """Yield the journal as it is at one moment."""
    engine = journal.engine
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        yield Transaction(connection, Cache(AT_ONCE), lock=False, keys=journal.keys)


def _kept(transaction: Transaction) -> dict[Key, Tally]:
    """Return the tallies that are kept; one of no record is as good as none."""
    rows = transaction.connection.execute(sa.select(tallies))
    found = {(row.kind, row.key): Tally(row.number, Decimal(row.amount)) for row in rows}
    return {key: tally for key, tally in found.items() if tally != Tally()}


def _recount(transaction: Transaction, reach: Reach) -> dict[Key, Tally]:
    """Replay the records that may count, and add up for what they do."""
    found, done = dict[Key, Tally](), 0
    for kind in sorted(counted_kinds()):
        first = sa.select(events.c.stream).where(
            events.c.version == 1, events.c.type.startswith(f"{kind}.", autoescape=True)
        )
        streams = list(transaction.connection.scalars(first.order_by(events.c.stream)))
        for part in in_parts(streams, AT_ONCE):
            transaction.prefetch(part)
            for stream in part:
                record = transaction.load(stream)
                for name, amount in record.tallied.items() if record is not None else ():
                    known = found.get((kind, name), Tally())
                    found[kind, name] = Tally(known.number + 1, known.amount + amount)
            done += len(part)
            reach(done)
    return found
