"""Likely duplicates are found by number and by name, however they are written."""

from collections.abc import Callable, Iterator

import pytest

from adapters.storage.databases import connect
from projections.customers.customers import customers
from projections.customers.duplicates import NEAR, Described, Duplicate, candidates, likely
from projections.kernel.rows.projector import Projector
from tests.projections.accounts import happened

Find = Callable[..., list[Duplicate]]

KNOWN = {
    "a": ("广州天河科技有限公司", "9144-0101-X"),
    "b": ("天河科技（集团）股份有限公司", None),
    "c": ("Acme Networks, Inc.", None),
    "d": ("Acme Network Ltd", None),
    "e": ("广州天河实业有限公司", None),
    **{f"{n:03}": (f"Sunrise Bank Branch {n:03}", None) for n in range(300)},
}


@pytest.fixture
def find(database_url: str) -> Iterator[Find]:
    engine = connect(database_url, "normal")
    projector = Projector(engine, {customers.name: customers})
    projector.create()
    projector.apply(
        [
            happened(
                n, id_, 1, "customer.registered", name=name, unit="gd", registration_number=number
            )
            for n, (id_, (name, number)) in enumerate(KNOWN.items(), 1)
        ]
    )

    def find(name: str, number: str | None = None) -> list[Duplicate]:
        with engine.connect() as connection:
            described = Described.by(name, number)
            return likely(described, candidates(connection, described))

    yield find
    engine.dispose()


def test_the_same_name_in_another_form_is_found(find: Find) -> None:
    assert [(each.id, each.likeness) for each in find("天河科技")] == [("b", 100)]


def test_the_same_number_comes_first_whatever_the_name(find: Find) -> None:
    found = find("Acme networks", "91440101x")
    assert [(each.id, each.same_number) for each in found] == [
        ("a", True),
        ("c", False),
        ("d", False),
    ]


def test_a_name_much_alike_is_found_and_one_less_alike_is_not(find: Find) -> None:
    assert [each.id for each in find("ACME NETWORKS")] == ["c", "d"]
    assert [each.id for each in find("广州天河科枝有限公司")] == []
    assert find("Acme Fish") == []


def test_nothing_is_like_a_name_of_marks_only(find: Find) -> None:
    assert find("!!!") == []


def test_of_hundreds_that_begin_alike_the_nearest_are_compared(find: Find) -> None:
    found = [(each.id, each.likeness) for each in find("Sunrise Bank, Branch 251")]
    assert found[0] == ("251", 100)
    assert len(found) == 10
    assert all(abs(int(id_) - 251) <= NEAR for id_, _ in found)
