"""The lookback file: its lists of the past are the warehouse's, whatever happens to it."""

import itertools
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

import orjson
import pytest

from adapters.warehouse.warehouse import Warehouse
from api.kernel.reading.as_of_reads import page_then
from domain.kernel.time.business_day import today
from domain.kernel.types.values import LARGEST
from projections.kernel.columns import Money
from projections.kernel.lists.duckdb_queries import compiled, decoded, past
from projections.kernel.lists.list_query import Question, question
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.read_model import read_models
from projections.kernel.visibility.sealed_columns import as_sealed
from tests.projections.accounts import accounts, happened
from tests.projections.happenings import altered, golden_rows, told
from tests.projections.looking_back import raw
from tests.volume import FULL

ROOT = Path(__file__).parents[3]
ROWS = golden_rows()
LISTINGS = [Listing(model) for model in read_models().values()]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    opened = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    yield opened
    opened.close()


def reached(warehouse: Warehouse) -> int:
    with warehouse.lookback() as lookback:
        return lookback.position


def then(
    warehouse: Warehouse, listing: Listing, asked: Question, position: int, day: date | None
) -> Page | None:
    with warehouse.lookback() as lookback:
        return lookback.page(listing, asked, None, as_sealed, position, day)


def scanned(
    warehouse: Warehouse, listing: Listing, asked: Question, position: int, day: date | None
) -> Page:
    query = listing.select(asked, None, past(position, day), "duckdb")
    with warehouse.reader() as cursor:
        rows = cursor.execute(*compiled(query)).fetchall()
    return listing.cut(asked, decoded(query, rows))


