"""Cells become what the fields of commands take."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from api.imports.cells import FORMS, Field, FieldError
from api.imports.written import Unreadable
from domain.kernel.commands import commands


@pytest.mark.parametrize(
    ("command", "path", "text", "value"),
    [
        ("customer.register", "name", "广州银行", "广州银行"),
        ("customer.register", "employees", "1,200", 1200),
        ("customer.register", "employees", "1200.0", 1200),
        ("customer.register", "annual_revenue", "1,234.50", "1234.50"),
        ("customer.register", "registered_on", "2017/3/1", "2017-03-01"),
        ("customer.register", "registered_on", "2017年3月1日", "2017-03-01"),
        ("customer.register", "registered_on", "2017-03-01 00:00:00", "2017-03-01"),
        ("customer.register", "registered_on", "2017-3-1 0:00", "2017-03-01"),
        ("customer.register", "registered_on", "20170301", "2017-03-01"),
        ("customer.register", "registered_on", "２０１７－０３－０１", "2017-03-01"),
        ("customer.register", "employees", "１，２００", 1200),
        ("customer.register", "annual_revenue", "￥1,234.50", "1234.50"),
        ("customer.register", "annual_revenue", "¥ 1234.5元", "1234.5"),
        ("customer.register", "annual_revenue", "12.5万元", "125000"),
        ("customer.register", "annual_revenue", "1.2亿", "120000000"),
        ("customer.register", "annual_revenue", "HK$1,000", "1000"),
        ("customer.register", "category", "High Value", "high-value"),
        ("customer.register", "grade", "Ａ", "A"),
        ("customer.register", "grade", "Z", "Z"),
        ("customer.register", "name", "1E+9 Ltd", "1E+9 Ltd"),
        ("opportunity.open", "probability", "25%", 25),
        ("employee.engage", "phone", "(020) 88881234", "020-88881234"),
        ("employee.engage", "phone", "（020）8888 1234转8001", "020-8888 1234x8001"),
        ("employee.engage", "phone", "020-88881234 ext. 8001", "020-88881234x8001"),
        ("employee.engage", "phone", "(+86)20 88881234", "+86-20 88881234"),
        ("employee.engage", "phone", "+86 20 8888 1234", "+86 20 8888 1234"),
        ("service-ticket.open", "at", "2026/3/1 9:30 +08:00", "2026-03-01T09:30:00+08:00"),
        ("campaign.plan", "units", "gd-gz；gd-sz; js", ["gd-gz", "gd-sz", "js"]),
        ("opportunity.open", "lines.quantity", "3", 3),
    ],
)
def test_text_becomes_the_value_that_it_stands_for(
    command: str, path: str, text: str, value: Any
) -> None:
    assert Field(commands()[command], path).convert(text).value == value


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
        ("lines", "has parts; there are monthly, months, one_off, product, product_id, quantity"),
        ("lines.colour", "has no field 'lines.colour'; there are monthly"),
        ("title.first", "has no field 'title.first'"),
    ],
)
def test_a_field_that_is_not_there_is_refused_with_those_that_are(
    path: str, complaint: str
) -> None:
    with pytest.raises(FieldError, match=complaint):
        Field(commands()["opportunity.open"], path)


@pytest.mark.parametrize(
    ("command", "path", "text", "complaint"),
    [
        ("customer.register", "registered_on", "1 March", "is no day"),
        ("customer.register", "registered_on", "3/5/2026", "is no day"),
        ("customer.register", "registered_on", "26-3-5", "is no day"),
        ("customer.register", "registered_on", "46086", "is no day"),
        ("customer.register", "registered_on", "0", "is no day"),
        ("customer.register", "registered_on", "2026-02-30", "the calendar does not have"),
        ("customer.register", "registered_on", "2026-03-05 09:30", "has a time of the day"),
        ("customer.register", "registered_on", "2026-03-05T00:00:00Z", "has a time of the day"),
        ("customer.register", "registered_on", "2026-03-05 00:00+08:00", "has a time of the day"),
        ("customer.register", "employees", "many", "is no number"),
        ("customer.register", "employees", "12.5", "is no whole number"),
        ("customer.register", "employees", "1,20", "is no number"),
        ("customer.register", "employees", "25%", "is no number"),
        ("customer.register", "employees", "10²", "is no number"),
        ("customer.register", "annual_revenue", "1.234,56", "is no number"),
        ("customer.register", "annual_revenue", "1.5E+10", "was shortened by a spreadsheet"),
        ("customer.register", "annual_revenue", "$5", "is no number"),
        ("customer.register", "annual_revenue", "US$5元", "has two currencies"),
        ("customer.register", "annual_revenue", "1." + "0" * 30 + "1", "has more digits"),
        ("customer.register", "registration_number", "9.144E+17", "was shortened by a spread"),
        ("service-ticket.open", "at", "2026-03-01 09:30", "no moment with its zone"),
        ("service-ticket.open", "at", "2026-03-01 25:30+08:00", "a moment that there is not"),
    ],
)
def test_what_may_mean_more_than_one_thing_is_refused(
    command: str, path: str, text: str, complaint: str
) -> None:
    with pytest.raises(Unreadable, match=complaint):
        Field(commands()[command], path).convert(text)


def test_what_counts_in_ten_thousands_is_not_scaled_again() -> None:
    field = Field(commands()["customer.register"], "annual_revenue")
    assert field.convert("1.555", Decimal(10000)).value == "15550"
    with pytest.raises(Unreadable, match="--scale says so again"):
        field.convert("5万", Decimal(10000))


def test_every_pattern_of_a_command_is_told_in_words() -> None:
    found: set[str] = set()

    def look(schema: Any) -> None:
        for part in schema.values() if isinstance(schema, dict) else schema:
            if isinstance(part, dict | list):
                look(part)
        if isinstance(schema, dict) and isinstance(schema.get("pattern"), str):
            found.add(schema["pattern"])

    for command in commands().values():
        look(command.body.model_json_schema())
    assert found == set(FORMS)
