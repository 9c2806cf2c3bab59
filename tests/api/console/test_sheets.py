"""How values read in a cell, at any depth."""

from typing import Any

import pytest

from api.console.sheets import Sheet, moment
from api.console.texts import Words
from projections.kernel.read_model import read_models


@pytest.mark.parametrize(
    ("value", "english", "chinese"),
    [
        (["response", "x"], "response, x", "响应、x"),
        ([1, 2], "1, 2", "1、2"),
        ([], "", ""),
        ([{"of": "response"}], "(of: response)", "(针对时限: 响应)"),
        ([{"code": "a", "hours": {}}, {"code": "b"}], "a, b", "a、b"),
        ([{"seconds": {"of": "x"}}, {}], "2", "2"),
        (
            {"of": {"of": "response"}, "to": None},
            "of: (of: response)",
            "针对时限: (针对时限: 响应)",
        ),
        (True, "✓", "✓"),
    ],
)
def test_a_value_reads_in_the_language_of_the_page(value: Any, english: str, chinese: str) -> None:
    model = read_models()["service_tickets"]
    told = [Sheet.of(model, words).told("of", value) for words in (Words("en"), Words("zh"))]
    assert told == [english, chinese]


def test_an_instant_reads_in_the_zone_of_the_business() -> None:
    at, sheet = "2026-03-01T02:00:00Z", Sheet.of(read_models()["service_tickets"], Words("en"))
    assert sheet.told("begin", at) == moment(at)
    assert sheet.told("spans", [{"begin": at}]) == f"(begin: {moment(at)})"
