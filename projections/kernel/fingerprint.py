"""Fingerprints: what the rows of a read model depend on, beside their columns.

That is the folds, the functions that they call, those that these call, and the constants that any
of them names. Imports, comments, docstrings and layout change no row and do not count.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from functools import cache
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

_OURS = frozenset({"projections", "domain"})
_WORD = re.compile(r"'(\w+)'")


def code_of(functions: Iterable[Callable[..., Any]]) -> list[str]:
    """Return the code of some functions and of all of ours that they call, with the constants."""
    return sorted(
        "\n".join([_source(function), *sorted(constants)])
        for function, constants in _reached(functions).items()
    )


def words_of(functions: Iterable[Callable[..., Any]]) -> set[str]:
    """Return the names that some functions, and all of ours that they call, have as text."""
    found: set[str] = set()
    for function, constants in _reached(functions).items():
        values = (each for code in _codes(function.__code__) for each in code.co_consts)
        found.update(
            word for each in (*constants, *map(repr, values)) for word in _WORD.findall(each)
        )
    return found


def _reached(functions: Iterable[Callable[..., Any]]) -> Mapping[FunctionType, list[str]]:
    """Return some functions and all of ours that they call, each with the constants it names."""
    found: dict[FunctionType, list[str]] = {}
    waiting = list[Any](functions)
    while waiting:
        function = inspect.unwrap(waiting.pop())
        if isinstance(function, MethodType):
            function = function.__func__
        if not isinstance(function, FunctionType) or function in found:
            continue
        constants = found[function] = list[str]()
        for name, value in _named(function):
            for leaf in _all_leaves(value, function.__module__):
                if isinstance(leaf, FunctionType):
                    waiting.append(leaf)
                else:
                    constants.append(f"{name}={leaf}")
    return found


def _named(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function names outside of itself: functions, classes, constants."""
    for cell in function.__closure__ or ():
        yield "", cell.cell_contents
    for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield "", value
    names = sorted({name for code in _codes(function.__code__) for name in code.co_names})
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType):
            if _is_ours(value.__name__, function.__module__):
                yield from ((each, getattr(value, each)) for each in names if hasattr(value, each))
        elif callable(value) or name.isupper():  # by the house's rule a constant is in capitals
            yield name, value


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _codes(each)


def _all_leaves(value: Any, module: str) -> Iterable[FunctionType | str]:
    """Return the leaves of a value; those of a class, which many functions name, are found once."""
    if isinstance(value, type):
        return _leaves_of_class(value, module.partition(".")[0])
    return _leaves(value, module)


@cache
def _leaves_of_class(value: type, package: str) -> Iterable[FunctionType | str]:
    return tuple(_leaves(value, package))


def _leaves(value: Any, module: str) -> Iterator[FunctionType | str]:
    """Yield the functions of ours in a value, and its data as text, alike in every process."""
    if isinstance(value, type):
        if _is_ours(value.__module__, module):
            for name, member in sorted(vars(value).items()):
                if not name.startswith("__") and not isinstance(member, type):
                    yield from _leaves(getattr(member, "__func__", member), module)
    elif callable(value):
        function = inspect.unwrap(value)
        if isinstance(function, FunctionType) and _is_ours(function.__module__, module):
            yield function
    elif isinstance(value, property):
        yield from _leaves(value.fget, module)
    elif isinstance(value, Enum):
        yield f"{value.name}={value.value!r}"
    elif isinstance(value, re.Pattern):
        yield f"{value.pattern!r} {value.flags}"
    elif isinstance(value, Mapping):
        for key, each in value.items():
            for leaf in _leaves(each, module):
                yield leaf if isinstance(leaf, FunctionType) else f"{key!r}: {leaf}"
    elif isinstance(value, tuple | list | set | frozenset):
        leaves = [leaf for each in value for leaf in _leaves(each, module)]
        texts = [leaf for leaf in leaves if isinstance(leaf, str)]
        yield from (leaf for leaf in leaves if isinstance(leaf, FunctionType))
        yield str(sorted(texts) if isinstance(value, set | frozenset) else texts)
    elif type(value).__module__ in ("builtins", "datetime", "decimal", "fractions", "uuid"):
        yield repr(value)


def _is_ours(module: str, beside: str) -> bool:
    package = module.partition(".")[0]
    return package in _OURS or package == beside.partition(".")[0]


def _source(function: FunctionType) -> str:
    """Return the code of a function as it would be written without comments and docstrings."""
    nodes = _functions(sys.modules[function.__module__])
    return "\n".join(map(ast.unparse, nodes.get(function.__code__.co_firstlineno, ())))


@cache
def _functions(module: ModuleType) -> Mapping[int, list[ast.AST]]:
    """Return the functions of a module, without docstrings, by the lines in which they begin."""
    found: dict[int, list[ast.AST]] = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.FunctionDef):
            if ast.get_docstring(node, clean=False) is not None:
                node.body = node.body[1:] or [ast.Pass()]
            first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
            found.setdefault(first, []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault(node.lineno, []).append(node)
    return found
