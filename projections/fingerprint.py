"""Fingerprints: the code that the rows of a read model depend on."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any


def code_of(module: ModuleType | None, more: Iterable[Callable[..., Any]] = ()) -> list[str]:
    """Return the code of the module with the folds, of what it imports of ours, and of `more`.

    Comments and layout do not count.
    """
    if module is None:
        return []
    helpers: dict[str, Any] = {
        name: member
        for name, member in vars(module).items()
        if inspect.isfunction(member)
        and member.__module__ != module.__name__
        and member.__module__.startswith(("projections.", "domain."))
    }
    helpers |= {each.__name__: each for each in more}
    parts = [module, *(helpers[name] for name in sorted(helpers))]
    return [ast.unparse(ast.parse(inspect.getsource(part))) for part in parts]
