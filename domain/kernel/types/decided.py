"""Decided parameters: what a rule set says of a command, and the tables that say it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from domain.kernel.discovery import modules

T = TypeVar("T")
F = TypeVar("F", bound=Callable[[str, Mapping[str, Any]], "Decision[Any]"])


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What a rule set decided, and in which of its versions."""

    rule: str
    version: int
    outcome: T


@dataclass(frozen=True, slots=True, init=False)
class Decided:
    """Marks a parameter that the rule set in force decides, a `Decision`.

    `rule` is the name of the rule set, as in `contract-value`; `of` are the attributes of the
    record that it is decided from, or methods that take what the command was given by the same
    names. Such a parameter is no part of the command's body.
    """

    rule: str
    of: tuple[str, ...]

    def __init__(self, rule: str, *of: str) -> None:
        object.__setattr__(self, "rule", rule)
        object.__setattr__(self, "of", of)

    def facts(self, record: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the rule set is to know of a record, for the arguments of a command."""
        return {name: _told(getattr(record, name), arguments) for name in self.of}


def _told(fact: Any, arguments: Mapping[str, Any]) -> Any:
    if not inspect.ismethod(fact):
        return fact
    return fact(*(arguments[name] for name in inspect.signature(fact).parameters))


deciding: dict[str, Callable[[str, Mapping[str, Any]], Decision[Any]]] = {}
"""What decides by each rule set, by its name."""


def decides(*rules: str) -> Callable[[F], F]:
    """Declare the function below as what decides by some rule sets: of one, and of facts."""

    def declare(function: F) -> F:
        deciding.update(dict.fromkeys(rules, function))
        return function

    return declare


def decide(rule: str, facts: Mapping[str, Any]) -> Decision[Any]:
    """Return what the rule set of a name decides of facts, as a `Decided` parameter has it.

    Raises `KeyError` for a rule set that there is not.
    """
    modules("domain")
    return deciding[rule](rule, facts)
