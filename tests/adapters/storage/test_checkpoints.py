"""Checkpoints: kept, moved, and fenced by a lease."""

import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from adapters.storage.checkpoints import Checkpoint
from adapters.storage.databases import connect
from adapters.storage.journal_tables import journal_tables
from adapters.storage.leases import Lease, LeaseLost


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = connect(database_url)
    journal_tables.create_all(engine)
    yield engine
    engine.dispose()


def test_a_reader_begins_at_the_start_and_goes_on_where_it_was(engine: sa.Engine) -> None:
    assert Checkpoint(engine, "publish").get() == 0
    Checkpoint(engine, "publish").set(5)
    Checkpoint(engine, "publish").set(9)
    Checkpoint(engine, "react").set(2)
    assert Checkpoint(engine, "publish").get() == 9


def test_only_the_holder_of_the_lease_moves_the_checkpoint(engine: sa.Engine) -> None:
    first, second = Lease(engine, "publish", seconds=0.01), Lease(engine, "publish")
    assert first.acquire()
    Checkpoint(engine, "publish", first).set(3)
    time.sleep(0.05)
    assert second.acquire()
    with pytest.raises(LeaseLost):
        Checkpoint(engine, "publish", first).set(4)
    assert Checkpoint(engine, "publish", second).get() == 3
    Checkpoint(engine, "publish", second).set(7)
    assert Checkpoint(engine, "publish").get() == 7
