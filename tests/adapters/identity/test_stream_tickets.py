"""Stream tickets: each is good once and for a moment, and what is kept of it tells nothing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from adapters.identity.stream_tickets import StreamTickets, tickets
from adapters.journal.journal import Journal

SAID = b"by whom, and for which stream"


@pytest.fixture
def engine(journal_url: str) -> Iterator[sa.Engine]:
    journal = Journal(journal_url)
    journal.create()
    yield journal.engine
    journal.close()


def rows(engine: sa.Engine) -> list[tuple[str, bytes]]:
    with engine.connect() as connection:
        found = connection.execute(sa.select(tickets.c.digest, tickets.c.sealed))
        return [(row.digest, bytes(row.sealed)) for row in found]


def test_a_ticket_stands_for_what_was_said_once_in_whichever_process(engine: sa.Engine) -> None:
    ticket, other = StreamTickets(engine).issue(SAID), StreamTickets(engine).issue(b"other")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: StreamTickets(engine).redeem(ticket), range(4)))
    assert sorted(found, key=str) == [None, None, None, SAID]
    assert StreamTickets(engine).redeem(other) == b"other"
    assert StreamTickets(engine).redeem("no such ticket") is None
    assert rows(engine) == []


def test_a_ticket_that_is_too_old_stands_for_nothing_and_goes(engine: sa.Engine) -> None:
    kept = StreamTickets(engine)
    old, older = kept.issue(SAID), kept.issue(SAID)
    with engine.begin() as connection:
        connection.execute(tickets.update().values(until_us=1))
    assert kept.redeem(old) is None
    fresh = kept.issue(SAID)
    assert len(rows(engine)) == 1
    assert kept.redeem(older) is None
    assert kept.redeem(fresh) == SAID


def test_what_is_kept_neither_is_the_ticket_nor_opens_without_it(engine: sa.Engine) -> None:
    ticket = StreamTickets(engine).issue(SAID)
    ((digest, sealed),) = rows(engine)
    assert ticket not in digest
    assert SAID not in sealed
    assert StreamTickets(engine).redeem(digest) is None
    with engine.begin() as connection:
        connection.execute(tickets.update().values(sealed=sealed[:-1] + b"\0"))
    assert StreamTickets(engine).redeem(ticket) is None
