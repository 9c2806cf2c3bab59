"""Work that is announced knows whose products, and whose sites, it touches."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.streams.organised import SINCE, Company


class Working(Company):
    """A company that works on what customers use."""

    def customer_at(self, name: str) -> tuple[str, str, str]:
        """Return a new customer with a site and a product in use there."""
        told: dict[str, Any] = {"unit": "gd-gz", "registered_on": SINCE}
        customer = self.do("customer.register", name=name, **told)
        at: dict[str, Any] = {"customer_id": customer, "unit": "gd-gz"}
        place = {"name": "HQ", "kind": "head-office", "address": "1 Tianhe Road", "area": "town"}
        site = self.do("site.open", **at, **place)
        use = self.do("product-in-use.install", **at, product_name="DDN", site_id=site)
        return customer, site, use

    def announced(self, **named: Any) -> list[str]:
        """Plan work and announce it; returns whom it affects."""
        told: dict[str, Any] = {"kind": "inspection", "unit": "gd-gz", "risk": "low"}
        told |= {"from": "2026-03-01T00:00:00+08:00", "until": "2026-03-01T04:00:00+08:00"}
        told |= {"interruption_minutes": 5, "products_in_use": []} | named
        work = self.do("maintenance.plan", **told)
        with self.reacting():
            self.do("maintenance.announce", work)
        found: list[str] = self.row("maintenances", work)["customer_ids"]
        return found


@pytest.fixture
def company(database_url: str, tmp_path: Path) -> Iterator[Working]:
    company = Working(database_url)
    yield company
    company.close()


def test_work_knows_whose_products_and_whose_sites_it_touches(company: Working) -> None:
    first, site, _ = company.customer_at("First Steel")
    second, _, use = company.customer_at("Second Steel")
    _third, _, gone = company.customer_at("Third Steel")
    company.do("product-in-use.cease", gone, reason="moved-away")
    assert company.announced(products_in_use=[use, gone]) == [second]
    assert company.announced(sites=[site]) == [first]
    both = company.announced(products_in_use=[use], sites=[site])
    assert sorted(both) == sorted([first, second])
