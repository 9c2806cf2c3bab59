"""Deadlines act once in effect, in the order of their instants, whoever dies or works twice."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from domain.kernel.actors import Actor
from domain.kernel.time.business_day import day_at
from projections.kernel.read_model import Row
from projections.service.service_tickets import service_tickets
from streams.kernel import deadline_runner
from streams.kernel.deadline import deadline, deadlines
from streams.kernel.policy import Wish
from tests.api.warm import killed
from tests.streams.desk import BEGUN, HOUR, Clock, Desk
from tests.streams.flow import until, working
from tests.streams.timekeeper import without_instant
from tests.volume import seed, volume

MANY = volume("DEADLINES_DUE", 500, 2000)
SEED = seed("DEADLINES_SEED", 20261129)
SOME = 60


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    desk = Desk(database_url)
    yield desk
    desk.close()


def test_a_wait_ends_when_its_moment_has_come_and_not_before(desk: Desk) -> None:
    first, second = desk.tickets(2)
    desk.wait({first: BEGUN + HOUR, second: BEGUN + 2 * HOUR})
    clock = Clock(BEGUN + HOUR - timedelta(microseconds=1))
    timekeeping = desk.timekeeping(clock=clock)
    with desk.projecting():
        assert timekeeping.answer(clock()) == 0
        assert timekeeping.rows.following(clock()) == BEGUN + HOUR
        clock.time = BEGUN + HOUR
        assert timekeeping.answer(clock()) == 1
        assert timekeeping.answer(clock()) == 0
        assert timekeeping.rows.following(clock()) == BEGUN + 2 * HOUR
    (event,) = desk.ended()
    due = BEGUN + HOUR
    assert (event.type, event.stream) == ("service-ticket.resumed", first)
    assert event.who == Actor("deadline", "service-ticket.end-wait")
    assert (event.behalf, event.cause, event.unit) == (None, None, "gd-gz")
    assert event.command_id == f"service-ticket.end-wait/{first}/{due.isoformat()}/{first}"
    assert datetime.fromisoformat(event.data["due_at"]) == due
    assert datetime.fromisoformat(event.data["at"]) == due
    with desk.engine.connect() as connection:
        row = connection.execute(
            sa.select(service_tickets.table).where(service_tickets.table.c.id == first)
        ).one()
    assert (row.waiting_seconds, row.running_since, row.in_force) == (3600, due, day_at(due))


def test_what_was_done_after_the_moment_comes_before_the_end_of_the_wait(desk: Desk) -> None:
    (ticket,) = desk.tickets(1)
    desk.wait({ticket: BEGUN + HOUR})
    noted = BEGUN + 1.5 * HOUR
    desk.do("service-ticket.record-progress", ticket, note="Called", at=noted.isoformat())
    with desk.projecting():
        desk.timekeeping().answer(desk.journal.now())
    (event,) = desk.ended()
    assert datetime.fromisoformat(event.data["at"]) == noted
    assert datetime.fromisoformat(event.data["due_at"]) == BEGUN + HOUR


def test_after_downtime_all_that_is_due_comes_once_in_the_order_of_the_instants(
    desk: Desk,
) -> None:
    print(f"seed {SEED}: {MANY} due")
    chance = random.Random(SEED)
    minutes = [timedelta(minutes=chance.randrange(1, 5000)) for _ in range(MANY)]
    waits = {id_: BEGUN + each for id_, each in zip(desk.tickets(MANY), minutes, strict=True)}
    desk.wait(waits)
    with desk.projecting(), working(desk.timekeeping().work) as (worker,):
        until(desk.idle, 600)
        assert worker.failures == 0
    assert desk.astray(list(waits.items())) == []
    ended = [(each.data["due_at"], each.stream) for each in desk.ended()]
    assert ended == sorted(ended)


def keeping(desk: Desk) -> None:
    """Keep deadlines in this process."""
    with desk.projecting(), working(desk.timekeeping().work):
        until(desk.idle)


def fighting(desk: Desk) -> None:
    """Keep deadlines twice at once, of which each takes the lease of the other."""
    one, other = (desk.timekeeping(lease_seconds=0.001) for _ in range(2))
    with desk.projecting(), working(one.work, other.work):
        until(desk.idle)


def going_back(desk: Desk) -> None:
    """Keep deadlines by a clock that goes back again and again."""
    chance = random.Random(SEED)
    clock = Clock(BEGUN)
    timekeeping = desk.timekeeping(clock=clock)
    with desk.projecting():
        for _ in range(20):
            clock.time = BEGUN + chance.random() * 24 * HOUR
            while timekeeping.answer(clock()):
                pass
        clock.time = BEGUN + 24 * HOUR
        while timekeeping.answer(clock()):
            pass


def dying(desk: Desk, *broken: str) -> None:
    """Have processes keep deadlines that are killed at their work, two at a time."""
    told = ("tests.streams.timekeeper", desk.url, desk.rows_url, *broken)
    begun = desk.journal.head().position
    with killed(*told), killed(*told):
        until(lambda: desk.journal.head().position > begun or desk.idle())
    keeping(desk)


def dying_without_instant(desk: Desk) -> None:
    """Have processes that do not tell instants apart keep deadlines, and be killed."""
    dying(desk, "without-instant")


RUNS = [keeping, fighting, going_back, dying]


def waits_that_are_over(
    desk: Desk, run: Callable[[Desk], None], tickets: int = SOME
) -> list[tuple[str, datetime]]:
    """Have tickets wait twice; return which of the waits were not ended once."""
    ids = desk.tickets(tickets)
    first = {id_: BEGUN + HOUR + timedelta(minutes=i) for i, id_ in enumerate(ids)}
    desk.wait(first)
    run(desk)
    second = {id_: due + 3 * HOUR for id_, due in first.items()}
    desk.wait(second, at=BEGUN + 3 * HOUR)
    run(desk)
    return desk.astray([*first.items(), *second.items()])


@pytest.mark.parametrize("run", RUNS)
def test_each_instant_takes_effect_once(desk: Desk, run: Callable[[Desk], None]) -> None:
    assert waits_that_are_over(desk, run) == []


@pytest.mark.parametrize("run", [keeping, fighting, going_back, dying_without_instant])
def test_ids_without_the_instant_are_caught(
    tmp_path: Path, run: Callable[[Desk], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline_runner, "command_id", without_instant)
    with closing(Desk(f"sqlite:///{tmp_path / 'test.db'}")) as desk:
        assert len(waits_that_are_over(desk, run, 10)) == 10


def test_what_is_refused_is_not_asked_for_again(desk: Desk) -> None:
    (ticket,) = desk.tickets(1)
    desk.wait({ticket: BEGUN + HOUR})

    @deadline(rows=service_tickets, at="end_wait_at")
    def close(row: Row) -> Iterator[Wish]:
        yield Wish("service-ticket.close", row["id"])

    chosen = {close.name: close}
    now = desk.journal.now()
    with desk.projecting():
        assert desk.timekeeping(chosen=chosen).answer(now) == 1
        asked = desk.journal.head().operation
        assert desk.timekeeping(chosen=chosen).answer(now) == 0
        assert desk.journal.head().operation == asked
        desk.do("service-ticket.resume", ticket, at=(BEGUN + HOUR).isoformat())
        desk.wait({ticket: BEGUN + 2 * HOUR}, at=BEGUN + HOUR)
        desk.projected()
        assert desk.timekeeping(chosen=chosen).answer(now) == 1
    assert desk.ended() == []


def test_what_is_overdue_is_told(desk: Desk) -> None:
    (ticket,) = desk.tickets(1)
    clock = Clock(BEGUN + 3 * HOUR)
    timekeeping = desk.timekeeping(clock=clock)
    assert timekeeping.overdue() == 0
    desk.wait({ticket: BEGUN + HOUR})
    with desk.projecting():
        assert timekeeping.overdue() == 2 * 3600
        timekeeping.answer(clock())
        assert timekeeping.overdue() == 0


def test_a_look_goes_by_the_index(desk: Desk) -> None:
    (each,) = (each for each in deadlines().values() if each.name == "service-ticket.end-wait")
    query = each.due(BEGUN).limit(10)
    number = service_tickets.indexes.index(("end_wait_at", "id"))
    with desk.engine.connect() as connection:
        text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
            assert f"USING INDEX service_tickets_{number}" in str(plan)
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {text}").all()
            assert f"Index Scan using service_tickets_{number}" in str(plan)
        assert "Sort" not in str(plan)
        assert "B-TREE" not in str(plan)
