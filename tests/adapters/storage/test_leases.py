"""Leases: one holder at a time, and a successor when it is gone."""

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from adapters.storage.journal_tables import journal_tables
from adapters.storage.leases import Lease, LeaseLost


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = connect(database_url)
    journal_tables.create_all(engine)
    yield engine
    engine.dispose()


def test_only_one_holder_has_the_lease(engine: sa.Engine) -> None:
    first, second = Lease(engine, "publish"), Lease(engine, "publish")
    assert first.acquire()
    assert not second.acquire()
    assert first.acquire()


def test_leases_of_different_work_do_not_meet(engine: sa.Engine) -> None:
    assert Lease(engine, "publish").acquire()
    assert Lease(engine, "react").acquire()


def test_a_lease_given_back_is_free_at_once(engine: sa.Engine) -> None:
    first, second = Lease(engine, "publish", seconds=1000), Lease(engine, "publish")
    assert first.acquire()
    first.release()
    assert second.acquire()


def test_a_lease_that_ran_out_is_taken_over_and_lost_to_its_holder(engine: sa.Engine) -> None:
    first, second = Lease(engine, "publish", seconds=0.01), Lease(engine, "publish")
    assert first.acquire()
    time.sleep(0.05)
    assert second.acquire()
    with pytest.raises(LeaseLost):
        first.renew()
    assert not first.acquire()


def test_a_renewed_lease_is_not_taken_over(engine: sa.Engine) -> None:
    first, second = Lease(engine, "publish", seconds=0.01), Lease(engine, "publish")
    assert first.acquire()
    time.sleep(0.05)
    first.seconds = 1000
    first.renew()
    assert not second.acquire()
