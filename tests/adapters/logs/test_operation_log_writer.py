"""Entries reach the operation log without anybody waiting, and none is lost or goes uncounted."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import sqlalchemy as sa

import adapters.logs.operation_log_writer
from adapters.journal.group_commit import Writer
from adapters.journal.journal import Journal
from adapters.logs.operation_log_writer import Entry, Notes
from adapters.refusals import Overloaded
from adapters.storage.journal_tables import operations

READ = Entry(
    kind="read",
    command="customer.read",
    actor="li.wei",
    unit="gd-gz",
    on_behalf_of="wang.fang",
    credential="password",
    address="10.0.0.7",
    trace="0af7651916cd43dd8448eb211c80319c",
    target="01997e2b-0000-7000-8000-000000000001",
    query="/customers/01997e2b-0000-7000-8000-000000000001",
    status=200,
    duration_us=17,
)
REFUSED = dataclasses.replace(READ, status=404, refusal="unknown-id", detail="There is none.")


@pytest.fixture
def journal(database_url: str) -> Iterator[Journal]:
    journal = Journal(database_url)
    journal.create()
    yield journal
    journal.close()


@asynccontextmanager
async def noting(journal: Journal, capacity: int = 100) -> AsyncIterator[Notes]:
    writer = Writer(journal)
    writer.start()
    notes = Notes(writer, capacity)
    notes.start()
    try:
        yield notes
    finally:
        notes.stop()
        await asyncio.to_thread(writer.stop)


def logged(journal: Journal) -> list[Any]:
    with journal.engine.connect() as connection:
        return list(connection.execute(sa.select(operations).order_by(operations.c.number)))


def test_an_entry_says_who_what_from_where_and_how_it_ended(journal: Journal) -> None:
    async def work() -> None:
        async with noting(journal) as notes:
            notes.note(READ)
            assert await notes.settled()

    asyncio.run(work())
    (row,) = logged(journal)
    for field in dataclasses.fields(Entry):
        assert getattr(row, field.name) == getattr(READ, field.name)
    assert (row.number, row.accepted, row.version, row.position) == (1, True, None, None)
    assert journal.head().operation == 1


def test_what_stands_for_many_attempts_does_not_settle_what_comes_after(journal: Journal) -> None:
    settled: list[int] = []

    async def work() -> None:
        async with noting(journal) as notes:
            notes.note(dataclasses.replace(REFUSED, times=1000))
            for number in range(1, 21):
                notes.note(READ)
                assert await notes.settled()
                settled.append(len(logged(journal)) - number)

    asyncio.run(work())
    assert settled == [1] * 20


def test_reads_are_entered_one_by_one_and_refusals_alike_are_counted(journal: Journal) -> None:
    async def work() -> None:
        async with noting(journal) as notes:
            for number in range(5):
                notes.note(READ)
                notes.note(dataclasses.replace(REFUSED, trace=str(number), duration_us=number))
            notes.note(dataclasses.replace(REFUSED, target="another"))
            assert await notes.settled()

    asyncio.run(work())
    rows = logged(journal)
    assert [(row.target, row.times) for row in rows if not row.accepted] == [
        (READ.target, 5),
        ("another", 1),
    ]
    assert [row.times for row in rows if row.accepted] == [1] * 5


def test_what_waits_is_written_before_the_end(journal: Journal) -> None:
    async def work() -> None:
        async with noting(journal, 10_000) as notes:
            for _ in range(5000):
                notes.note(READ)

    asyncio.run(work())
    assert len(logged(journal)) == 5000


def test_when_the_queue_is_full_a_read_waits_then_is_refused_and_nothing_goes_uncounted(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work() -> None:
        async with noting(journal, capacity=3) as notes:
            with journal.transaction():  # somebody else has the journal: nothing is written
                for number in range(3):
                    await notes.room()
                    notes.note(dataclasses.replace(READ, target=str(number)))
                with monkeypatch.context() as patch:
                    patch.setattr(adapters.logs.operation_log_writer, "PATIENCE", 0.01)
                    with pytest.raises(Overloaded):
                        await notes.room()
                for number in range(7):
                    notes.note(dataclasses.replace(REFUSED, target=str(number)))
                assert notes.waiting == 3
                waiting = asyncio.create_task(notes.room())
                await asyncio.sleep(0)
                assert not waiting.done()
            await waiting
            notes.note(READ)
            assert await notes.settled()

    asyncio.run(work())
    rows = logged(journal)
    assert [row.target for row in rows if row.accepted] == ["0", "1", "2", READ.target]
    (missed,) = [row for row in rows if not row.accepted]
    assert (missed.actor, missed.refusal, missed.times) == ("nobody", "overloaded", 7)


def test_entries_that_the_journal_could_not_take_are_tried_again(database_url: str) -> None:
    journal = Journal(database_url)  # without any tables

    async def work() -> None:
        async with noting(journal) as notes:
            notes.note(READ)
            assert not await notes.settled(0.3)
            journal.create()
            assert await notes.settled(30)

    asyncio.run(work())
    assert [row.target for row in logged(journal)] == [READ.target]
    journal.close()


def test_any_text_that_a_client_can_send_can_be_kept(journal: Journal) -> None:
    async def work() -> None:
        async with noting(journal) as notes:
            odd = dataclasses.replace(REFUSED, query="/\x00\ud800" + "x" * 9000, target="y" * 90)
            notes.note(odd)
            assert await notes.settled()

    asyncio.run(work())
    (row,) = logged(journal)
    assert (row.query[:3], len(row.query), len(row.target)) == ("/\ufffd\ufffd", 2000, 36)
