"""Summaries equal the GROUP BY of their sources, whatever was delivered how, and on any day."""

import random
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from itertools import pairwise
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from domain.service.ticket_handling import UNRESOLVED
from projections.customers.open_business import open_business
from projections.kernel.lists.point_in_time import Then
from projections.kernel.read_model import Row, fold, read_models
from projections.kernel.rows import tables
from projections.kernel.rows.checking import check
from projections.kernel.rows.projector import Projector
from projections.kernel.rows.rebuild import rebuild, stale
from projections.kernel.rows.store import RowStore
from projections.kernel.summary import listed
from projections.kernel.warehouse.loader import Loader
from tests.projections.accounts import happened
from tests.projections.warehouses import raw
from tests.volume import examples

MODELS = {name: read_models()[name] for name in open_business.of}
CUSTOMERS = ("c-0", "c-1", "c-2", "c-3")
LARGEST = Decimal("9999999999999999.99")


NAMED: dict[str, Any] = {"on": None}
STEPS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "o": [
        ("opportunity.customer-named", NAMED),
        ("opportunity.customer-named", NAMED),
        ("opportunity.amount-revised", {"amount": "99.01", "on": None}),
        ("opportunity.lost", {"reason": "price", "competitor": None, "on": None}),
        ("opportunity.reopened", {"reason": "x", "on": None}),
    ],
    "t": [
        ("service-ticket.customer-named", NAMED),
        ("service-ticket.customer-named", NAMED),
        ("service-ticket.withdrawn", {"reason": "x", "at": None}),
        ("service-ticket.reopened", {"reason": "x", "at": None}),
    ],
}
"""What happens to an opportunity or a ticket; one that is named belongs to that customer then."""


def lives(chance: random.Random, count: int) -> list[Recorded]:
    """Return what happened to customers and to what is open with them, as merges move it."""
    events: list[Recorded] = []
    versions: dict[str, int] = {}

    def tell(id_: str, type_: str, **data: Any) -> None:
        versions[id_] = versions.get(id_, 0) + 1
        events.append(happened(len(events) + 1, id_, versions[id_], type_, **data))

    def opened(id_: str, at: str) -> None:
        about = {"title": "x", "unit": "gd-gz", "customer_id": at}
        amount = chance.choice([None, "0.07", "1234.50", str(LARGEST)])
        close = chance.choice([None, "2026-05-01", "2026-04-01"])
        sale = {"stage": "lead", "probability": 25, "amount": amount, "expected_close": close}
        if id_.startswith("o"):
            currency = chance.choice([None, "CNY", "CNY", "USD"])
            more: dict[str, Any] = {"manager": None, "source": None, "opened_on": None}
            tell(id_, "opportunity.opened", **about, **sale, **more, currency=currency, lines=[])
        else:
            kind = {"kind": "fault", "severity": "major", "channel": None, "level": "local"}
            more = {"description": "", "contact": None, "at": None}
            tell(id_, "service-ticket.opened", **about, **kind, **more)

    while len(events) < count:
        id_ = chance.choice([*CUSTOMERS, *(f"{kind}-{n}" for kind in "ot" for n in range(5))])
        at = chance.choice(CUSTOMERS)
        match id_[0], versions.get(id_, 0):
            case "c", 0:
                tell(id_, "customer.registered", name=f"客户 {id_}", unit="gd-gz", manager=None)
            case "c", _:
                tell(id_, "customer.manager-assigned", manager=chance.choice(["ann", "bo"]))
            case _, 0:
                opened(id_, at)
            case kind, _:
                type_, data = chance.choice(STEPS[kind])
                tell(id_, type_, **data, **({"customer_id": at} if data is NAMED else {}))
    return events


def plainly(rows: dict[str, dict[str, Row]]) -> dict[str, Row]:
    """Return what is open with each customer, counted in plain Python."""
    return {id_: _one(customer, rows) for id_, customer in rows["customers"].items()}


def _one(customer: Row, rows: dict[str, dict[str, Row]]) -> Row:
    sales, tickets = (
        [each for each in rows[name].values() if each["customer_id"] == customer["id"]]
        for name in ("opportunities", "service_tickets")
    )
    told = [customer, *sales, *tickets]
    deals = [each for each in sales if each["status"] == "open"]
    waiting = [each["opened_at"] for each in tickets if each["status"] in UNRESOLVED]
    currencies = sorted({each["currency"] for each in deals}, key=lambda each: each or "")
    pipeline = []
    for currency in currencies:
        mine = [each for each in deals if each["currency"] == currency]
        summed = {
            name: min(sum((each[name] or 0 for each in mine), Decimal("0.00")), LARGEST)
            for name in ("amount", "weighted_amount")
        }
        pipeline.append({"currency": currency, "opportunities": len(mine), **summed})
    one: Row = pipeline[0] if len(pipeline) == 1 else {}
    names = ("id", "name", "state", "grade", "industry", "unit", "manager")
    return {
        **{name: customer[name] for name in names},
        "position": max(each["position"] for each in told),
        "changed_at": max(each["changed_at"] for each in told),
        "open_opportunities": len(deals),
        **{name: one.get(name) for name in ("amount", "weighted_amount", "currency")},
        "pipeline": [
            {**each, "amount": str(each["amount"]), "weighted_amount": str(each["weighted_amount"])}
            for each in pipeline
        ]
        or None,
        "next_close": min(filter(None, (each["expected_close"] for each in deals)), default=None),
        "open_tickets": len(waiting),
        "oldest_ticket_at": min(waiting, default=None),
    }


