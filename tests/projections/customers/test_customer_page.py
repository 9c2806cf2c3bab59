"""A customer's page tells what is open and what it comes to."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from domain.kernel.types.values import LARGEST
from projections.customers.customer_page import customer_page, on_page
from projections.kernel.belonging import Belongs, InUnit, KeptBy, OfCustomer, Stays
from projections.kernel.columns import Day, Id, Text
from projections.kernel.lists.point_in_time import Now
from projections.kernel.payload_values import day
from projections.kernel.read_model import ReadModel, Row, models_by_kind, read_models, row_tables
from projections.kernel.rows.projector import Projector
from projections.sales import opportunities
from tests.projections.accounts import happened


def registered(id_: str, name: str, parent_id: str | None = None) -> list[tuple[str, str, Any]]:
    return [(id_, "customer.registered", {"name": name, "unit": "gd", "parent_id": parent_id})]


def opened(id_: str, amount: str, *more: tuple[str, Any]) -> list[tuple[str, str, Any]]:
    data: Any = {"title": id_, "unit": "gd", "customer_id": "c", "stage": "lead", "probability": 50}
    data |= {"amount": amount, "currency": "CNY", "lines": []}
    data |= dict.fromkeys(("manager", "expected_close", "source", "opened_on"))
    first = (id_, "opportunity.opened", data)
    return [first, *((id_, f"opportunity.{name}", data) for name, data in more)]


def ticket(id_: str, *more: tuple[str, Any]) -> list[tuple[str, str, Any]]:
    data: Any = {
        "title": id_,
        "customer_id": "c",
        "kind": "fault",
        "severity": "major",
        "unit": "gd",
    }
    data |= dict.fromkeys(("description", "channel", "contact", "level", "at"))
    return [
        (id_, "service-ticket.opened", data),
        *((id_, f"service-ticket.{name}", data) for name, data in more),
    ]


CANCELLED = ("bill.cancelled", {"reason": "Twice"})


def in_order(*told: list[tuple[str, str, Any]]) -> list[Recorded]:
    events: list[Recorded] = []
    for history in told:
        for version, (stream, type_, data) in enumerate(history, 1):
            events.append(happened(len(events) + 1, stream, version, type_, **data))
    return events


def test_one_page_tells_all_that_is_asked_first(database_url: str) -> None:
    engine = connect(database_url, "normal")
    projector = Projector(engine)
    projector.create()
    projector.apply(
        in_order(
            registered("p", "华南集团"),
            registered("c", "华南电力", "p"),
            registered("s1", "华南电力佛山", "c"),
            registered("s2", "华南电力中山", "c"),
            opened("o1", "100.10"),
            opened("o2", "0.20"),
            opened("o3", "7.00", ("won", {"amount": "8.00", "closed_on": "2026-01-09"})),
            ticket("t1"),
            ticket(
                "t2",
                ("resolved", {"cause": "x", "action": "y"}),
                ("confirmed", {"satisfaction": 4}),
            ),
        )
    )
    with engine.connect() as connection:
        page = customer_page(Now(connection), "c")
        assert customer_page(Now(connection), "nobody") is None
    engine.dispose()
    assert page is not None
    assert page.customer["name"] == "华南电力"
    assert page.parent is not None
    assert page.parent["id"] == "p"
    assert [each["id"] for each in page.subsidiaries] == ["s2", "s1"]
    assert {each["id"] for each in page.opportunities} == {"o1", "o2"}
    assert [each["id"] for each in page.tickets] == ["t1"]
    assert page.pipeline == [
        {
            "status": "open",
            "currency": "CNY",
            "count": 2,
            "amount": Decimal("100.30"),
            "weighted_amount": Decimal("50.15"),
        },
        {
            "status": "won",
            "currency": "CNY",
            "count": 1,
            "amount": Decimal("8.00"),
            "weighted_amount": Decimal("8.00"),
        },
    ]
    assert page.counts == {
        "subsidiaries": 2,
        "open_opportunities": 2,
        "tickets": 2,
        "open_tickets": 1,
    }
    assert page.satisfaction == 4.0


def billed(id_: str, month: str, due: str, lines: list[Any], *paid: str) -> list[Any]:
    data: Any = {"account_number": id_, "month": month, "source": "billing", "unit": "gd"}
    told = [{"kind": "recurring", "amount": each, **of} for each, of in lines]
    data |= {"issued_on": f"{month}-28", "due_on": due, "lines": told, "currency": "CNY"}
    data |= {"amount": str(sum(Decimal(each) for each, _ in lines)), "customer_id": "c"}
    made = [{"amount": each, "on": due, "reference": each} for each in paid]
    return [
        (id_, "bill.received", data),
        *((id_, "bill.payment-recorded", each) for each in made),
    ]


def test_twelve_months_of_bills_by_product_and_what_is_overdue_on_the_day_asked_for(
    database_url: str,
) -> None:
    engine = connect(database_url, "normal")
    projector = Projector(engine)
    projector.create()
    line, voice = {"product_id": "p1"}, {"product": "语音中继"}
    projector.apply(
        in_order(
            registered("c", "华南电力"),
            billed("b1", "2025-01", "2025-02-20", [("5.00", line)], "2.00"),  # 13 months before
            billed("b2", "2025-02", "2025-03-20", [("7.10", line), ("0.20", line)], "7.30"),
            billed("b3", "2026-01", "2026-02-20", [("8.00", line), ("-1.00", voice)]),
            [*billed("b4", "2026-01", "2026-02-20", [("9.00", line)]), ("b4", *CANCELLED)],
        )
    )
    with engine.connect() as connection:
        pages = [
            customer_page(Now(connection), "c", day=date(2026, *day)) for day in ((1, 31), (2, 21))
        ]
    engine.dispose()
    assert pages[0] is not None
    assert pages[1] is not None
    asked = ("month", "product_id", "product", "amount")
    assert [tuple(dict(each)[name] for name in asked) for each in pages[0].billed] == [
        ("2025-02", "p1", None, Decimal("7.30")),
        ("2026-01", None, "语音中继", Decimal("-1.00")),
        ("2026-01", "p1", None, Decimal("8.00")),
    ]
    assert [each["month"] for each in pages[1].billed] == ["2026-01", "2026-01"]
    late = {"currency": "CNY", "since": date(2025, 2, 21)}
    assert pages[0].arrears == [{**late, "bills": 1, "amount": Decimal("3.00")}]
    assert pages[1].arrears == [{**late, "bills": 2, "amount": Decimal("10.00")}]


def test_what_the_largest_sales_come_to_is_told_to_the_hundredth(database_url: str) -> None:
    engine = connect(database_url, "normal")
    projector = Projector(engine)
    projector.create()
    sales = [opened(f"o{number}", str(LARGEST)) for number in range(12)]
    projector.apply(in_order(registered("c", "华南电力"), *sales, opened("o", "0.01")))
    with engine.connect() as connection:
        page = customer_page(Now(connection), "c")
    assert page is not None
    (sum_,) = page.pipeline
    assert (sum_["count"], sum_["amount"]) == (13, 12 * LARGEST + Decimal("0.01"))
    engine.dispose()


def test_every_kind_that_belongs_to_a_customer_is_on_its_page_or_says_why_not() -> None:
    bonds = {each: each.belongs.customer for each in read_models().values()}
    on, off = set(on_page()), set()
    for model, its in bonds.items():
        if isinstance(its, OfCustomer) and model not in on:
            assert isinstance(its.page, Stays), model.name
            off.add(model.name)
    assert off == {"teams"}


@pytest.fixture
def errands(monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadModel]:
    """A read model of one more kind, declared where discovery finds it."""
    model = ReadModel(
        "errands",
        "errand",
        sa.Column("title", Text),
        sa.Column("customer_id", Id),
        sa.Column("unit", Text),
        sa.Column("runner", Text),
        sa.Column("note", Text),
        sa.Column("planned_on", Day),
        sa.Column("status", Text, nullable=False, default="planned"),
        order="-planned_on",
        belongs=Belongs(
            customer=OfCustomer(end="cancel"),
            unit=InUnit(),
            keeper=KeptBy("runner"),
            ended=("done",),
        ),
    )

    @model.on("errand.planned")
    def _planned(row: Row, event: Recorded) -> Row:
        return {**event.data, "planned_on": day(event.data["planned_on"])}

    @model.on("errand.done")
    def _done(row: Row, event: Recorded) -> Row:
        return {"status": "done"}

    monkeypatch.setattr(opportunities, "errands", model, raising=False)
    # The events of no aggregate of the house.
    monkeypatch.setattr(ReadModel, "require_whole", lambda _: None)
    found = (read_models, models_by_kind)
    for each in found:
        each.cache_clear()
    yield model
    monkeypatch.undo()
    row_tables.remove(model.table)
    for each in found:
        each.cache_clear()


def test_one_more_kind_comes_on_the_page_by_what_it_declares(
    errands: ReadModel, database_url: str
) -> None:
    engine = connect(database_url, "normal")
    projector = Projector(engine)
    projector.create()

    def planned(id_: str, customer: str, day_: str, *more: tuple[str, Any]) -> list[Any]:
        data = {"title": id_, "customer_id": customer, "unit": "gd", "runner": "e1"}
        first = (id_, "errand.planned", {**data, "note": "x", "planned_on": day_})
        return [first, *((id_, f"errand.{name}", told) for name, told in more)]

    projector.apply(
        in_order(
            registered("c", "华南电力"),
            planned("v1", "c", "2026-03-02"),
            planned("v2", "c", "2026-03-01"),
            planned("v3", "c", "2026-03-01", ("done", {})),
            planned("v4", "other", "2026-03-01"),
        )
    )
    with engine.connect() as connection:
        page = customer_page(Now(connection), "c")
    engine.dispose()
    assert page is not None
    shown = page.others["errands"]
    assert [row["id"] for row in shown] == ["v2", "v1"]
    assert set(shown[0]) == {
        *("id", "title", "status", "planned_on", "customer_id", "unit", "runner"),
    }
