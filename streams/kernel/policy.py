"""Policies: what an event of one record means for others, as pure functions event → commands."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.kernel.discovery import modules

Facts = list[dict[str, Any]]
"""Rows that a policy looks at."""


@dataclass(frozen=True)
class Wish:
    """A command that a policy asks for: its name, the record's id, its body.

    What a command creates has the id that the event names, in a field or as
    `event.naming("renewal")`; is there such a record already, that is as good, whatever the body
    says by now.

    `key` tells it from the other wishes of the same policy about the same event; it must come out
    the same whenever the policy is asked again. By default it is the record's id. A body that is
    a function is made when all wishes before it are done, from the keys of those refused; where
    it makes none the wish has come to nothing.
    """

    command: str
    id: str | None
    body: Mapping[str, Any] | Callable[[Collection[str]], Mapping[str, Any] | None] = field(
        default_factory=dict
    )
    key: str | None = None

    @property
    def name(self) -> str:
        """What tells the wish from the others: its key, else the record's id."""
        return self.key or self.id or ""

    @property
    def depends(self) -> bool:
        """Whether the body is made from what became of the wishes before it."""
        return callable(self.body)

    def made(self, refused: Collection[str]) -> Mapping[str, Any] | None:
        """Return the body, if there is one, given the keys of the wishes that were refused."""
        return self.body(refused) if callable(self.body) else self.body


Decide = Callable[[Recorded, Facts], Iterable[Wish]]
Gather = Callable[[Recorded], sa.Select[Any]]
Ask = Callable[[Recorded, Facts], sa.Select[Any]]


@dataclass(frozen=True)
class Policy:
    """A policy: the events it answers, the rows it looks at, what it wishes for."""

    name: str
    on: frozenset[str]
    facts: Gather | None
    decide: Decide
    recorded: Ask | None = None


_known: dict[str, Policy] = {}


def policy(
    on: Iterable[str], facts: Gather | None = None, recorded: Ask | None = None
) -> Callable[[Decide], Decide]:
    """Declare the function below as a policy, named after it.

    Args:
        on: The types of the events that it answers.
        facts: Gives, for an event, the query of the row read models for what it has to know. The
            rows it finds are at least as new as the event. None when the event says it all.
        recorded: Gives, for an event and these rows, a query of the journal, where the row read
            models do not know enough; what it finds comes after the rows.
    """

    def declare(decide: Decide) -> Decide:
        name = str(getattr(decide, "__name__", "")).replace("_", "-")
        _known[name] = Policy(name, frozenset(on), facts, decide, recorded)
        return decide

    return declare


def policies() -> Mapping[str, Policy]:
    """Return every policy by name; each module of this layer may declare some."""
    modules("streams")
    return _known
