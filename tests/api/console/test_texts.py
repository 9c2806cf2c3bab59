"""Texts: what kinds, fields and refusals are called in either language."""

from collections.abc import Iterator

import pytest

from adapters.refusals import Refusal
from api.app import router_application
from api.console.texts import Words
from api.kernel.problems import PROBLEMS
from domain.kernel.chinese import catalogue
from projections.kernel.summary import listed

ENGLISH, CHINESE = Words("en"), Words("zh")


@pytest.mark.parametrize(
    ("kind", "field", "called"),
    [
        ("customer", "it_budget", "IT budget"),
        ("customer", "annual_revenue", "annual revenue"),
        ("product", "sla", "SLA"),
        ("campaign", "roi", "ROI"),
        ("unit", "id", "ID"),
        ("customer", "parent_id", "head office"),
        ("api-key", "", "API keys"),
        ("service-ticket", "", "Service tickets"),
    ],
)
def test_abbreviations_are_written_large(kind: str, field: str, called: str) -> None:
    model = next(each for each in listed().values() if each.kind == kind)
    assert (ENGLISH.field(model, field) if field else ENGLISH.kind(model)) == called


def refusals(base: type[Refusal] = Refusal) -> Iterator[type[Refusal]]:
    for each in base.__subclasses__():
        yield each
        yield from refusals(each)


def test_the_title_of_every_refusal_is_chinese_too() -> None:
    assert router_application()  # imports all that refuses
    titles = {each.title for each in refusals() if not each.__module__.startswith("tests.")}
    assert {text for _, text in catalogue(PROBLEMS)} == titles - {Refusal.title}


def test_a_refusal_has_the_rule_in_chinese_and_what_helps_as_it_is() -> None:
    told = {
        "title": "A business rule forbids it",
        "detail": "Nothing new is attached to a record that was merged into another. It is 1 now.",
        "errors": [{"pointer": "/customer_id", "detail": "No such thing"}],
    }
    said = CHINESE.problem(told, "site")
    assert said["title"] == "不符合业务规则"
    assert said["detail"] == "已并入其他记录的记录不能再关联新内容。It is 1 now."
    assert said["errors"] == told["errors"]
    assert ENGLISH.problem(told, "site") == told


def test_what_was_commanded_and_refused_is_told_in_the_language_of_the_page() -> None:
    assert CHINESE.command("customer.regrade") == "客户 · 调整等级"
    assert ENGLISH.command("customer.regrade") == "customer.regrade"
    assert CHINESE.rule("lapse-required", "customer.win-back") == "只有已流失的客户才能挽回。"
    assert CHINESE.command("me.password") == "me.password"
    assert CHINESE.rule("not-permitted", "customer.win-back") == "not-permitted"
