"""A customer's page tells what is open and what it comes to."""

from decimal import Decimal
from typing import Any

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from domain.kernel.types.values import LARGEST
from projections.customers.customer_page import customer_page
from projections.kernel.lists.point_in_time import Now
from projections.kernel.rows.projector import Projector
from tests.projections.accounts import happened


def registered(id_: str, name: str, parent_id: str | None = None) -> list[tuple[str, str, Any]]:
    return [(id_, "customer.registered", {"name": name, "unit": "gd", "parent_id": parent_id})]


def opened(id_: str, amount: str, *more: tuple[str, Any]) -> list[tuple[str, str, Any]]:
    data = {"title": id_, "unit": "gd", "customer_id": "c", "stage": "lead", "probability": 50}
    first = (id_, "opportunity.opened", {**data, "amount": amount, "currency": "CNY", "lines": []})
    return [first, *((id_, f"opportunity.{name}", data) for name, data in more)]


def ticket(id_: str, *more: tuple[str, Any]) -> list[tuple[str, str, Any]]:
    data = {"title": id_, "customer_id": "c", "kind": "fault", "severity": "major", "unit": "gd"}
    return [
        (id_, "service-ticket.opened", data),
        *((id_, f"service-ticket.{name}", data) for name, data in more),
    ]


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