def holds(warehouse: Warehouse, listings: Iterable[Listing] = LISTINGS) -> bool:
    """Compare lists with those of the warehouse, at several positions and days."""
    last = warehouse.position()
    days = (None, *(today() - timedelta(days=ago) for ago in (0, 200)))
    moments = list(itertools.product((last // 2, last), days))
    asks = list(itertools.product(("id", "-changed_at"), moments))
    return all(
        then(warehouse, listing, asked, *moment) == scanned(warehouse, listing, asked, *moment)
        for number, listing in enumerate(listings)
        for sort, moment in (asks if FULL else asks[number % 2 :: 2])
        for asked in [question(listing.model, {}, sort=sort, limit=7)]
    )


def test_lists_are_those_of_the_warehouse_while_it_grows(warehouse: Warehouse) -> None:
    for first, last in itertools.pairwise((0, 30, 31, 90, len(ROWS))):
        warehouse.load(ROWS[first:last])
        assert reached(warehouse) == first
        assert then(warehouse, LISTINGS[0], question(LISTINGS[0].model, {}), last, None) is None
        warehouse.look_back()
        assert reached(warehouse) == last
    assert holds(warehouse)


def test_the_largest_amounts_are_taken_everywhere(tmp_path: Path) -> None:
    amount, largest = re.compile(r'"\d+\.\d\d"'), f'"{LARGEST}"'
    rows = [altered(row, data=orjson.loads(amount.sub(largest, row[11]))) for row in ROWS]
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", histories=told(rows))
    warehouse.load(rows)
    warehouse.look_back()
    assert (reached(warehouse), warehouse.parked()) == (len(rows), [])
    with warehouse.reader() as cursor:
        for model in read_models().values():
            for column in model.table.columns:
                if isinstance(column.type, Money):
                    query = f"SELECT max({column.name}) FROM history_{model.name}"
                    assert cursor.execute(query).fetchall() == [(LARGEST,)], column
    assert holds(warehouse)
    warehouse.close()


def test_what_came_ahead_of_a_gap_is_in_when_the_gap_is_filled(warehouse: Warehouse) -> None:
    warehouse.load([*ROWS[:40], *ROWS[60:]])
    warehouse.look_back()
    assert reached(warehouse) == 40
    warehouse.load(ROWS[40:60])
    warehouse.look_back()
    assert reached(warehouse) == len(ROWS)
    assert holds(warehouse)


def test_a_file_opened_again_goes_on(warehouse: Warehouse, tmp_path: Path) -> None:
    warehouse.load(ROWS[:50])
    warehouse.look_back()
    warehouse.close()
    again = Warehouse(tmp_path / "warehouse.duckdb", histories=told(ROWS))
    assert reached(again) == 50
    again.load(ROWS[50:])
    again.look_back()
    assert holds(again)
    again.close()


@pytest.mark.parametrize("trouble", ["ahead", "damaged", "empty", "another version"])
def test_a_file_that_does_not_fit_is_made_anew(tmp_path: Path, trouble: str) -> None:
    path = tmp_path / "warehouse.duckdb"
    first = Warehouse(path, histories=told(ROWS))
    first.load(ROWS)
    first.look_back()
    with first.lookback() as lookback:
        file = lookback.file
    first.close()
    match trouble:
        case "ahead":  # the warehouse was removed, to be made again from the journal
            path.unlink()
        case "damaged":
            file.write_bytes(b"not a database" * 1000)
        case "empty":
            file.write_bytes(b"")
        case _:
            with sqlite3.connect(file) as connection:
                connection.execute("UPDATE progress SET digest = 'older'")
            connection.close()
    second = Warehouse(path, histories=told(ROWS))
    assert reached(second) == 0
    second.load(ROWS[:70])
    second.look_back()
    assert holds(second)
    second.close()


def test_a_file_damaged_in_use_is_not_read_and_made_anew(warehouse: Warehouse) -> None:
    warehouse.load(ROWS)
    warehouse.look_back()
    last, pages = len(ROWS), list[Page | None]()
    listing = next(each for each in LISTINGS if each.model.name == "customers")
    asked = question(listing.model, {})
    right = scanned(warehouse, listing, asked, last, None)
    with warehouse.lookback() as lookback:
        lookback.close()
        _damage(lookback.file, right.items[0]["name"])
        lookback.open(last)
        assert lookback.position == last  # of which other pages tell
    for _ in range(2):
        pages.append(then(warehouse, listing, asked, last, None))
        page, count = page_then(warehouse, listing, asked, None, last, as_sealed, count=False)
        assert (page, count) == (right, None)
    assert pages == [None, None]
    warehouse.look_back()
    assert holds(warehouse)


def _damage(file: Path, text: str) -> None:
    """Overwrite the beginning of each page that has a text."""
    size = 4096
    content = bytearray(file.read_bytes())
    for start in range(0, len(content), size):
        if text.encode() in content[start : start + size]:
            content[start : start + 100] = b"\xff" * 100
    file.write_bytes(content)


def test_it_can_be_ended_at_any_point_and_goes_on_later(warehouse: Warehouse) -> None:
    class Ended(Exception):
        pass

    for upto in (50, len(ROWS)):  # made at first, then brought up
        warehouse.load(ROWS[:upto])
        before = reached(warehouse)
        for steps in (0, 1, 2, 5, 10, 20, 100, 1000):
            left = iter(range(steps))

            def going(left: Iterator[int] = left) -> None:
                if next(left, None) is None:
                    raise Ended

            try:
                warehouse.look_back(going)
            except Ended:
                assert reached(warehouse) == before
            else:
                break
        assert steps > 2
        assert holds(warehouse)


def test_a_rebuilt_warehouse_has_a_lookback_of_its_own(warehouse: Warehouse) -> None:
    warehouse.load(ROWS)
    warehouse.look_back()
    with warehouse.lookback() as old:
        warehouse.rebuild(lambda after: [ROWS[after:]])
        assert old.file.exists()
        assert reached(warehouse) == 0
    assert not old.file.exists()
    warehouse.look_back()
    assert holds(warehouse)
    assert len(list(warehouse.path.parent.glob("*.lookback"))) == 1


def test_a_walk_that_would_be_long_is_left_to_a_scan(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.warehouse.bitemporal_index.PATIENCE", 0)
    monkeypatch.setattr("adapters.warehouse.bitemporal_index.STRIDE", 100)
    warehouse.load(ROWS)
    warehouse.look_back()
    listing = next(each for each in LISTINGS if each.model.name == "customers")
    asked, last = question(listing.model, {}), len(ROWS)
    assert then(warehouse, listing, asked, last, None) is None
    page, count = page_then(warehouse, listing, asked, None, last, as_sealed, count=True)
    assert page == scanned(warehouse, listing, asked, last, None)
    assert count == len(page.items) > 0


def test_what_was_healed_is_in_from_where_it_belongs(tmp_path: Path) -> None:
    story = [
        happened(1, "a", 1, "account.opened", name="a"),
        happened(2, "a", 2, "account.paid", amount="many"),
        happened(3, "a", 3, "account.paid", amount="3.00"),
        happened(4, "b", 1, "account.opened", name="b"),
    ]
    path = tmp_path / "warehouse.duckdb"
    warehouse = Warehouse(path, {"accounts": accounts})
    warehouse.load(map(raw, story))
    warehouse.look_back()
    listing = Listing(accounts)
    asked = question(accounts, {})
    page = then(warehouse, listing, asked, 4, None)
    assert page is not None
    assert [row["version"] for row in page.items] == [1, 1]
    warehouse.skip("history_accounts", "a")
    warehouse.close()  # before it was brought over
    warehouse = Warehouse(path, {"accounts": accounts})
    warehouse.look_back()
    page = then(warehouse, listing, asked, 4, None)
    assert page is not None
    assert [(row["version"], str(row["balance"])) for row in page.items] == [
        (3, "3.00"),
        (1, "0.00"),
    ]
    assert holds(warehouse, [listing])
    warehouse.close()


LOADS = """
import sys
from pathlib import Path
from adapters.warehouse.warehouse import Warehouse
from api.kernel.reading.as_of_reads import page_then
from tests.projections.happenings import altered, golden_rows, told
rows = golden_rows()
warehouse = Warehouse(Path(sys.argv[1]), histories=told(rows))
print("open", flush=True)
while warehouse.position() < len(rows):
    position = warehouse.position()
    warehouse.load(rows[position : position + 3])
    warehouse.look_back()
"""


def test_a_kill_at_any_moment_leaves_what_can_be_gone_on_from(tmp_path: Path) -> None:
    path, killed = tmp_path / "warehouse.duckdb", 0
    for wait in (0.05, 0.3, 1.0):
        process = subprocess.Popen(
            [sys.executable, "-c", LOADS, str(path)], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed += 1
        process.stdout.close()
        warehouse = Warehouse(path, histories=told(ROWS))
        assert reached(warehouse) <= warehouse.position()
        warehouse.look_back()
        assert not warehouse.position() or holds(warehouse, LISTINGS[3:6])
        warehouse.close()
    assert killed


def test_a_page_with_a_long_list_is_made_from_the_warehouse(tmp_path: Path) -> None:
    events = [happened(1, "a", 1, "account.opened", name="x")]
    events += [happened(n, "a", n, "account.paid", amount="1.25") for n in range(2, 4001)]
    warehouse = Warehouse(tmp_path / "w.duckdb", {accounts.name: accounts})
    warehouse.load(map(raw, events))
    warehouse.look_back()
    listing = Listing(accounts)
    asked = question(accounts, {}, sort="name", limit=7)
    for position, notes in ((3000, 2999), (10, 9)):
        page, _ = page_then(warehouse, listing, asked, None, position, as_sealed, count=False)
        (row,) = page.items
        assert len(row["notes"]) == notes
    assert then(warehouse, listing, asked, 3000, None) is None
    assert then(warehouse, listing, asked, 10, None) is not None
    warehouse.close()
