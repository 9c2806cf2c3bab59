"""Past pages: at any position and day a list has the rows that the plain fold has, in its order."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from duckdb import DuckDBPyConnection
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.kernel.full_text import SIGNATURE, bigrams, matches, signature
from projections.kernel.lists.duckdb_queries import compiled
from projections.kernel.lists.list_query import question
from projections.kernel.lists.listing import Listing
from projections.kernel.read_model import ReadModel
from projections.kernel.visibility.visibility import Sight, View
from projections.kernel.warehouse.loader import Loader
from tests.projections.accounts import accounts, happened
from tests.projections.kernel.history.test_fold_at import DAYS, day, plainly, stories, told
from tests.projections.warehouses import raw, walked
from tests.volume import examples

LISTING = Listing(accounts)
TEXT = st.text("南方电力 aAb\N{FULLWIDTH DIGIT FIVE}1.%", max_size=6)


@given(story=stories(), long=st.booleans(), down=st.booleans(), data=st.data())
@settings(max_examples=examples(12), deadline=None)
def test_pages_at_any_position_and_day_are_the_plain_fold(
    story: list[Recorded], long: bool, down: bool, data: st.DataObject
) -> None:
    delivered = data.draw(st.permutations(story))
    cut = data.draw(st.integers(0, len(story)))
    asked = question(accounts, {}, sort="-balance" if down else "name", limit=2)
    with pytest.MonkeyPatch.context() as patch, duckdb.connect() as warehouse:
        if long:  # of all lists, each element has a row of its own
            patch.setattr("projections.kernel.warehouse.elements.MOST", 0)
        loader = Loader(warehouse, {"accounts": accounts}, told=told(story))
        loader.create()
        for part in (delivered[:cut], delivered[cut:]):
            loader.load(map(raw, part))
        moments = st.tuples(st.integers(1, len(story)), DAYS)
        for position, ago in data.draw(st.lists(moments, min_size=1, max_size=8)):
            found = walked(warehouse, LISTING, asked, position, day(ago))
            rows = plainly(story, position, day(ago))
            column = "balance" if down else "name"
            order = sorted(rows, key=lambda id_: (rows[id_][column], id_), reverse=down)
            assert found == [{name: rows[id_][name] for name in found[0]} for id_ in order]


def test_a_day_has_what_was_true_on_it_whether_it_was_told_late_or_not() -> None:
    story = [
        happened(1, "in turn", 1, "account.opened", name="a", on="2026-01-01"),
        happened(2, "late", 1, "account.opened", name="b", on="2026-01-01"),
        happened(3, "in turn", 2, "account.paid", amount="1.00", on="2026-01-03"),
        happened(4, "late", 2, "account.paid", amount="1.00", on="2026-01-03"),
        happened(5, "late", 3, "account.paid", amount="2.00", on="2026-01-02"),
    ]
    asked = question(accounts, {}, sort="name", limit=9)
    with duckdb.connect() as warehouse:
        loader = Loader(warehouse, {"accounts": accounts}, told=told(story))
        loader.create()
        loader.load(map(raw, story))
        for position in range(1, 6):
            for valid_at in [None, *(date(2026, 1, n) for n in (1, 2, 3, 4))]:
                found = walked(warehouse, LISTING, asked, position, valid_at)
                rows = plainly(story, position, valid_at)
                assert [(row["id"], row["balance"]) for row in found] == [
                    (id_, rows[id_]["balance"]) for id_ in sorted(rows)
                ]


@pytest.fixture
def warehouse() -> Iterator[DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def loaded(warehouse: DuckDBPyConnection, model: ReadModel, events: list[Recorded]) -> Listing:
    loader = Loader(warehouse, {model.name: model})
    loader.create()
    for event in events:
        loader.load([raw(event)])
    return Listing(model)


def test_words_find_the_rows_that_had_them_then(warehouse: DuckDBPyConnection) -> None:
    names = ["南方电力", "华信物流 50%_", "南方电力"]
    events = [happened(1, "c", 1, "customer.registered", name=names[0], unit="gd")]
    for n, name in enumerate(names[1:], 2):
        events.append(happened(n, "c", n, "customer.details-corrected", name=name))
    listing = loaded(warehouse, customers, events)
    first, second = [True, False, True], [False, True, False]
    for words, seen in (("电力", first), ("力", first), ("华信", second), ("50%", second)):
        asked = question(customers, {}, words=words)
        for position, so in enumerate(seen, 1):
            assert bool(walked(warehouse, listing, asked, position)) is so


@given(names=st.lists(TEXT, min_size=1, max_size=5), query=TEXT, cut=st.integers(1, 4))
@example(names=["abAb"], query="", cut=3)
@settings(max_examples=examples(100), deadline=None)
def test_signatures_pass_over_no_row_that_has_the_words(
    names: list[str], query: str, cut: int
) -> None:
    query = query or names[0][:cut]  # of which one is the beginning
    table = sa.table("t", sa.column("search", sa.Text), sa.column(SIGNATURE, sa.BigInteger))
    rows = [(words, signature(words)) for words in map(bigrams, names)]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (search VARCHAR, {SIGNATURE} BIGINT)")
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        found = []
        for means in ("duckdb", "sqlite-plain"):
            asked = sa.select(table.c.search).where(matches(table, query, means))
            found.append(sorted(connection.execute(*compiled(asked)).fetchall()))
    assert found[0] == found[1]


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
def test_the_past_is_seen_by_where_a_row_belonged_then(
    warehouse: DuckDBPyConnection, view: dict[str, Any], seen: list[list[str]]
) -> None:
    events = [
        happened(1, "c", 1, "customer.registered", name="X", unit="gd"),
        happened(2, "c", 2, "customer.manager-assigned", manager="ann"),
        happened(3, "c", 3, "customer.transferred", unit="js", reason="moved"),
        happened(4, "c", 4, "customer.manager-assigned", manager="bob"),
    ]
    listing = loaded(warehouse, customers, events)
    asked = question(customers, {}, sight=Sight((View("g", **view),)))
    for position, ids in zip((2, 4), seen, strict=True):
        assert [row["id"] for row in walked(warehouse, listing, asked, position)] == ids


def test_long_lists_of_versions_that_are_past_are_on_their_page(
    warehouse: DuckDBPyConnection,
) -> None:
    events = [happened(1, "a", 1, "account.opened", name="x")]
    events += [happened(n, "a", n, "account.paid", amount="1.25") for n in range(2, 41)]
    loader = Loader(warehouse, {accounts.name: accounts})
    loader.create()
    loader.load(map(raw, events))
    assert warehouse.execute("SELECT count(*) FROM store.long_accounts").fetchone() != (0,)
    asked = question(accounts, {}, sort="name", limit=7)
    for position in (40, 30, 10):
        (row,) = walked(warehouse, LISTING, asked, position)
        assert len(row["notes"]) == position - 1
