"""Rebuilding, on both databases: the new tables equal the old, and nobody notices the switch."""

import threading
from collections.abc import Iterable, Sequence
from decimal import Decimal

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from projections.kernel.columns import Text
from projections.kernel.full_text import matches
from projections.kernel.read_model import ReadModel, Row, fold
from projections.kernel.rows import tables
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.rebuild import rebuild, stale
from projections.kernel.rows.store import RowStore
from tests.projections.accounts import accounts, happened

MODELS = {accounts.name: accounts}

orders = ReadModel("orders", "order", sa.Column("account", Text))


@orders.on("order.placed")
def _placed(row: Row, event: Recorded) -> Row:
    return {"account": event.data["account"]}


class Journal:
    """A history in memory that may grow while it is read."""

    def __init__(self, streams: int, events: int) -> None:
        self.events: list[Recorded] = []
        self.streams = streams
        self.append(events)

    def append(self, count: int) -> list[Recorded]:
        start = len(self.events)
        for n in range(start, start + count):
            stream, version = f"s-{n % self.streams}", n // self.streams + 1
            if version == 1:
                event = happened(n + 1, stream, 1, "account.opened", name=f"客户{stream}")
            else:
                event = happened(n + 1, stream, version, "account.paid", amount="0.10")
            self.events.append(event)
        return self.events[start:]

    def __call__(self, after: int) -> Iterable[Sequence[Recorded]]:
        while batch := self.events[after : after + 100]:
            yield batch
            after += len(batch)


def rows(engine: sa.Engine) -> dict[str, Row]:
    with engine.connect() as connection:
        ids = connection.scalars(sa.select(accounts.table.c.id)).all()
        return RowStore(accounts.table, connection.dialect).load(connection, ids)


def test_a_rebuilt_read_model_equals_the_one_kept_up_to_date(projector: Projector) -> None:
    journal = Journal(streams=30, events=500)
    for batch in journal(0):
        projector.apply(batch)
    live = rows(projector.engine)
    seen: list[int] = []
    rebuilt = rebuild(projector.engine, MODELS, journal, seen.append)
    assert rows(projector.engine) == live == fold(accounts, {}, journal.events).rows
    assert rebuilt.position == seen[-1] == projector.position() == 500
    projector.apply(journal.append(100))
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows


def test_a_rebuild_can_be_done_again(projector: Projector) -> None:
    journal = Journal(streams=30, events=100)
    for _ in range(3):
        rebuild(projector.engine, MODELS, journal)
        journal.append(100)
    projector.apply(journal.events)
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows


def test_more_rows_than_fit_into_memory_are_rebuilt(
    projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.kernel.rows.shadow_tables._KEPT", 20)
    monkeypatch.setattr("projections.kernel.rows.store._AT_ONCE", 7)
    journal = Journal(streams=70, events=500)
    rebuild(projector.engine, MODELS, journal)
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows


def test_each_read_model_is_given_the_events_of_its_aggregate(projector: Projector) -> None:
    journal = Journal(streams=3, events=9)
    journal.events.insert(4, happened(100, "o", 1, "order.placed", account="s-1"))
    models = MODELS | {orders.name: orders}
    rebuild(projector.engine, models, journal)
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows
    with projector.engine.connect() as connection:
        assert connection.execute(sa.select(orders.table.c.id, orders.table.c.account)).all() == [
            ("o", "s-1")
        ]


def test_search_finds_words_after_a_rebuild(projector: Projector) -> None:
    journal = Journal(streams=3, events=9)
    rebuild(projector.engine, MODELS, journal)
    projector.apply([happened(10, "new", 1, "account.opened", name="客户新")])
    with projector.engine.connect() as connection:
        condition = matches(accounts.table, "客户", connection.dialect.name)
        found = connection.scalars(sa.select(accounts.table.c.id).where(condition)).all()
    assert sorted(found) == ["new", "s-0", "s-1", "s-2"]


def test_no_read_fails_and_no_event_is_lost_while_the_tables_are_switched(
    projector: Projector,
) -> None:
    journal = Journal(streams=50, events=1_000)
    projector.apply(journal.events)
    stop = threading.Event()
    failures: list[Exception] = []
    counts: set[int] = set()

    def read() -> None:
        query = sa.select(sa.func.count()).select_from(accounts.table)
        while not stop.is_set():
            try:
                with projector.engine.execution_options(writes=False).connect() as connection:
                    counts.add(connection.scalar(query) or 0)
            except Exception as error:
                failures.append(error)

    def write() -> None:
        while not stop.is_set():
            try:
                projector.apply(journal.append(10))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=each) for each in (read, read, write)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        rebuild(projector.engine, MODELS, journal)
    stop.set()
    for thread in threads:
        thread.join()
    assert failures == []
    assert counts == {50}
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows


