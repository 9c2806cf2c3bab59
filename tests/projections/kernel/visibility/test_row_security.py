"""What is in sight is the same on every database, and the same as a plain look at each row."""

import itertools
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from duckdb import DuckDBPyConnection

from adapters.storage.databases import connect
from projections.customers.customer_page import MOST, customer_page
from projections.customers.customers import customers
from projections.kernel.lists.duckdb_queries import compiled, decoded, past
from projections.kernel.lists.list_query import FieldMasked, Question, question
from projections.kernel.lists.listing import Listing, Page
from projections.kernel.lists.past_page import page_of_past
from projections.kernel.lists.point_in_time import Asking, Now, Then
from projections.kernel.read_model import ReadModel, Row, fold, read_models
from projections.kernel.rows.projector import Projector
from projections.kernel.visibility.column_masks import MASKED, masked, shown
from projections.kernel.visibility.row_security import subject_of, visible
from projections.kernel.visibility.visibility import Sight, View
from projections.kernel.warehouse.loader import Loader
from projections.marketing.campaigns import campaigns
from projections.sales.opportunities import opportunities
from projections.service.service_tickets import service_tickets
from tests.projections.accounts import happened
from tests.projections.belongings import belongings, sight
from tests.projections.databases import DATABASES, database
from tests.projections.warehouses import raw
from tests.volume import examples

MODELS = [customers, opportunities, service_tickets, campaigns]
EVENTS = belongings(1)
ROWS = {model.name: fold(model, {}, EVENTS).rows for model in MODELS}


class Reader:
    """Reads whole lists, single rows and counts from one database."""

    def __init__(
        self,
        asking: Asking,
        connection: sa.Connection | None,
        warehouse: DuckDBPyConnection | None = None,
    ) -> None:
        self.asking = asking
        self.connection = connection
        self.warehouse = warehouse

    def page(self, model: ReadModel, asked: Question, place: Any) -> Page:
        listing = Listing(model)
        if self.connection is not None:
            return listing.page(self.connection, asked, place)
        assert self.warehouse is not None
        return page_of_past(self.warehouse, listing, asked, place, len(EVENTS))

    def count(self, model: ReadModel, asked: Question) -> int:
        query = Listing(model).select_count(asked, self.asking.tables, self.asking.dialect)
        (row,) = self.asking.rows(query)
        return int(next(iter(row.values())))

    def walk(self, model: ReadModel, asked: Question) -> list[Row]:
        found: list[Row] = []
        place = None
        for _ in itertools.count():
            page = self.page(model, asked, place)
            found += page.items
            place = page.next
            if place is None:
                return found
        raise AssertionError


