"""The projector, on both databases: whatever is delivered how, rows equal the plain fold."""

import itertools
import threading
from decimal import Decimal

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from projections.kernel.read_model import Row, fold
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.store import RowStore
from tests.projections.accounts import accounts, happened
from tests.volume import examples

MODELS = {accounts.name: accounts}


def rows(projector: Projector) -> dict[str, Row]:
    with projector.engine.connect() as connection:
        ids = connection.scalars(sa.select(accounts.table.c.id)).all()
        return RowStore(accounts.table, connection.dialect).load(connection, ids)


def opened_and_paid(stream: str, first: int, *amounts: str) -> list[Recorded]:
    return [
        happened(first, stream, 1, "account.opened", name=f"客户{stream}", on="2026-01-05"),
        *(
            happened(first + n, stream, n + 1, "account.paid", amount=amount)
            for n, amount in enumerate(amounts, 1)
        ),
    ]


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Recorded], list[list[Recorded]]]:
    """Draw a history of several streams, and batches of it: shuffled, repeated, cut anyhow."""
    lengths = draw(st.lists(st.integers(0, 5), min_size=1, max_size=4))
    streams = [[str(n)] * (length + 1) for n, length in enumerate(lengths)]
    order = draw(st.permutations(list(itertools.chain(*streams))))
    versions = dict.fromkeys(order, 0)
    history = []
    for position, stream in enumerate(order, 1):
        versions[stream] += 1
        if versions[stream] == 1:
            event = happened(position, stream, 1, "account.opened", name=stream)
        else:
            amount = str(draw(st.decimals("0.00", "999.99", places=2)))
            event = happened(position, stream, versions[stream], "account.paid", amount=amount)
        history.append(event)
    repeats = draw(st.lists(st.sampled_from(history), max_size=5))
    sent = draw(st.permutations(history + repeats))
    cuts = sorted(draw(st.lists(st.integers(0, len(sent)), max_size=4)))
    batches = [sent[a:b] for a, b in itertools.pairwise([0, *cuts, len(sent)])]
    return history, batches


