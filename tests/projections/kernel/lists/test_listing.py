"""Lists on every database: the same rows in the same order, whatever is asked."""

import itertools
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.kernel.lists.duckdb_queries import compiled, decoded, past
from projections.kernel.lists.list_query import question
from projections.kernel.lists.listing import LISTED, Listing
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.read_model import Row, fold
from projections.kernel.rows.projector import Projector
from projections.kernel.warehouse.loader import Loader
from tests.projections.accounts import accounts, happened
from tests.projections.databases import DATABASES, database
from tests.projections.warehouses import raw, walked

LISTING = Listing(accounts)
Ask = Callable[..., list[Row]]


def history() -> list[Recorded]:
    """Return accounts with equal names, missing days and some payments."""
    events: list[Recorded] = []
    for n in range(40):
        data = {"name": ["华南电力", "Acme", "acme", "广州 银行"][n % 4]}
        if n % 3:
            data["on"] = f"2026-0{n % 5 + 1}-01"
        events.append(happened(len(events) + 1, f"id-{n:02}", 1, "account.opened", **data))
        for version in range(2, n % 4 + 2):
            amount = f"{n * 7 % 13}.50"
            events.append(
                happened(len(events) + 1, f"id-{n:02}", version, "account.paid", amount=amount)
            )
    return events


EVENTS = history()
FOLDED = fold(accounts, {}, EVENTS).rows
ROWS = {id_: {name: row[name] for name in row if name != "in_force"} for id_, row in FOLDED.items()}


