"""Contacts: persons are picked by the marks of their tokens, in either database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from projections.customers.contacts import Contact, Marked, contacts, described
from projections.customers.customers import customers
from projections.kernel.rows.projector import Projector
from projections.kernel.visibility.row_security import EVERYTHING
from projections.kernel.visibility.sealed_columns import as_sealed
from projections.kernel.visibility.visibility import Sight, View
from tests.projections.accounts import happened

SOUTH = Sight((View("south", units=frozenset({"south"}), masked=frozenset({"phone"})),))


def token(person: str, mark: str) -> str:
    return f"sealed:{person}:{mark * 16}restofit"


def events() -> Iterator[Recorded]:
    for n, unit in enumerate(("south", "north")):
        registered = {"name": f"Customer {n}", "unit": unit, "grade": None, "parent_id": None}
        yield happened(1 + 3 * n, f"c{n}", 1, "customer.registered", **registered)
        for k in (0, 1):
            known: dict[str, Any] = {"phone": token(f"p{n}{k}", "ab"[k]), "influence": k}
            known |= {"birthday": token(f"p{n}{k}", "xyz"[n + k]), "contact_id": f"p{n}{k}"}
            type_ = "customer.contact-added"
            yield happened(2 + 3 * n + k, f"c{n}", 2 + k, type_, **known)


@pytest.fixture
def connection(database_url: str) -> Iterator[sa.Connection]:
    engine = connect(database_url, "normal")
    projector = Projector(engine, {customers.name: customers})
    projector.create()
    projector.apply([*events()])
    assert not projector.parked()
    with engine.connect() as found:
        yield found
    engine.dispose()


def test_persons_are_those_at_customers_in_sight_with_all_the_values(
    connection: sa.Connection,
) -> None:
    phone = {"phone": Marked(["c0", "c1"], ["a" * 16])}
    birthday = {"birthday": Marked(["c0", "c1"], ["y" * 16])}

    def ids(found: dict[str, Marked], customer: str | None, *sights: Sight) -> list[str]:
        return sorted(
            each.id
            for each in contacts(
                connection, found, {} if customer is None else {"id": customer}, sights
            )
        )

    assert ids(phone, None, EVERYTHING) == ["p00", "p10"]
    assert ids(phone, None, EVERYTHING, SOUTH) == ["p00"]
    assert ids(phone | birthday, None, EVERYTHING) == ["p10"]
    assert ids(phone, "c1", EVERYTHING) == ["p10"]
    assert ids({}, "c0", EVERYTHING) == ["p00", "p01"]
    assert ids({"phone": Marked(["c1"], ["b" * 16])}, "c0", EVERYTHING) == []
    assert ids({"phone": Marked([], [])}, None, EVERYTHING) == []
    (one,) = contacts(connection, phone, {"id": "c0"}, [EVERYTHING])
    assert one == Contact("Customer 0", "c0", "p00", "x" * 16)


def test_a_person_is_told_with_the_customer_and_without_what_is_masked(
    connection: sa.Connection,
) -> None:
    (seen,) = described(connection, [("c0", "p01")], EVERYTHING, as_sealed)
    assert (seen["id"], seen["customer_name"], seen["influence"]) == ("p01", "Customer 0", 1)
    assert seen["phone"] == token("p01", "b")
    assert "masked" not in seen
    (seen,) = described(connection, [("c0", "p01")], SOUTH, as_sealed)
    assert (seen["phone"], seen["masked"]) == (None, ["phone"])
    assert seen["birthday"] == token("p01", "y")