@settings(
    max_examples=examples(15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(deliveries())
def test_any_batching_repeating_and_reordering_gives_the_rows_of_the_plain_fold(
    projector: Projector, drawn: tuple[list[Recorded], list[list[Recorded]]]
) -> None:
    history, batches = drawn
    with projector.engine.begin() as connection:
        connection.execute(accounts.table.delete())
    for batch in batches:
        projector.apply(batch)
    assert rows(projector) == fold(accounts, {}, history).rows
    assert projector.parked() == []


def test_rows_come_back_as_they_were_folded(projector: Projector) -> None:
    events = opened_and_paid("a", 1, "9999999999999999.99", "0.01")
    projector.apply(events)
    row = rows(projector)["a"]
    assert row == fold(accounts, {}, events).rows["a"]
    assert row["balance"] == Decimal("10000000000000000.00")
    assert row["notes"] == ["9999999999999999.99", "0.01"]
    assert row["created_at"] == events[0].time
    assert row["search"] == "客户 户 a"


def test_money_sums_exactly(projector: Projector) -> None:
    for n in range(10):
        projector.apply(opened_and_paid(f"s{n}", 10 * n + 1, "0.10"))
    with projector.engine.connect() as connection:
        total = connection.scalar(sa.select(sa.func.sum(accounts.table.c.balance)))
    assert total == Decimal("1.00")
    assert str(total) == "1.00"


def test_an_event_that_cannot_be_folded_parks_its_stream_only(projector: Projector) -> None:
    bad = opened_and_paid("bad", 1, "1.00", "not money", "2.00")
    good = opened_and_paid("good", 11, "5.00")
    projector.apply([*bad, *good])
    found = rows(projector)
    assert found["bad"]["version"] == 2
    assert found["good"]["balance"] == Decimal("5.00")
    assert [(row["stream"], row["version"]) for row in projector.parked()] == [
        ("bad", 3),
        ("bad", 4),
    ]
    assert "InvalidOperation" in projector.parked()[0]["error"]
    assert projector.position() == 12


def test_a_parked_stream_heals_when_it_is_retried_with_better_code(
    projector: Projector, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = opened_and_paid("a", 1, "1.00", "not money", "2.00")
    projector.apply(events)
    projector.apply([happened(5, "a", 5, "account.paid", amount="4.00")])
    assert projector.retry("accounts", "a") == 3
    before = accounts.folds["account.paid"]
    assert before is not None

    def forgiving(row: Row, event: Recorded) -> Row:
        return {} if event.data["amount"] == "not money" else before(row, event)

    monkeypatch.setitem(accounts.folds, "account.paid", forgiving)
    assert projector.retry("accounts", "a") == 0
    row = rows(projector)["a"]
    assert (row["version"], row["balance"]) == (5, Decimal("7.00"))


def test_a_parked_event_can_be_passed_over(projector: Projector) -> None:
    projector.apply(opened_and_paid("a", 1, "1.00", "not money", "2.00"))
    assert projector.skip("accounts", "a") == 0
    row = rows(projector)["a"]
    assert (row["version"], row["balance"]) == (4, Decimal("3.00"))


def test_a_value_that_the_database_refuses_parks_its_stream_only(projector: Projector) -> None:
    too_much = opened_and_paid("bad", 1, "99999999999999999999.00")
    projector.apply([*too_much, *opened_and_paid("good", 11, "5.00")])
    assert {id_: row["version"] for id_, row in rows(projector).items()} == {"bad": 1, "good": 2}
    assert [(row["stream"], row["version"]) for row in projector.parked()] == [("bad", 2)]
    assert projector.retry("accounts", "bad") == 1


def test_a_missing_table_stops_the_projector_and_parks_nothing(projector: Projector) -> None:
    with projector.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE accounts RENAME TO elsewhere")
    with pytest.raises(sa.exc.DBAPIError):
        projector.apply(opened_and_paid("a", 1))
    assert projector.parked() == []


def test_a_gap_heals_by_itself_when_the_missing_event_arrives(projector: Projector) -> None:
    first, second, third = opened_and_paid("a", 1, "1.00", "2.00")
    projector.apply([first, third])
    assert [row["version"] for row in projector.parked()] == [3]
    projector.apply([second])
    assert rows(projector)["a"]["version"] == 3
    assert projector.parked() == []


def test_the_position_is_the_least_of_all_sources(database_url: str) -> None:
    engine = connect(database_url, "normal")
    projector = Projector(engine, MODELS)
    projector.create(["account/0", "account/1", "other/0"])
    projector.apply(opened_and_paid("a", 1, "1.00"), source="account/0")
    assert projector.position() == 0
    projector.apply([], position=7, source="account/1")
    assert projector.position() == 2
    projector.apply([], position=9, source="account/0")
    projector.apply([], position=3, source="account/1")
    assert projector.position() == 7
    engine.dispose()


def test_waiting_for_a_position_ends_when_it_is_applied(projector: Projector) -> None:
    assert not projector.wait(2, timeout=0)
    later = threading.Thread(target=projector.apply, args=[opened_and_paid("a", 1, "1.00")])
    later.start()
    assert projector.wait(2, timeout=30)
    later.join()


def test_two_projectors_work_side_by_side_on_streams_of_their_own(database_url: str) -> None:
    engine = connect(database_url, "normal")
    projectors = [Projector(engine, MODELS) for _ in range(2)]
    sources = ["account/0", "account/1"]
    projectors[0].create(sources)

    def work(number: int) -> None:
        for n in range(20):
            # Ids in opposite order: locks taken in the order of delivery would deadlock.
            streams = [f"{number}-{i}" for i in range(5)][:: 1 - 2 * number]
            batch = [
                happened(n + 1, each, 1, "account.opened", name="x")
                if n == 0
                else happened(n + 1, each, n + 1, "account.paid", amount="1.00")
                for each in streams
            ]
            projectors[number].apply(batch, source=sources[number])

    threads = [threading.Thread(target=work, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {row["balance"] for row in rows(projectors[0]).values()} == {Decimal(19)}
    assert projectors[0].position() == 20
    engine.dispose()
