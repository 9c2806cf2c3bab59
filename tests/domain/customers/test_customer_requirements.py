"""Requirements: stated by their codes, and waived for a reason."""

import pytest

from domain.customers.customer import Customer
from domain.customers.customer_requirements import RequirementKind, RequirementRequired
from domain.kernel.aggregate import NothingChanged


def test_a_requirement_holds_until_it_is_waived() -> None:
    customer = Customer.register("广州钢铁", "gd-gz")
    customer.state_requirement("S-1", RequirementKind.SECURITY, "进场须备案")
    with pytest.raises(NothingChanged):
        customer.state_requirement("S-1", RequirementKind.SECURITY, "进场须备案")
    customer.state_requirement("S-1", RequirementKind.SECURITY, "进场须两人")
    assert customer.requirements["S-1"]["text"] == "进场须两人"
    customer.waive_requirement("S-1", "已取消")
    with pytest.raises(RequirementRequired) as refused:
        customer.waive_requirement("S-1", "已取消")
    assert refused.value.field == "code"