@pytest.fixture(scope="module", params=[*DATABASES, "duckdb"])
def ask(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Return a function that walks a whole list, page by page."""
    if request.param == "duckdb":
        yield from _duck()
        return
    with database(request, tmp_path_factory) as url:
        yield from _rows(url)


def _rows(url: str) -> Iterator[Ask]:
    engine = connect(url, "normal")
    projector = Projector(engine, {accounts.name: accounts})
    projector.create()
    projector.apply(EVENTS)

    def walk(where: dict[str, str] | None = None, **options: Any) -> list[Row]:
        asked, place, found = question(accounts, where or {}, **options), None, []
        with engine.connect() as connection:
            for _ in itertools.count():
                page = LISTING.page(connection, asked, place)
                found += page.items
                place = page.next
                if place is None:
                    assert LISTING.count(connection, asked) == len(found)
                    return found
        raise AssertionError

    yield walk
    engine.dispose()


def _duck() -> Iterator[Ask]:
    connection = duckdb.connect()
    loader = Loader(connection, {accounts.name: accounts})
    loader.create()
    loader.load(map(raw, EVENTS))

    def walk(where: dict[str, str] | None = None, **options: Any) -> list[Row]:
        asked = question(accounts, where or {}, **options)
        found = walked(connection, LISTING, asked, len(EVENTS))
        assert walked(connection, LISTING, asked, len(EVENTS), date.max) == found
        count = LISTING.select_count(asked, past(len(EVENTS)), "duckdb")
        assert connection.execute(*compiled(count)).fetchall() == [(len(found),)]
        whole = LISTING.select(asked, None, past(len(EVENTS)), "duckdb").limit(None)
        rows = decoded(whole, connection.execute(*compiled(whole)).fetchall())
        assert LISTING.shown(asked, rows) == found
        return found

    yield walk
    connection.close()


def smallest_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


@pytest.mark.parametrize("limit", [1, 7, 40, 50])
@pytest.mark.parametrize(
    "sort", ["id", "-id", "name", "-name", "opened_on", "-opened_on", "-balance", "changed_at"]
)
def test_pages_put_together_are_the_sorted_list(ask: Ask, sort: str, limit: int) -> None:
    column, down = sort.removeprefix("-"), sort.startswith("-")
    wanted = sorted(
        ROWS.values(), key=lambda row: (smallest_first(row[column]), row["id"]), reverse=down
    )
    found = ask(sort=sort, limit=limit)
    assert [row["id"] for row in found] == [row["id"] for row in wanted]
    assert found[0] == {name: wanted[0][name] for name in wanted[0] if name != "search"}


@pytest.mark.parametrize("sort", ["name,-opened_on", "-opened_on,name,-balance"])
def test_lists_are_sorted_by_several_columns_with_pages_in_between(ask: Ask, sort: str) -> None:
    rows = sorted(ROWS.values(), key=lambda row: row["id"])
    if not sort.rpartition(",")[2].startswith("-"):
        rows.reverse()
    else:
        rows.sort(key=lambda row: row["id"], reverse=True)
    for part in reversed(sort.split(",")):
        column, down = part.removeprefix("-"), part.startswith("-")
        rows.sort(key=lambda row: smallest_first(row[column]), reverse=down)
    assert [row["id"] for row in ask(sort=sort, limit=3)] == [row["id"] for row in rows]


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ({"name": "Acme"}, lambda row: row["name"] == "Acme"),
        ({"name": "Acme,acme"}, lambda row: row["name"] in ("Acme", "acme")),
        ({"opened_on": ""}, lambda row: row["opened_on"] is None),
        ({"opened_on_from": "2026-03-01"}, lambda row: (row["opened_on"] or date.min).month > 2),
        (
            {"opened_on_from": "2026-02-01", "opened_on_to": "2026-03-01"},
            lambda row: row["opened_on"] and 2 <= row["opened_on"].month <= 3,
        ),
        ({"balance": "0"}, lambda row: row["balance"] == 0),
        ({"balance_from": "10.5"}, lambda row: row["balance"] >= Decimal("10.5")),
        ({"balance_to": "10.49"}, lambda row: row["balance"] < Decimal("10.5")),
        ({"version_from": "3"}, lambda row: row["version"] >= 3),
        ({"frozen": "false", "name": "acme"}, lambda row: row["name"] == "acme"),
        ({"created_at_to": "2026-01-05T08:30:30Z"}, lambda row: row["created_at"].second <= 30),
        ({"created_at_to": "2026-01-04"}, lambda row: False),
        ({"created_at_from": "2026-01-05"}, lambda row: True),
        ({"id": "id-03,id-05,nothing"}, lambda row: row["id"] in ("id-03", "id-05")),
    ],
)
def test_filters_choose_rows(
    ask: Ask, where: dict[str, str], wanted: Callable[[Row], bool]
) -> None:
    found = {row["id"] for row in ask(where, limit=6, sort="-opened_on")}
    if "created_at_to" in where and "T" in where["created_at_to"]:
        limit = [row for row in ROWS.values() if row["created_at"] <= EVENTS[29].time]
        assert found == {row["id"] for row in limit}
    else:
        assert found == {row["id"] for row in ROWS.values() if wanted(row)}


def test_words_and_filters_go_together(ask: Ask) -> None:
    found = ask({"opened_on": ""}, words="电力", limit=2)
    assert {row["name"] for row in found} == {"华南电力"}
    assert len(found) == 4
    assert ask(words="ACM", limit=3, select="name,id")[0].keys() == {"name", "id"}
    assert ask(words="没有") == []


def test_frequent_words_are_found_too(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.kernel.lists.listing._MANY", 2)
    assert len(ask(words="电力", limit=3, sort="-opened_on")) == 10
    assert len(ask({"name": "Acme"}, words="acm", limit=3)) == 10


def test_only_the_fields_asked_for_come_back(ask: Ask) -> None:
    assert ask(select="balance", sort="name", limit=5)[0].keys() == {"balance"}


@pytest.mark.parametrize(
    ("where", "options", "name"),
    [
        ({"colour": "red"}, {}, "colour"),
        ({"search": "x"}, {}, "search"),
        ({"notes": "x"}, {}, "notes"),
        ({"balance_from": "1.005"}, {}, "balance_from"),
        ({"balance": "NaN"}, {}, "balance"),
        ({"balance": "1e999"}, {}, "balance"),
        ({"version": "9" * 30}, {}, "version"),
        ({"version": "one"}, {}, "version"),
        ({"opened_on": "yesterday"}, {}, "opened_on"),
        ({"created_at_from": "2026-01-01T00:00:00"}, {}, "created_at_from"),
        ({"frozen": "perhaps"}, {}, "frozen"),
        ({"name": "a\x00b"}, {}, "name"),
        ({}, {"sort": "notes"}, "sort"),
        ({}, {"sort": "name,name"}, "sort"),
        ({}, {"sort": ""}, None),
        ({}, {"select": "name,secret"}, "fields"),
        ({}, {"limit": 0}, "limit"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    where: dict[str, str], options: dict[str, Any], name: str | None
) -> None:
    if name is None:
        assert question(accounts, where, **options).order == (("id", False),)
        return
    with pytest.raises(BadParameter) as refused:
        question(accounts, where, **options)
    assert refused.value.name == name


@pytest.mark.parametrize("place", [[], ["x"], ["x", "y", "z"], [{}, "x"], [1, "x"], ["1.005", "x"]])
def test_a_place_of_another_list_is_refused(place: list[Any]) -> None:
    asked = question(accounts, {}, sort="balance")
    with pytest.raises(BadParameter):
        LISTING.select(asked, place)


def test_an_index_serves_the_page_behind_a_place(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'rows.db'}", "normal")
    projector = Projector(engine, {accounts.name: accounts})
    projector.create()
    asked = question(accounts, {}, sort="name")
    query = LISTING.select(asked, ["Acme", "id-05"])
    text = str(query.compile(engine, compile_kwargs={"literal_binds": True}))
    with engine.connect() as connection:
        plan = " ".join(row[3] for row in connection.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")))
    assert "USING INDEX" in plan
    assert "TEMP B-TREE" not in plan
    engine.dispose()


def test_a_page_ends_sooner_when_its_rows_list_much() -> None:
    asked = question(customers, {}, select="id,contacts", limit=100)
    names = {*asked.fields, *(name for name, _ in asked.order)}
    some = [{"id": str(n)} for n in range(LISTED // 500)]
    rows = [dict.fromkeys(names, f"{n:03}") | {"contacts": some} for n in range(600)]
    listing, sizes = Listing(customers), list[int]()
    found = iter(rows)
    while True:
        page = listing.cut(asked, found)
        sizes.append(len(page.items))
        if page.next is None:
            break
        at = int(page.items[-1]["id"]) + 1
        found = iter(rows[at:])
    assert sizes == [100] * 6

    long = [row | {"contacts": some * 50} for row in rows]
    assert [len(listing.cut(asked, long[at:]).items) for at in (0, 598, 599)] == [11, 2, 1]
    assert listing.cut(asked, [row | {"contacts": None} for row in rows]).next is not None
    lonely = listing.cut(asked, [rows[0] | {"contacts": some * 5_000}])
    assert (len(lonely.items), lonely.next) == (1, None)
