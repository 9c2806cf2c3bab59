"""The rule book: for each aggregate its states, its commands, and what refuses which in which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

from domain.kernel.aggregate import Aggregate, RuleViolation, discover
from domain.kernel.commands import Command, ending, every_command

HEAD = """# Who may do what when: states, commands, rules

Printed from the code by `keyline rules`. In a state a command is good (`✓`), leads to another
state (`→`), or is refused by the rule named there; it may also be refused by the rules beside it.
What policies alone ask, or time, is in italics.
"""


def rule_book() -> str:
    """Return the rule book of all aggregates as Markdown."""
    kinds = sorted(discover().aggregates)
    rules = {rule for each in every_command().values() for rule in each.rules}
    told = (
        f"- `{each.rule()}`: {each.text()}" for each in sorted(rules, key=lambda rule: rule.rule())
    )
    book = [HEAD, *("\n".join(_chapter(kind)) for kind in kinds), "## Rules\n", *told]
    return "\n".join(book) + "\n"


def _chapter(kind: str) -> Iterator[str]:
    aggregate = discover().aggregates[kind]
    states = _states(aggregate)
    yield f"## {kind}\n"
    heads = (_name(aggregate, each) for each in states)
    yield _row("command", *heads, "also refused by")
    yield _row(*["---"] * (len(states) + 2))
    for each in sorted(every_command().values(), key=lambda each: (not each.creates, each.name)):
        if each.aggregate is aggregate:
            yield _line(each, states)
    yield ""


def _line(command: Command, states: Sequence[Any]) -> str:
    shown = f"*{command.verb}*" if command.system else command.verb
    if command.creates:
        cells = ["→" if each == states[0] else "" for each in states]
        told: set[Any] = set()
    else:
        refusals = [command.refusal(each) for each in states]
        cells = [_cell(command, rule) for rule in refusals]
        told = {each for rule in refusals if rule for each in _all(command, rule)}
    return _row(shown, *cells, ", ".join(each.rule() for each in command.rules if each not in told))


def _cell(command: Command, rule: type[RuleViolation] | None) -> str:
    if rule is not None:
        return " or ".join(sorted(each.rule() for each in _all(command, rule)))
    aggregate, facts = command.aggregate, command.facts
    attribute = aggregate.states.attribute if aggregate.states else None
    leads = {_name(aggregate, each.leading) for each in facts if each.leading is not None}
    leads |= {"as before" for each in facts if attribute in each.changing}
    return f"→ {' or '.join(sorted(leads))}" if leads else "✓"


def _all(command: Command, rule: type[RuleViolation]) -> set[type[RuleViolation]]:
    """Return the rules that one stands for: an end of a record may be told by several."""
    ended = ending(command.aggregate)
    return ended if rule in ended else {rule}


def _states(aggregate: type[Aggregate]) -> list[Any]:
    if aggregate.states is None:
        return []
    kind: Any = type(aggregate.states.first)
    return [False, True] if kind is bool else [*kind]


def _name(aggregate: type[Aggregate], state: Any) -> str:
    if isinstance(state, str | Enum):
        return str(state.value if isinstance(state, Enum) else state)
    assert aggregate.states is not None
    return aggregate.states.attribute if state else f"not {aggregate.states.attribute}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
