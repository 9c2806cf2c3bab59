"""Policies: what an event of one record means for others, as pure functions event → commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from domain.kernel import Recorded, discover

Facts = list[dict[str, Any]]
"""Rows that a policy looks at."""


@dataclass(frozen=True)
class Wish:
    """A command that a policy asks for: its name, the record's id, its body.

    `key` tells it from the other wishes of the same policy about the same event; it must come out
    the same whenever the policy is asked again. By default it is the record's id.
    """

    command: str
    id: str | None
    body: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


Decide = Callable[[Recorded, Facts], Iterable[Wish]]
Gather = Callable[[Recorded], sa.Select[Any]]


@dataclass(frozen=True)
class Policy:
    """A policy: the events it answers, the rows it looks at, what it wishes for."""

    name: str
    on: frozenset[str]
    facts: Gather
    decide: Decide


_known: dict[str, Policy] = {}


def policy(on: Iterable[str], facts: Gather) -> Callable[[Decide], Decide]:
    """Declare the function below as a policy, named after it.

    Args:
        on: The types of the events that it answers.
        facts: Gives, for an event, the query of the row read models for what it has to know. The
            rows it finds are at least as new as the event.
    """

    def declare(decide: Decide) -> Decide:
        name = str(getattr(decide, "__name__", "")).replace("_", "-")
        _known[name] = Policy(name, frozenset(on), facts, decide)
        return decide

    return declare


def policies() -> Mapping[str, Policy]:
    """Return every policy by name; each file of `streams` may declare some."""
    discover("streams")
    return _known
