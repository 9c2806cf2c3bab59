"""The rule book: the committed page is what the code says, and records do as it says."""

import copy
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.aggregate import RuleViolation, discover
from domain.kernel.commands import ending, every_command
from domain.kernel.rule_book import rule_book
from domain.kernel.time.replay import evolve
from tests.domain.replay import history

PAGE = Path(__file__).parents[3] / "domain" / "rules.md"


def test_the_page_of_rules_is_what_the_code_says() -> None:
    """`keyline rules > domain/rules.md` brings it up to date."""
    assert PAGE.read_text(encoding="utf-8") == rule_book()


def test_the_page_tells_of_every_aggregate_command_and_rule() -> None:
    page = rule_book()
    for kind in discover().aggregates:
        assert f"\n## {kind}\n" in page
    for each in every_command().values():
        assert f"\n| *{each.verb}* |" in page if each.system else f"\n| {each.verb} |" in page
        for rule in each.rules:
            assert f"- `{rule.rule()}`: {rule.text()}\n" in page


DECLARED = [name for name, each in discover().aggregates.items() if each.states]


@pytest.mark.parametrize("kind", DECLARED)
def test_a_record_in_any_state_refuses_what_the_page_says_and_by_that_rule(kind: str) -> None:
    aggregate = discover().aggregates[kind]
    begun: Any = evolve(None, history(kind)[:1])
    states = aggregate.states
    assert states is not None
    of_kind: Any = type(states.first)
    tried = 0
    for command in every_command().values():
        if command.aggregate is not aggregate or command.creates:
            continue
        for state in [False, True] if of_kind is bool else of_kind:
            rule = command.refusal(state)
            if rule in ending(aggregate) and "require_open" in vars(aggregate):
                continue  # by more than its state
            record = copy.deepcopy(begun)
            setattr(record, states.attribute, state)
            broken: Any = None
            try:
                getattr(record, command.method)()  # the states come first, whatever is asked
            except RuleViolation as violation:
                broken = type(violation)
            except TypeError:
                pass
            if rule is not None:
                assert broken is rule, command.name
                tried += 1
            else:
                told = {command.refusal(each) for each in of_kind} if of_kind is not bool else set()
                assert broken is None or broken not in told, command.name
    assert tried > 0
