"""The registry: every aggregate and event class, found by importing all that there is."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING

from domain import effective
from domain.rule import kebab

if TYPE_CHECKING:
    from domain.kernel import Aggregate


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
def discover(package: str = "domain") -> Registry:
    """Import every module of a package, so that what they declare is known. Return the registry.

    Adding a file to `domain`, `projections` or `api` is all it takes to make it part of the
    system: no list of modules is kept anywhere.
    """
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__):
        importlib.import_module(f"{package}.{module.name}")
    return registry
