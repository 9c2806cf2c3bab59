"""The registry: every aggregate and event class, found by importing all that there is."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from domain.kernel.discovery import modules
from domain.kernel.rule import kebab
from domain.kernel.time import effective_day as effective

if TYPE_CHECKING:
    from domain.kernel.aggregate import Aggregate


class Registry:
    """Every aggregate and event class by its stable name."""

    def __init__(self) -> None:
        """Start empty; classes come in as their modules are imported."""
        self.aggregates: dict[str, type[Aggregate]] = {}
        self.events: dict[str, type[Aggregate.Event]] = {}
        self.owners: dict[str, type[Aggregate]] = {}

    def add(self, aggregate: type[Aggregate]) -> None:
        """Register an aggregate with the event classes that its body declares."""
        self.aggregates[aggregate.kind] = aggregate
        for name, member in vars(aggregate).items():
            if name in ("Event", "Created") or not isinstance(member, type):
                continue
            if issubclass(member, aggregate.Event):
                member.type = f"{aggregate.kind}.{kebab(name)}"
                self.events[member.type] = member
                self.owners[member.type] = aggregate
                effective.stating[member.type] = member.dated


registry = Registry()


@cache
def discover() -> Registry:
    """Import every module of the domain, so that all aggregates are known. Return the registry."""
    modules("domain")
    return registry
