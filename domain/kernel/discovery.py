"""Discovery: what modules declare is found where it stands; no list of modules is kept anywhere."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


@cache
def modules(package: str, *aside: str) -> tuple[ModuleType, ...]:
    """Import every module of a package and of all packages in it; return them by their names.

    Those of the packages `aside` stay out: nothing is to be found there, and they take memory.
    """
    path = importlib.import_module(package).__path__
    found = sorted(each.name for each in pkgutil.walk_packages(path, f"{package}."))
    out = tuple(f"{each}." for each in aside)
    return tuple(importlib.import_module(each) for each in found if not each.startswith(out))


def declared(package: str, kind: type[T], *aside: str) -> list[T]:
    """Return what the modules of a package declare of a kind, each once, by where it stands.

    In the packages `aside` nothing is looked for.
    """
    values = (value for module in modules(package, *aside) for value in vars(module).values())
    return list({id(each): each for each in values if isinstance(each, kind)}.values())
