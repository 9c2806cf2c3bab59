"""Issuing: what the server makes up for a command and shows in its answer, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple


class Issue(NamedTuple):
    """What a command is given beside its body, and what its first answer shows of it."""

    given: Mapping[str, str]
    shown: Mapping[str, str]


NOTHING = Issue({}, {})

Issuer = Callable[[], Issue]


class Shaped(NamedTuple):
    """What makes something up, and the type of what of it is shown."""

    make: Issuer
    shape: Any


issuers: dict[str, Shaped] = {}


def issues(command: str, shape: Any) -> Callable[[Issuer], Issuer]:
    """Declare a function that makes up the parameters of a command that no client may choose.

    `shape` is a typed dictionary: what the first answer shows of them.
    """

    def declare(function: Issuer) -> Issuer:
        issuers[command] = Shaped(function, shape)
        return function

    return declare


def issued(command: str) -> Issue:
    """Return what is made up for one execution of a command."""
    issuer = issuers.get(command)
    return NOTHING if issuer is None else issuer.make()
