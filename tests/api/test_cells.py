"""Cells become what the fields of commands take."""

from __future__ import annotations

from typing import Any

import pytest

from api.cells import Field, FieldError
from domain.commands import commands


@pytest.mark.parametrize(
    ("command", "path", "text", "value"),
    [
        ("customer.register", "name", "广州银行", "广州银行"),
        ("customer.register", "employees", "1,200", 1200),
        ("customer.register", "employees", "1200.0", 1200),
        ("customer.register", "employees", "many", "many"),
        ("customer.register", "annual_revenue", "1,234.50", "1234.50"),
        ("customer.register", "registered_on", "2017/3/1", "2017-03-01"),
        ("customer.register", "registered_on", "2017年3月1日", "2017-03-01"),
        ("customer.register", "registered_on", "1 March", "1 March"),
        ("campaign.plan", "units", "gd-gz；gd-sz; js", ["gd-gz", "gd-sz", "js"]),
        ("opportunity.open", "lines.quantity", "3", 3),
    ],
)
def test_text_becomes_the_value_that_it_stands_for(
    command: str, path: str, text: str, value: Any
) -> None:
    assert Field(commands()[command], path).convert(text) == value


def test_a_value_goes_into_the_place_that_its_path_names() -> None:
    command = commands()["opportunity.open"]
    body: dict[str, Any] = {}
    for path, value in (("title", "T"), ("lines.product", "A"), ("lines.1.product", "B")):
        Field(command, path).put(body, value)
    assert body == {"title": "T", "lines": [{"product": "A"}, {"product": "B"}]}


@pytest.mark.parametrize(
    ("path", "complaint"),
    [
        ("titel", "has no field 'titel'; there are amount, currency"),
        ("lines", "has parts; there are monthly, months, one_off, product, quantity"),
        ("lines.colour", "has no field 'lines.colour'; there are monthly"),
        ("title.first", "has no field 'title.first'"),
    ],
)
def test_a_field_that_is_not_there_is_refused_with_those_that_are(
    path: str, complaint: str
) -> None:
    with pytest.raises(FieldError, match=complaint):
        Field(commands()["opportunity.open"], path)
