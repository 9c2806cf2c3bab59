"""Who merges customers, or undoes it, may do so at each of the two."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.refusals import NotPermitted, UnknownReference
from tests.adapters.staff import Company, company

MERGE = "customer-merge.begin"


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Company]:
    with company(f"sqlite:///{tmp_path / 'test.db'}") as found:
        found.staff()
        yield found


def test_a_merge_is_permitted_at_both_customers(firm: Company) -> None:
    firm.role("merger", "customer-merge.*", "customer.read")
    firm.role("reader", "customer.read")
    firm.grant("li", "merger", "gd-gz")
    firm.grant("li", "reader", "gd")
    here, there, hidden = firm.customer("gd-gz"), firm.customer("gd"), firm.customer("bj")

    def merge(survivor: str, duplicate: str) -> str:
        both = {"survivor_id": survivor, "duplicate_id": duplicate}
        return firm.do("li", MERGE, None, **both, reason="The same")

    for pair in ((here, there), (there, here)):
        with pytest.raises(NotPermitted):
            merge(*pair)
    with pytest.raises(UnknownReference):
        merge(here, hidden)
    merge(here, firm.customer("gd-gz"))
