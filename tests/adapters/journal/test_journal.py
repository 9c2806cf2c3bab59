"""The journal keeps positions gapless and in commit order, whoever writes."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from adapters.journal.group_commit import Writer
from adapters.journal.history_queries import position_at
from adapters.journal.journal import Journal
from adapters.journal.unit_of_work import Conflict
from adapters.storage.databases import writing
from adapters.storage.instants import instant
from adapters.storage.journal_tables import events
from domain.kernel.aggregate import new_id
from tests.adapters.appending import Append, append, noted, origin


@pytest.fixture
def journal(journal_url: str) -> Iterator[Journal]:
    journal = Journal(journal_url)
    journal.create()
    yield journal
    journal.close()


@pytest.fixture
def writer(journal: Journal) -> Iterator[Writer]:
    writer = Writer(journal)
    writer.start()
    yield writer
    writer.stop()


def gaps(positions: Sequence[int], after: int = 0) -> list[int]:
    """Return the positions at which a reader that went on from `after` would miss events."""
    return [
        now
        for before, now in zip([after, *positions], positions, strict=False)
        if now != before + 1
    ]


def test_an_acknowledged_append_is_forced_to_the_disk(journal: Journal) -> None:
    with journal.engine.connect() as connection:
        if journal.engine.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_events_come_back_as_they_were_appended(journal: Journal, writer: Writer) -> None:
    stream = new_id()
    came_from = origin("my-key")

    position = writer.submit(Append([noted(stream, 1, "你好")], came_from)).result()

    (event,) = journal.read(after=0)
    assert (event.position, event.stream, event.version) == (position, stream, 1)
    assert event.data == {"text": "你好"}
    assert (event.actor, event.unit, event.command_id) == ("tester", "group", "my-key")
    assert abs(event.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert journal.history(stream) == [event]
    assert journal.head().position == position


def test_an_append_that_expects_another_version_fails_alone(
    journal: Journal, writer: Writer
) -> None:
    taken, free = new_id(), new_id()
    writer.submit(Append([noted(taken, 1)], origin())).result()

    with journal._writing:  # hold the writer back until all three wait for the same commit
        before = writer.submit(Append([noted(free, 1)], origin()))
        conflict = writer.submit(Append([noted(free, 2), noted(taken, 1)], origin()))
        after = writer.submit(Append([noted(taken, 2)], origin()))

    assert isinstance(conflict.exception(), Conflict)
    assert (before.result(), after.result()) == (2, 3)
    assert [(e.stream, e.version) for e in journal.read(after=1)] == [(free, 1), (taken, 2)]


def test_an_append_leaves_no_gap_in_its_stream(writer: Writer) -> None:
    assert isinstance(writer.submit(Append([noted(new_id(), 2)], origin())).exception(), Conflict)


def test_waiting_appends_share_commits(writer: Writer) -> None:
    answers = [writer.submit(Append([noted(new_id(), 1)], origin())) for _ in range(1000)]

    assert sorted(answer.result() for answer in answers) == list(range(1, 1001))
    assert writer.commits < 500


def test_several_writers_leave_no_gaps_for_a_reader_that_follows(journal_url: str) -> None:
    journals = [Journal(journal_url) for _ in range(4)]
    journals[0].create()
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        while not done.is_set() or len(seen) < journals[0].head().position:
            seen.extend(row[0] for row in journals[0].raw(after=len(seen), limit=100))
            assert not gaps(seen)

    def write(journal: Journal) -> None:
        for _ in range(50):
            stream = new_id()
            append(journal, *(noted(stream, version) for version in (1, 2)))

    with ThreadPoolExecutor(5) as pool:
        reader = pool.submit(follow)
        for written in [pool.submit(write, journal) for journal in journals]:
            written.result()
        done.set()
        reader.result()
    assert seen == list(range(1, 401))
    for journal in journals:
        journal.close()


def test_positions_from_a_sequence_would_lose_events_for_a_reader(postgres_url: str) -> None:
    """The control: without the head lock, the check above does catch the loss."""
    engine = sa.create_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE naive (position BIGSERIAL)")
    with engine.connect() as slow, engine.connect() as fast, engine.connect() as reader:
        slow.exec_driver_sql("INSERT INTO naive DEFAULT VALUES")
        fast.exec_driver_sql("INSERT INTO naive DEFAULT VALUES")
        fast.commit()
        seen = list(reader.scalars(sa.text("SELECT position FROM naive ORDER BY position")))
        slow.rollback()
    engine.dispose()
    assert gaps(seen) == [2]


def test_time_never_runs_backwards_along_the_positions(journal: Journal, writer: Writer) -> None:
    for _ in range(20):
        writer.submit(Append([noted(new_id(), 1)], origin())).result()
    with journal.engine.begin() as connection:  # a clock that was ahead
        ahead = connection.scalar(sa.select(sa.func.max(events.c.time_us))) + 60_000_000
        connection.exec_driver_sql(f"UPDATE head SET time_us = {ahead}")

    writer.submit(Append([noted(new_id(), 1)], origin())).result()

    times = [event.time for event in journal.read(after=0)]
    assert times == sorted(set(times))


def test_now_is_never_before_the_last_event(journal: Journal, writer: Writer) -> None:
    writer.submit(Append([noted(new_id(), 1)], origin())).result()
    with writing(journal.engine).begin() as connection:
        ahead = connection.scalar(sa.select(sa.func.max(events.c.time_us))) + 60_000_000
        connection.exec_driver_sql(f"UPDATE head SET time_us = {ahead}")
    assert journal.now() == instant(ahead + 1)


def test_an_instant_names_a_position(journal: Journal, writer: Writer) -> None:
    for _ in range(3):
        writer.submit(Append([noted(new_id(), 1)], origin())).result()
    first, second, third = journal.read(after=0)

    assert position_at(journal, first.time - timedelta(microseconds=1)) == 0
    assert position_at(journal, second.time) == 2
    assert position_at(journal, third.time + timedelta(days=1)) == 3


def test_what_is_being_written_at_an_instant_is_waited_for(journal_url: str) -> None:
    here, elsewhere = Journal(journal_url), Journal(journal_url)
    here.create()

    with ThreadPoolExecutor() as pool:
        with elsewhere.transaction() as transaction:  # it has the time of its beginning
            transaction.append([noted(new_id(), 1)], origin())
            transaction.end_unit()
            instant = datetime.now(UTC)
            asked = pool.submit(position_at, here, instant)
            with pytest.raises(TimeoutError):
                asked.result(timeout=0.3)
        assert asked.result() == 1

    append(here)
    assert position_at(here, instant) == 1
    here.close()
    elsewhere.close()


def test_on_postgresql_all_go_by_its_clock(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(postgres_url)
    journal.create()
    ours = time.time_ns
    asked = datetime.now(UTC)
    assert position_at(journal, asked) == 0
    monkeypatch.setattr(time, "time_ns", lambda: ours() - 30 * 10**9)  # a writer that is behind
    append(journal)
    monkeypatch.undo()
    assert position_at(journal, asked) == 0
    assert position_at(journal, datetime.now(UTC)) == 1
    journal.close()


def test_whoever_had_to_wait_has_the_time_after_it(postgres_url: str) -> None:
    here, elsewhere = Journal(postgres_url), Journal(postgres_url)
    here.create()

    with ThreadPoolExecutor() as pool:
        with elsewhere.transaction():
            written = pool.submit(append, here)
            with pytest.raises(TimeoutError):
                written.result(timeout=0.3)
            released = datetime.now(UTC)
        written.result()

    assert here.read(after=0)[0].time > released
    here.close()
    elsewhere.close()


def test_an_instant_that_is_about_to_pass_is_waited_for(journal: Journal) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    assert position_at(journal, soon) == 0
    append(journal)
    assert journal.read(after=0)[0].time > soon
    assert position_at(journal, soon) == 0


def test_waiting_for_events_ends_with_the_first_append_of_anyone(journal_url: str) -> None:
    here, elsewhere = Journal(journal_url), Journal(journal_url)
    here.create()
    assert here.wait(after=0, timeout=0.01) == 0

    for journal in (here, elsewhere):
        after = here.head().position
        with ThreadPoolExecutor() as pool:
            waiting = pool.submit(here.wait, after, 30)
            append(journal)
            assert waiting.result() == after + 1
    here.close()
    elsewhere.close()