def test_events_that_cannot_be_applied_are_parked_by_a_rebuild_too(projector: Projector) -> None:
    journal = Journal(streams=2, events=4)
    journal.events += [
        happened(5, "bad", 1, "account.opened", name="x"),
        happened(6, "bad", 2, "account.paid", amount="nothing"),
        happened(7, "bad", 3, "account.paid", amount="1.00"),
    ]
    assert rebuild(projector.engine, MODELS, journal).parked == 2
    assert [row["version"] for row in projector.parked()] == [2, 3]
    assert rows(projector.engine)["bad"]["version"] == 1


def test_a_rebuild_tells_which_rows_in_use_were_not_the_fold_of_their_history(
    projector: Projector,
) -> None:
    journal = Journal(streams=10, events=100)
    projector.apply(journal.events)
    table = accounts.table
    with projector.engine.begin() as connection:
        forged = table.update().where(table.c.id == "s-3").values(balance=Decimal("1000000.00"))
        connection.execute(forged)
        connection.execute(table.delete().where(table.c.id == "s-5"))
    mended = rebuild(projector.engine, MODELS, journal).compared
    assert (mended.differ, mended.examples) == ({"accounts": 2}, {"accounts": ["s-3", "s-5"]})
    again = rebuild(projector.engine, MODELS, journal).compared
    assert (again.rows, again.differ, again.examples) == (10, {}, {})


def test_what_is_compared_with_rows_of_another_shape_is_what_both_have(
    projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(streams=10, events=100)
    projector.apply(journal.events)
    with projector.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE accounts RENAME COLUMN balance TO worth")
        connection.exec_driver_sql("UPDATE accounts SET name = 'x' WHERE id = 's-7'")
    monkeypatch.setitem(accounts.__dict__, "fingerprint", "other")
    assert rebuild(projector.engine, MODELS, journal).compared.examples == {"accounts": ["s-7"]}
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows


def test_a_long_read_may_hold_up_a_switch_but_no_other_read(projector: Projector) -> None:
    journal = Journal(streams=10, events=100)
    projector.apply(journal.events)
    query = sa.select(sa.func.count()).select_from(accounts.table)
    reading = projector.engine.execution_options(writes=False)
    thread = threading.Thread(target=rebuild, args=(projector.engine, MODELS, journal))
    with reading.connect() as long:
        assert long.scalar(query) == 10  # and its transaction goes on
        thread.start()
        if projector.engine.dialect.name == "postgresql":
            switching = (
                "SELECT count(*) FROM pg_locks JOIN pg_database AS base ON base.oid = database "
                "WHERE mode = 'ExclusiveLock' AND objid > 0 AND datname = current_database()"
            )
            with reading.connect() as connection:
                while not connection.scalar(sa.text(switching)):
                    connection.rollback()
            for _ in range(100):
                with reading.connect() as connection:
                    # Were it to queue behind the switch, it would wait for the long read for ever.
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
                    assert connection.scalar(query) == 10
            assert thread.is_alive()
        else:
            thread.join()
    thread.join()
    assert not sa.inspect(projector.engine).has_table("accounts_former")
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows


def test_what_a_rebuild_leaves_behind_that_is_ended_after_the_switch_goes_with_the_next(
    projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(streams=10, events=100)
    drop_former, calls = tables.drop_former, iter((False, True))

    def cut_off(engine: sa.Engine, model: ReadModel) -> None:
        if next(calls, False):
            raise KeyboardInterrupt
        drop_former(engine, model)

    monkeypatch.setattr("projections.kernel.rows.tables.drop_former", cut_off)
    with pytest.raises(KeyboardInterrupt):
        rebuild(projector.engine, MODELS, journal)
    assert sa.inspect(projector.engine).has_table("accounts_former")
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows
    rebuild(projector.engine, MODELS, journal)
    assert not sa.inspect(projector.engine).has_table("accounts_former")
    assert rows(projector.engine) == fold(accounts, {}, journal.events).rows


def test_a_read_model_is_stale_when_its_code_has_changed(
    projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stale(projector.engine, MODELS) == []
    monkeypatch.setitem(accounts.__dict__, "fingerprint", "other")
    assert stale(projector.engine, MODELS) == ["accounts"]
    rebuild(projector.engine, MODELS, Journal(streams=1, events=1))
    assert stale(projector.engine, MODELS) == []


def test_everything_is_stale_in_an_empty_database(database_url: str) -> None:
    engine = connect(database_url, "normal")
    assert stale(engine, MODELS) == ["accounts"]
    engine.dispose()