@pytest.fixture(scope="module", params=[*DATABASES, "duckdb"])
def reader(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    if request.param == "duckdb":
        yield from _past()
        return
    with database(request, tmp_path_factory) as url:
        engine = connect(url, "normal")
        projector = Projector(engine, read_models())
        projector.create()
        half = len(EVENTS) // 2
        projector.apply(EVENTS[:half])
        projector.apply(EVENTS[half:])
        with engine.connect() as connection:
            yield Reader(Now(connection), connection)
        engine.dispose()


def _past() -> Iterator[Reader]:
    connection = duckdb.connect()
    loader = Loader(connection, read_models())
    loader.create()
    loader.load(map(raw, EVENTS))
    yield Reader(Then(connection, len(EVENTS)), None, connection)
    connection.close()


def oracle(model: ReadModel, seen: Sight) -> dict[str, Row]:
    """Return what is in sight by a plain look at each row."""
    found = {}
    for id_, row in ROWS[model.name].items():
        above = None
        if model.scope.through is not None:
            above = ROWS["customers"].get(row[model.scope.through[0]])
        subject = subject_of(model, row, above)
        if seen.covers(subject):
            plain = {name: row[name] for name in shown(model)}
            found[id_] = masked(model, plain, seen.masked(subject))
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@pytest.mark.parametrize("wide", [1, 1000])
def test_lists_counts_and_rows_show_what_is_in_sight_and_nothing_else(
    reader: Reader, model: ReadModel, wide: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.kernel.lists.listing._WIDE", wide)
    chance = random.Random(f"{model.name} {wide}")
    for _ in range(examples(8)):
        seen = sight(chance)
        wanted = oracle(model, seen)
        order = chance.choice([None, "-changed_at", "id"])
        asked = question(model, {}, sort=order, limit=chance.choice([3, 50]), sight=seen)
        found = reader.walk(model, asked)
        assert {row["id"]: row for row in found} == wanted
        assert len(found) == len(wanted) == reader.count(model, asked)
        if reader.connection is not None:
            ids = list(ROWS[model.name])
            lookup = visible(reader.connection, model, ids, seen)
            assert lookup.keys() == wanted.keys()
            for id_ in chance.sample(ids, 5):
                assert Listing(model).one(Now(reader.connection), id_, seen) == wanted.get(id_)


def test_words_and_units_are_looked_for_within_sight(reader: Reader) -> None:
    seen = Sight(
        (View("g", frozenset({"gd", "gd-gz", "js"})), View("own", None, frozenset({"bo"})))
    )
    below: Callable[[str], frozenset[str]] = lambda unit: frozenset({unit, f"{unit}-gz"})  # noqa: E731
    asked = question(
        customers, {"unit_under": "gd", "grade": "A,B"}, words="客户", sight=seen, under=below
    )
    wanted = {
        id_
        for id_, row in oracle(customers, seen).items()
        if row["unit"] in ("gd", "gd-gz") and row["grade"] in "AB"
    }
    assert wanted
    assert {row["id"] for row in reader.walk(customers, asked)} == wanted
    assert reader.count(customers, asked) == len(wanted)


BY_WHAT_IS_MASKED = [{"where": {"amount_from": "5"}}, {"where": {}, "sort": "-weighted_amount"}]


@pytest.mark.parametrize("options", BY_WHAT_IS_MASKED)
def test_a_list_does_not_go_by_what_is_masked_everywhere(options: dict[str, Any]) -> None:
    masks = frozenset({"amount"})
    seen = Sight((View("a", frozenset({"gd"}), None, masks), View("b", None, None, masks)))
    with pytest.raises(FieldMasked):
        question(opportunities, sight=seen, **options)
    asked = question(opportunities, {}, select="id,amount", sight=seen)
    assert asked.fields == ("id", "amount")


@pytest.mark.parametrize("options", BY_WHAT_IS_MASKED)
def test_a_mask_of_one_grant_takes_nothing_from_what_another_shows(options: dict[str, Any]) -> None:
    masks = frozenset({"amount"})
    mine = View("mine", frozenset({"gd", "gd-gz"}), frozenset({"bo"}))
    others = View("others", frozenset({"gd", "gd-gz"}), None, masks)
    asked = question(opportunities, sight=Sight((mine, others)), **options)
    assert asked.narrowed == ("amount",)
    assert asked.sights == (Sight((mine,)),)
    for wider in (View("w"), View("w", frozenset({"gd", "gd-gz", "js"}))):
        asked = question(opportunities, sight=Sight((wider, mine, others)), **options)
        assert asked.narrowed == ()


@pytest.mark.parametrize(
    ("model", "column", "class_"),
    [(opportunities, "amount", "amount"), (customers, "annual_revenue", "revenue")],
    ids=lambda each: getattr(each, "name", each),
)
@pytest.mark.parametrize("wide", [1, 1000])
def test_what_goes_by_a_field_is_of_the_rows_that_show_it(
    reader: Reader,
    model: ReadModel,
    column: str,
    class_: str,
    wide: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("projections.kernel.lists.listing._WIDE", wide)
    chance, narrowed = random.Random(f"{column} {wide}"), 0
    for _ in range(examples(25)):
        seen = sight(chance)
        if chance.random() < 0.5:
            seen = Sight((*seen.views, View("wide", None, None, frozenset({class_}))))
        least = chance.choice([None, "5.00"])
        where = {} if least is None else {f"{column}_from": least}
        if seen and not seen.showing(class_):
            with pytest.raises(FieldMasked):
                question(model, where, sort=column, sight=seen)
            continue
        asked = question(model, where, sort=column, limit=chance.choice([3, 50]), sight=seen)
        wanted = [row for row in oracle(model, seen).values() if class_ not in row.get(MASKED, ())]
        if least is not None:
            wanted = [row for row in wanted if row[column] and row[column] >= Decimal(least)]
        wanted.sort(key=lambda row: (row[column] is not None, row[column] or 0, row["id"]))
        assert reader.walk(model, asked) == wanted
        assert reader.count(model, asked) == len(wanted)
        hidden = {each for row in oracle(model, seen).values() for each in row.get(MASKED, ())}
        if class_ in hidden:
            assert asked.narrowed == (class_,)
            narrowed += 1
    assert narrowed > 3


def test_a_row_says_what_is_masked_in_it(reader: Reader) -> None:
    seen = Sight((View("a", None, None, frozenset({"phone", "it-budget", "amount"})),))
    row = reader.walk(customers, question(customers, {"id": "customer-1"}, sight=seen))[0]
    assert row[MASKED] == ["it-budget", "phone"]
    assert row["it_budget"] is None
    assert row["contacts"]["contact-1"]["phone"] is None
    assert row["contacts"]["contact-1"]["email"] == "a@b.cn"
    few = question(customers, {"id": "customer-1"}, select="id,annual_revenue", sight=seen)
    assert reader.walk(customers, few)[0].keys() == {"id", "annual_revenue"}


def test_each_part_of_a_customers_page_is_what_is_in_sight_of_it(reader: Reader) -> None:
    chance = random.Random(7)
    shown_pages = partly = 0
    for _ in range(examples(30)):
        sights = {model.name: sight(chance) for model in MODELS}
        id_ = f"customer-{chance.randrange(40)}"
        page = customer_page(reader.asking, id_, sights)
        known = {model.name: oracle(model, sights[model.name]) for model in MODELS}
        assert (page is None) == (id_ not in known["customers"])
        if page is None:
            continue
        shown_pages += 1
        assert page.customer == known["customers"][id_]
        parent = page.customer["parent_id"]
        assert (page.parent is None) == (parent not in known["customers"])
        below = [row["id"] for row in known["customers"].values() if row["parent_id"] == id_]
        deals = [row for row in known["opportunities"].values() if row["customer_id"] == id_]
        calls = [row for row in known["service_tickets"].values() if row["customer_id"] == id_]
        still_open = [row for row in deals if row["status"] == "open"]
        assert max(map(len, (below, still_open, calls))) < MOST
        assert sorted(row["id"] for row in page.subsidiaries) == sorted(below)
        assert {row["id"]: row["amount"] for row in page.opportunities} == {
            row["id"]: row["amount"] for row in still_open
        }
        assert page.counts == {
            "subsidiaries": len(below),
            "open_opportunities": len(still_open),
            "tickets": len(calls),
            "open_tickets": len(calls),
        }
        assert sum(row["count"] for row in page.pipeline) == len(deals)
        for row in page.pipeline:
            some = [d for d in deals if all(d[of] == row[of] for of in ("status", "currency"))]
            hidden = any("amount" in each.get(MASKED, ()) for each in some)
            amounts = [each["amount"] for each in some if each["amount"] is not None]
            assert row["amount"] == (None if hidden or not amounts else sum(amounts))
            assert row.get(MASKED) == (["amount"] if hidden else None)
            partly += not hidden and "amount" in sights["opportunities"].masked_somewhere()
    assert shown_pages > 8
    assert partly


def test_the_past_is_seen_by_where_a_row_belonged_then() -> None:
    events = [
        happened(1, "c", 1, "customer.registered", name="X", unit="gd"),
        happened(2, "c", 2, "customer.transferred", unit="js", reason="moved"),
    ]
    connection = duckdb.connect()
    loader = Loader(connection, {"customers": customers})
    loader.create()
    loader.load(map(raw, events))
    asked = question(customers, {}, sight=Sight((View("g", frozenset({"gd"})),)))
    for position, ids in ((1, ["c"]), (2, [])):
        query = Listing(customers).select(asked, None, past(position), "duckdb")
        rows = decoded(query, connection.execute(*compiled(query)).fetchall())
        assert [row["id"] for row in rows] == ids
    connection.close()
