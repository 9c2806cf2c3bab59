"""What is open with a customer is counted from what is in sight, alike on every database."""

import random
from collections.abc import Iterator

import duckdb
import pytest

from adapters.storage.databases import connect
from projections.customers.open_business import open_business
from projections.kernel.lists.list_query import FieldMasked, question
from projections.kernel.lists.listing import Listing
from projections.kernel.lists.point_in_time import Asking, Now, Then
from projections.kernel.read_model import Row, read_models
from projections.kernel.rows.projector import Projector
from projections.kernel.summary import summaries
from projections.kernel.visibility.column_masks import MASKED, classes
from projections.kernel.visibility.summed_sight import seen_of
from projections.kernel.visibility.visibility import Sight, Sights, View
from projections.kernel.warehouse.loader import Loader
from tests.projections.belongings import sight
from tests.projections.databases import DATABASES, database
from tests.projections.kernel.rows.test_summarising import plainly
from tests.projections.kernel.visibility.test_row_security import EVENTS, oracle
from tests.projections.warehouses import raw
from tests.volume import examples

LISTING = Listing(open_business)
AMOUNT = frozenset({"amount"})


@pytest.fixture(scope="module", params=[*DATABASES, "duckdb"])
def asking(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Asking]:
    if request.param == "duckdb":
        with duckdb.connect() as warehouse:
            loader = Loader(warehouse, read_models())
            loader.create()
            loader.load(map(raw, EVENTS))
            yield Then(warehouse, len(EVENTS))
        return
    with database(request, tmp_path_factory) as url:
        engine = connect(url, "normal")
        projector = Projector(engine, read_models())
        projector.create()
        projector.apply(EVENTS)
        with engine.connect() as connection:
            yield Now(connection)
        engine.dispose()


def listed(asking: Asking, seen: Sight | Sights, sort: str | None = None) -> list[Row]:
    asked = question(open_business, {}, sort=sort, limit=1000, sight=seen)
    rows = asking.rows(LISTING.select(asked, None, asking.tables, asking.dialect))
    (count,) = asking.rows(LISTING.select_count(asked, asking.tables, asking.dialect))
    assert [*count.values()] == [len(rows)]
    return LISTING.cut(asked, rows).items


def counted(sights: dict[str, Sight]) -> dict[str, Row]:
    """Return what is open with each customer in sight, by a plain count of what is."""
    rows = {each.name: oracle(each, sights[each.aggregate]) for each in open_business.sources}
    found = plainly(rows)
    for id_, row in found.items():
        its = [each for each in rows["opportunities"].values() if each["customer_id"] == id_]
        if any("amount" in each.get(MASKED, ()) for each in its):
            nothing = dict.fromkeys(("amount", "weighted_amount"))
            pipeline = [{**each, **nothing} for each in row["pipeline"] or ()] or None
            found[id_] = {**row, **nothing, "pipeline": pipeline, MASKED: ["amount"]}
    return found


def test_a_list_and_each_row_of_it_come_to_what_is_in_sight(asking: Asking) -> None:
    chance, partly = random.Random(11), 0
    for _ in range(examples(20)):
        sights = {kind: sight(chance) for kind in open_business.kinds}
        seen = seen_of(open_business, sights)
        if not all(sights.values()):
            assert not seen
            continue
        assert isinstance(seen, Sights)  # none of these sees all
        wanted = counted(sights)
        rows = {row["id"]: row for row in listed(asking, seen)}
        assert rows == wanted
        partly += len({row.get(MASKED) is None for row in rows.values()}) == 2
        for id_ in (f"customer-{chance.randrange(40)}" for _ in range(3)):
            assert LISTING.one(asking, id_, seen) == wanted.get(id_)
        if not seen.showing("amount"):
            with pytest.raises(FieldMasked):
                listed(asking, seen, "amount")
            continue
        open_ = [row for row in wanted.values() if MASKED not in row]
        open_.sort(key=lambda row: (row["amount"] is not None, row["amount"] or 0, row["id"]))
        assert listed(asking, seen, "amount") == open_
    assert partly


def test_who_sees_all_records_alike_is_given_the_rows_as_they_are_kept(asking: Asking) -> None:
    whole, part = View("whole", masked=AMOUNT), View("part", frozenset({"gd"}))
    kept = Sight((View("whole", masked=AMOUNT),))
    alike = Sight((whole, View("own", frozenset({"gd"}), None, AMOUNT | {"phone"})))
    assert seen_of(open_business, dict.fromkeys(open_business.kinds, alike)) == kept
    # Of sales in gd amounts are shown, so of customers all of whose sales are there.
    sights = dict.fromkeys(open_business.kinds, Sight((whole, part)))
    seen = seen_of(open_business, sights)
    assert isinstance(seen, Sights)
    assert {row["id"]: row for row in listed(asking, seen)} == counted(sights)


def test_what_a_summary_masks_is_masked_in_what_it_is_made_of() -> None:
    for each in summaries().values():
        assert classes(each) <= frozenset().union(*map(classes, each.sources))
