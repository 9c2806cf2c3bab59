"""What a merged unit offered is offered in the unit that took it over, and there alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.streams.organised import Company


class Offering(Company):
    """A company that offers products."""

    def offer(self, code: str, *units: str) -> str:
        told: Any = {"code": code, "name": code, "category": "line", "unit": "gd", "attributes": []}
        id_ = self.do("product.plan", **told, ends="none")
        self.do("product.put-on-sale", id_, units=[*units])
        return id_

    def offered(self, id_: str) -> list[str]:
        found: list[str] = self.row("products", id_)["offered_in"]
        return found


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Offering]:
    company = Offering(f"sqlite:///{tmp_path / 'test.db'}")
    yield company
    company.close()


def test_offers_of_a_merged_unit_follow_to_its_successor(company: Offering) -> None:
    alone, both = company.offer("P1", "gd-gz"), company.offer("P2", "gd-gz", "gd-fs")
    other, gone = company.offer("P3", "gd-sz"), company.offer("P4", "gd-gz")
    company.do("product.withdraw", gone, reason="旧")
    with company.reacting():
        company.do("unit.merge", company.units["gd-gz"], into="gd-fs", reason="One city")
    assert company.offered(alone) == ["gd-fs"]
    assert company.offered(both) == ["gd-fs"]
    assert company.offered(other) == ["gd-sz"]
    assert company.offered(gone) == []
    last = company.journal.history(alone)[-1]
    assert (last.type, last.who.id, last.data["reason"]) == (
        "product.ended-in",
        "offer-in-successor",
        "One city",
    )


def test_offers_of_a_closed_unit_widen_nothing(company: Offering) -> None:
    product = company.offer("P1", "gd-gz-bank", "gd-sz")
    with company.reacting():
        company.do("unit.close", company.units["gd-gz-bank"], reason="Given up")
    assert company.offered(product) == ["gd-gz-bank", "gd-sz"]
