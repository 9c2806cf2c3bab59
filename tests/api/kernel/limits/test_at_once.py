"""Short questions are answered on the spot, and those that take longer hold up nobody."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from adapters.storage.query_timeout import NotAtOnce, Patience, at_once
from api.kernel.limits.at_once import AtOnce

T = TypeVar("T")

LONG = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 300000) "
    "SELECT max(i) FROM n"
)
SHORT = LONG.replace("300000", "3000")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = connect(f"sqlite:///{tmp_path / 'rows.db'}", "normal")
    with engine.connect() as found:
        yield found
    engine.dispose()


def _asking(connection: sa.Connection, statement: str, where: list[int]) -> Callable[[], int]:
    def find() -> int:
        where.append(threading.get_ident())
        with Patience(60).rows(connection):
            found: int = connection.exec_driver_sql(statement).scalar_one()
            return found

    return find


async def _elsewhere(find: Callable[[], T]) -> T:
    return await asyncio.to_thread(find)


def test_what_takes_a_moment_is_found_where_it_is_asked(connection: sa.Connection) -> None:
    where: list[int] = []
    find = _asking(connection, SHORT, where)
    for _ in range(200):  # what it took before does not count
        assert asyncio.run(AtOnce(here=True).ask("some", _elsewhere, find)) == 3000
    assert set(where) == {threading.get_ident()}


def test_what_takes_longer_is_found_elsewhere_and_is_not_tried_again(
    connection: sa.Connection,
) -> None:
    asked, where = AtOnce(here=True), list[int]()
    find = _asking(connection, LONG, where)
    for _ in range(3):
        assert asyncio.run(asked.ask("long", _elsewhere, find)) == 300000
    here = threading.get_ident()
    assert [each == here for each in where] == [True, False, False, False]
    assert asyncio.run(asked.ask("other", _elsewhere, _asking(connection, SHORT, where))) == 3000
    assert where[-1] == here


def test_nothing_is_found_on_the_spot_where_the_database_is_elsewhere(
    connection: sa.Connection,
) -> None:
    where: list[int] = []
    find = _asking(connection, SHORT, where)
    assert asyncio.run(AtOnce(here=False).ask("some", _elsewhere, find)) == 3000
    assert threading.get_ident() not in where


def test_what_is_asked_after_it_has_all_the_time(connection: sa.Connection) -> None:
    patience = Patience(60)
    with pytest.raises(NotAtOnce), at_once(), patience.rows(connection):
        connection.exec_driver_sql(LONG)
    connection.rollback()
    with patience.rows(connection):
        assert connection.exec_driver_sql(LONG).scalar_one() == 300000


def test_what_goes_wrong_at_once_is_told_as_it_is(connection: sa.Connection) -> None:
    with (
        pytest.raises(sa.exc.OperationalError, match="nowhere"),
        at_once(),
        Patience(60).rows(connection),
    ):
        connection.exec_driver_sql("SELECT * FROM nowhere")


def test_who_came_first_is_answered_before_whoever_comes_later(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.kernel.limits.sharing.ROUND", 0.0)
    find, answered = _asking(connection, SHORT, []), list[str]()

    async def ask() -> None:
        asked, two = AtOnce(here=True), asyncio.Semaphore(2)

        async def one(name: str) -> None:
            await asked.ask("some", _elsewhere, find)
            answered.append(name)

        async def of_many() -> None:
            async with two:  # as of one caller who asks for a hundred things
                await one("later")

        many = [asyncio.create_task(of_many()) for _ in range(40)]
        await asyncio.sleep(0)
        await one("first")
        await asyncio.gather(*many)

    asyncio.run(ask())
    assert answered.index("first") <= 4, answered


@pytest.mark.parametrize(("spent", "turns"), [(0.0, 40), (60.0, 2)])
def test_of_many_that_come_together_some_are_answered_before_others_have_a_turn(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch, spent: float, turns: int
) -> None:
    monkeypatch.setattr("api.kernel.limits.sharing.ROUND", spent)
    find = _asking(connection, SHORT, [])

    async def ask() -> int:
        asked, waited = AtOnce(here=True), 0
        many = asyncio.gather(*(asked.ask("some", _elsewhere, find) for _ in range(40)))
        while not many.done():
            await asyncio.sleep(0)
            waited += 1
        assert many.result() == [3000] * 40
        return waited

    found = asyncio.run(ask())
    assert found >= turns if spent == 0 else found <= turns