def folded(events: Sequence[Recorded]) -> dict[str, Row]:
    return plainly({name: fold(model, {}, events).rows for name, model in MODELS.items()})


def kept(engine: sa.Engine) -> dict[str, Row]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(open_business.table)).mappings()
        return {row["id"]: dict(row) for row in rows}


def in_use(engine: sa.Engine) -> dict[str, dict[str, Row]]:
    with engine.connect() as connection:
        found = {}
        for name, model in MODELS.items():
            ids = connection.scalars(sa.select(model.table.c.id)).all()
            found[name] = RowStore(model.table, connection.dialect).load(connection, ids)
        return found


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    engine = connect(database_url, "normal")
    yield engine
    engine.dispose()


class Killed(Exception):
    """The process dies."""


class Mortal(Projector):
    """A projector that may die when all is written and nothing is committed."""

    dies = False

    def _move(self, connection: sa.Connection, reached: Any) -> None:
        super()._move(connection, reached)
        if self.dies:
            raise Killed


@pytest.mark.parametrize("seed", range(examples(2)))
def test_a_summary_is_the_group_by_of_its_sources_after_any_batches_crashes_rebuilds(
    engine: sa.Engine, seed: int
) -> None:
    chance = random.Random(seed)
    events = lives(chance, 120)

    def batches(after: int) -> Iterable[Sequence[Recorded]]:
        yield [each for each in delivered if each.position > after]

    delivered = list[Recorded]()
    projectors = [Mortal(engine, MODELS) for _ in range(2)]
    projectors[0].create()
    cuts = sorted({0, len(events), *chance.sample(range(len(events)), 8)})
    for start, end in pairwise(cuts):
        batch = events[max(0, start - chance.randrange(5)) : end]  # some of it once more
        chance.shuffle(batch)
        delivered += events[start:end]
        projector = chance.choice(projectors)
        projector.dies = chance.random() < 0.5
        with suppress(Killed):
            projector.apply_many(batch, {"journal": start})
        assert kept(engine) == plainly(in_use(engine))
        projector.dies = False
        projector.apply(batch, end)
        assert kept(engine) == plainly(in_use(engine)) == folded(delivered)
        if chance.random() < 0.4:
            names = chance.sample(sorted(MODELS), chance.randrange(1, 4))
            some = {name: listed()[name] for name in chance.choice([names, [open_business.name]])}
            built = rebuild(engine, some, batches)
            assert (built.compared.differ, stale(engine, some)) == ({}, [])
            assert kept(engine) == folded(delivered)
    assert kept(engine) == folded(events)


def test_the_past_of_a_summary_is_made_of_the_past_of_its_sources() -> None:
    events = lives(random.Random(7), 120)
    connection = duckdb.connect()
    loader = Loader(connection, MODELS)
    loader.create()
    loader.load([raw(each) for each in events])
    for position in (1, 10, 40, 77, 120):
        then = Then(connection.cursor(), position)
        found = then.rows(sa.select(then.tables(open_business)))
        assert {row["id"]: row for row in found} == folded(events[:position])
    connection.close()


def test_projectors_of_different_sources_lose_nothing_of_each_other(engine: sa.Engine) -> None:
    events = lives(random.Random(3), 200)
    apart = [f"{model.aggregate}/0" for model in MODELS.values()]
    Projector(engine, MODELS).create(apart)

    def follow(source: str) -> None:
        projector = Projector(engine, MODELS)
        mine = [each for each in events if each.type.startswith(f"{source.partition('/')[0]}.")]
        for at in range(0, len(mine), 3):
            projector.apply(mine[at : at + 3], source=source)

    threads = [threading.Thread(target=follow, args=[source]) for source in apart]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept(engine) == folded(events)


def test_what_somebody_changed_in_a_summary_is_found_named_and_mended(engine: sa.Engine) -> None:
    events = lives(random.Random(5), 80)

    def batches(after: int) -> Iterable[Sequence[Recorded]]:
        yield events[after:]

    projector, asked = Projector(engine, MODELS), {open_business.name: open_business}
    projector.create()
    projector.apply(events)
    assert check(engine, asked, batches).differ == 0
    first, second, *_ = kept(engine)
    table = open_business.table
    with engine.begin() as connection:
        connection.execute(table.update().where(table.c.id == first).values(open_tickets=99))
        connection.execute(table.delete().where(table.c.id == second))
        connection.execute(table.insert(), {**kept(engine)["c-2"], "id": "nobody"})
    report = check(engine, asked, batches)
    assert report.differ == 3
    told = [str(each) for each in report.tables[-1].findings]
    assert any(first in each and "open_tickets: says 99" in each for each in told)
    assert any(second in each and "is missing" in each for each in told)
    assert rebuild(engine, asked, batches).compared.differ == {open_business.name: 3}
    assert kept(engine) == folded(events)
    assert check(engine, asked, batches).differ == 0


def test_a_summary_that_is_new_beside_rows_is_to_be_rebuilt(engine: sa.Engine) -> None:
    events = lives(random.Random(9), 60)
    projector, asked = Projector(engine, MODELS), {open_business.name: open_business}
    projector.create()
    projector.apply(events)
    with engine.begin() as connection:
        tables.drop(connection, open_business, open_business.name)
    projector.create()
    assert stale(engine, asked) == [open_business.name]
    rebuild(engine, asked, lambda _: iter(()))
    assert stale(engine, asked) == []
    assert kept(engine) == folded(events)
