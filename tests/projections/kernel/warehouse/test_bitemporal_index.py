"""The lookback: at any position and day it has the rows that the plain fold has."""

import itertools
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.kernel.lists.list_query import question
from projections.kernel.lists.listing import Listing
from projections.kernel.visibility.visibility import Sight, View
from projections.kernel.warehouse.bitemporal_index import NEVER, as_of, steps, true_at
from projections.kernel.warehouse.loader import Loader
from projections.kernel.warehouse.parking_lot import PARKING
from projections.kernel.warehouse.row_history import History
from tests.projections.accounts import accounts, happened
from tests.projections.kernel.history.test_fold_at import day, plainly, stories, told
from tests.projections.looking_back import Memory, moment, raw
from tests.volume import examples


@given(story=stories(), cuts=st.lists(st.integers(0, 20), max_size=4), data=st.data())
@settings(max_examples=examples(8), deadline=None)
def test_rows_at_any_position_and_day_are_the_plain_fold(
    story: list[Recorded], cuts: list[int], data: st.DataObject
) -> None:
    delivered = data.draw(st.permutations(story))
    edges = sorted({0, *(min(cut, len(story)) for cut in cuts), len(story)})
    memory = Memory([accounts])
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA store")
        connection.execute(PARKING)
        history = History(accounts, told(story))
        for statement in history.statements():
            connection.execute(statement)
        complete, seen = 0, 0
        for first, last in itertools.pairwise(edges):
            history.load(connection, delivered[first:last])
            healed = [each for (each,) in connection.execute("FROM store.healed").fetchall()]
            memory.bring(connection, min([complete, *(each - 1 for each in healed[seen:])]))
            seen = len(healed)
            complete = _complete(delivered[:last])
            _same(memory, story, complete)
    memory.close()


def _complete(delivered: list[Recorded]) -> int:
    """Return the position up to which everything was delivered."""
    known = {each.position for each in delivered}
    return next(n for n in itertools.count() if n + 1 not in known)


def _same(memory: Memory, story: list[Recorded], complete: int) -> None:
    for position in range(complete + 1):
        for valid_at in [None, *(day(ago) for ago in range(10))]:
            table = (as_of if valid_at is None else true_at)(accounts)
            query = sa.select(*table.c)
            found = memory.connection.execute(query, moment(position, valid_at)).mappings()
            rows = [dict(row) for row in found]
            expected = plainly(story, position, valid_at)
            assert {row["id"]: row for row in rows} == expected
            assert len(rows) == len(expected)


@given(
    told=st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6).map(str)), min_size=1, max_size=7)
)
def test_steps_cover_each_moment_once_with_what_was_told_last(told: list[tuple[int, str]]) -> None:
    told.sort(key=lambda each: each[0])
    found = list(steps(told))
    for position, on in itertools.product(range(8), map(str, range(8))):
        so = [
            number
            for number, since, until, ceded, lost in found
            if since <= position < lost
            and told[number][1] <= on
            and (position < until or (ceded is not None and on < ceded))
        ]
        known = [n for n, (at, of) in enumerate(told) if at <= position and of <= on]
        assert so == known[-1:]


def test_a_record_of_which_nothing_came_late_has_one_step_for_its_last_state() -> None:
    assert list(steps([(5, "2026-01-01")])) == [(0, 5, NEVER, None, NEVER)]
    assert list(steps([(5, "2026-01-01"), (7, "2026-01-02")])) == [
        (0, 5, 7, None, 7),
        (0, 7, 0, "2026-01-02", NEVER),
        (1, 7, NEVER, None, NEVER),
    ]


def test_an_event_that_healed_is_brought_from_where_it_belongs() -> None:
    story = [
        happened(1, "a", 1, "account.opened", name="a", on="2026-01-01"),
        happened(2, "a", 2, "account.paid", amount="many"),
        happened(3, "b", 1, "account.opened", name="b"),
    ]
    memory = Memory([accounts])
    with duckdb.connect() as connection:
        loader = Loader(connection, {"accounts": accounts})
        loader.create()
        loader.load(map(raw, story))
        memory.bring(connection)
        assert _versions(memory, 3) == {"a": 1, "b": 1}
        loader.repairs.skip("history_accounts", "a")
        assert connection.execute("FROM store.healed").fetchall() == [(2,)]
        memory.bring(connection, 1)
        assert _versions(memory, 3) == {"a": 2, "b": 1}
        assert _versions(memory, 1) == {"a": 1}
    memory.close()


def _versions(memory: Memory, position: int) -> dict[str, int]:
    rows = as_of(accounts).c
    query = sa.select(rows.id, rows.version)
    found = memory.connection.execute(query, moment(position))
    return {id_: version for id_, version in found}  # noqa: C416 (rows are not pairs for mypy)


@pytest.mark.parametrize("many", [1, 5000])
def test_words_find_the_rows_that_had_them_then(many: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.kernel.lists.listing._MANY", many)
    names = ["南方电力", "华信物流", "南方电力"]
    events = [happened(1, "c", 1, "customer.registered", name=names[0], unit="gd")]
    for n, name in enumerate(names[1:], 2):
        events.append(happened(n, "c", n, "customer.details-corrected", name=name))
    memory = Memory([customers])
    with duckdb.connect() as connection:
        loader = Loader(connection, {"customers": customers})
        loader.create()
        for position, event in enumerate(events):
            loader.load([raw(event)])
            memory.bring(connection, position)
    for words, seen in (("电力", [True, False, True]), ("华信", [False, True, False])):
        asked = question(customers, {}, words=words)
        for position, so in enumerate(seen, 1):
            assert bool(memory.walk(Listing(customers), asked, position)) is so
    memory.close()


@pytest.mark.parametrize(
    ("view", "seen"),
    [
        ({"units": frozenset({"gd"})}, [["c"], []]),
        ({"units": frozenset({"js"})}, [[], ["c"]]),
        ({"owners": frozenset({"ann"})}, [["c"], []]),
        ({"owners": frozenset({"bob"})}, [[], ["c"]]),
        ({"units": frozenset({"gd"}), "owners": frozenset({"bob"})}, [[], []]),
    ],
)
@pytest.mark.parametrize("wide", [1, 1000])
def test_the_past_is_seen_by_where_a_row_belonged_then(
    view: dict[str, Any], seen: list[list[str]], wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.kernel.lists.listing._WIDE", wide)
    events = [
        happened(1, "c", 1, "customer.registered", name="X", unit="gd"),
        happened(2, "c", 2, "customer.manager-assigned", manager="ann"),
        happened(3, "c", 3, "customer.transferred", unit="js", reason="moved"),
        happened(4, "c", 4, "customer.manager-assigned", manager="bob"),
    ]
    memory = Memory([customers])
    with duckdb.connect() as connection:
        loader = Loader(connection, {"customers": customers})
        loader.create()
        loader.load(map(raw, events))
        memory.bring(connection)
    asked = question(customers, {}, sight=Sight((View("g", **view),)))
    listing = Listing(customers)
    for position, ids in zip((2, 4), seen, strict=True):
        assert [row["id"] for row in memory.walk(listing, asked, position)] == ids
    memory.close()
