"""Discovery: what modules declare is found where it stands; no list of modules is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


@cache
def modules(package: str) -> tuple[ModuleType, ...]:
    """Import every module of a package and of all packages in it; return them by their names."""
    path = importlib.import_module(package).__path__
    found = sorted(each.name for each in pkgutil.walk_packages(path, f"{package}."))
    return tuple(map(importlib.import_module, found))


def declared(package: str, kind: type[T]) -> list[T]:
    """Return what the modules of a package declare of a kind, each once, by where it stands."""
    values = (value for module in modules(package) for value in vars(module).values())
    return list({id(each): each for each in values if isinstance(each, kind)}.values())
