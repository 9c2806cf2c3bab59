"""Likely duplicates are found by number and by name, however they are written."""

from collections.abc import Callable, Iterator

import pytest

from adapters.storage.databases import connect
from domain.kernel.aggregate import Recorded
from projections.customers.customers import customers
from projections.customers.merges.duplicates import (
    Described,
    Duplicate,
    candidates,
    likely,
    named_alike,
    neighbours,
)
from projections.kernel.rows.projector import Projector
from tests.projections.accounts import happened
from tests.projections.customers.merges.test_likeness import FILES, pairs

Find = Callable[..., list[Duplicate]]

KNOWN = {
    "a": ("广州天河科技有限公司", "9144-0101-X"),
    "b": ("天河科技（集团）股份有限公司", None),
    "c": ("Acme Networks, Inc.", None),
    "d": ("Acme Network Ltd", None),
    "e": ("广州天河实业有限公司", None),
    **{f"{n:03}": (f"Sunrise Bank Branch {n:03}", None) for n in range(300)},
}


def registered(position: int, id_: str, name: str, number: str | None = None) -> Recorded:
    told = {"name": name, "unit": "gd", "registration_number": number}
    return happened(position, id_, 1, "customer.registered", **told)


@pytest.fixture
def projector(database_url: str) -> Iterator[Projector]:
    engine = connect(database_url, "normal")
    projector = Projector(engine, {customers.name: customers})
    projector.create()
    projector.apply([registered(n, id_, *known) for n, (id_, known) in enumerate(KNOWN.items(), 1)])
    yield projector
    engine.dispose()


@pytest.fixture
def find(projector: Projector) -> Find:
    def find(name: str, number: str | None = None) -> list[Duplicate]:
        with projector.engine.connect() as connection:
            described = Described.by(name, number)
            ids = named_alike(described.words, neighbours(connection, described.words))
            return likely(described, candidates(connection, ids, described.number))

    return find


def test_the_same_name_in_another_form_is_found(find: Find) -> None:
    assert [each.id for each in find("天河科技")] == ["b", "a"]
    assert find("天河科技")[0].likeness == 100


def test_the_same_number_comes_first_whatever_the_name(find: Find) -> None:
    found = find("Acme networks", "91440101x")
    assert [(each.id, each.same_number) for each in found] == [
        ("a", True),
        ("c", False),
        ("d", False),
    ]


def test_a_name_much_alike_is_found_and_one_less_alike_is_not(find: Find) -> None:
    assert [each.id for each in find("ACME NETWORKS")] == ["c", "d"]
    assert [each.id for each in find("广州天河科枝有限公司")] == ["a"]
    assert [each.id for each in find("科技（广州）天河")] == ["a", "b"]
    assert find("Acme Fish") == []


def test_nothing_is_like_a_name_of_marks_only(find: Find) -> None:
    assert find("!!!") == []


def test_of_hundreds_that_begin_alike_the_one_is_found(find: Find) -> None:
    assert [each.id for each in find("Sunrise Bank, Branch 251")] == ["251"]
    assert [each.id for each in find("Sunrsie Bank, Branch 251")] == ["251"]
    assert [each.id for each in find("Branch 251, Sunrise Bank")] == ["251"]
    assert find("Sunrise Bank, Branch 300") == []


def test_of_hundreds_of_one_name_ten_are_told(find: Find, projector: Projector) -> None:
    projector.apply([registered(1_000 + n, f"n-{n:03}", "One Name Only") for n in range(300)])
    assert len(find("One Name Only Ltd")) == 10


def test_one_that_was_merged_into_another_looks_like_nobody_until_it_is_separated(
    find: Find, projector: Projector
) -> None:
    told = {"survivor_id": "c", "merge_id": "m", "reason": "x"}
    projector.apply([happened(2_000, "d", 2, "customer.merged-into", **told)])
    assert [each.id for each in find("ACME NETWORKS")] == ["c"]
    back = {"merge_id": "m", "state": "potential", "contacts": {}}
    projector.apply([happened(2_001, "d", 3, "customer.separated", **back)])
    assert [each.id for each in find("ACME NETWORKS")] == ["c", "d"]


def test_true_pairs_are_found_among_others(find: Find, projector: Projector) -> None:
    true = [each for file in FILES for each in pairs(file) if each.same]
    projector.apply(
        [registered(3_000 + n, f"p-{n}", each.other) for n, each in enumerate(true)],
    )
    found = [f"p-{n}" in {one.id for one in find(each.one)} for n, each in enumerate(true)]
    assert sum(found) >= 0.95 * len(true)
