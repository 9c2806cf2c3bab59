"""Patience: questions that take long are interrupted, and nothing else is."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from adapters.storage.query_timeout import Patience, QuestionTooLarge, QuestionTooLong
from adapters.warehouse.warehouse import Warehouse

ENDLESS = "SELECT count(*) FROM range(1000000000) a, range(1000000) b WHERE (a.range + b.range) = 7"
ENDLESS_ROWS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i % 7 + 1 FROM n) SELECT count(*) FROM n"
)
LARGE = "SELECT list(range ORDER BY random()) FROM range(100000000)"


@pytest.fixture
def patience() -> Iterator[Patience]:
    found = Patience(0.3)
    found.start()
    yield found
    found.stop()


@pytest.fixture
def warehouse(tmp_path: Path, patience: Patience) -> Iterator[Warehouse]:
    found = Warehouse(tmp_path / "warehouse.duckdb", memory="64MB", patience=patience)
    yield found
    found.close()


def test_a_question_to_the_warehouse_is_interrupted_and_the_next_is_answered(
    warehouse: Warehouse,
) -> None:
    began = time.monotonic()
    with pytest.raises(QuestionTooLong, match=r"0\.3 seconds"), warehouse.reader() as cursor:
        cursor.execute(ENDLESS)
    assert 0.3 <= time.monotonic() - began < 10
    with warehouse.reader() as cursor:
        assert cursor.execute("SELECT 7").fetchall() == [(7,)]


def test_what_is_asked_between_two_statements_too_late_is_interrupted_too(
    warehouse: Warehouse,
) -> None:
    def ask() -> None:
        with warehouse.reader() as cursor:
            time.sleep(0.6)
            cursor.execute(ENDLESS)

    with pytest.raises(QuestionTooLong):
        ask()


def test_others_are_answered_while_one_is_interrupted(
    warehouse: Warehouse, patience: Patience
) -> None:
    patience.seconds = 60
    with warehouse.reader() as other:
        patience.seconds = 0.3  # of who comes now
        with pytest.raises(QuestionTooLong), warehouse.reader() as cursor:
            cursor.execute(ENDLESS)
        assert other.execute("SELECT 7").fetchall() == [(7,)]


def test_a_question_that_needs_too_much_memory_is_refused_and_the_next_is_answered(
    warehouse: Warehouse, patience: Patience
) -> None:
    patience.seconds = 600
    with pytest.raises(QuestionTooLarge), warehouse.reader() as cursor:
        cursor.execute(LARGE)
    with warehouse.reader() as cursor:
        assert cursor.execute("SELECT 7").fetchall() == [(7,)]


def test_upkeep_and_rebuilding_have_all_the_time(warehouse: Warehouse, patience: Patience) -> None:
    patience.seconds = 0
    assert warehouse.inspect() == []
    with warehouse._held() as generation, generation.look() as cursor:
        query = "SELECT count(*) FROM range(20000) a, range(20000) b WHERE a.range + b.range = 7"
        assert cursor.execute(query).fetchall() == [(8,)]
    warehouse.rebuild(lambda _: iter([]))


def test_a_question_to_the_rows_is_interrupted_and_the_next_is_answered(
    database_url: str, patience: Patience
) -> None:
    engine = connect(database_url, pool_size=1)
    for _ in range(2):
        with (
            pytest.raises(QuestionTooLong),
            engine.connect() as connection,
            patience.rows(connection),
        ):
            connection.execute(sa.text(ENDLESS_ROWS))
        with engine.connect() as connection, patience.rows(connection):
            assert connection.execute(sa.text("SELECT 7")).scalar() == 7
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    engine.dispose()


def test_what_goes_wrong_otherwise_is_told_as_it_is(database_url: str, patience: Patience) -> None:
    engine = connect(database_url)
    with (
        pytest.raises(sa.exc.DBAPIError, match="nowhere"),
        engine.connect() as connection,
        patience.rows(connection),
    ):
        connection.execute(sa.text("SELECT * FROM nowhere"))
    engine.dispose()


def test_after_its_end_a_question_is_left_alone(database_url: str, patience: Patience) -> None:
    engine = connect(database_url)
    with engine.connect() as connection:
        with patience.rows(connection):
            connection.execute(sa.text("SELECT 7"))
        time.sleep(0.6)
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SELECT pg_sleep(0.5)"))
        assert connection.execute(sa.text("SELECT 7")).scalar() == 7
    engine.dispose()
