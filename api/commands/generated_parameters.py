"""Issuing: what the server makes up for a command and shows in its answer, once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple


class Issue(NamedTuple):
    """What a command is given beside its body, and what its first answer shows of it."""

    given: Mapping[str, str]
    shown: Mapping[str, str]


NOTHING = Issue({}, {})

Issuer = Callable[[], Issue]

issuers: dict[str, Issuer] = {}


def issues(command: str) -> Callable[[Issuer], Issuer]:
    """Declare a function that makes up the parameters of a command that no client may choose."""

    def declare(function: Issuer) -> Issuer:
        issuers[command] = function
        return function

    return declare


def issued(command: str) -> Issue:
    """Return what is made up for one execution of a command."""
    issuer = issuers.get(command)
    return NOTHING if issuer is None else issuer()
