"""Claims: what only one record may hold at a time: a value, each of several, a key of fields."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import orjson

from domain.kernel.rule import RuleViolation

LONGEST = 200
"""Characters of a claim as it is kept; of a longer one its digest is."""

Key = str | tuple[object, ...]
"""A value, as a number or a name; or the fields of a key, as unit, month and measure."""

Claims = Mapping[type[RuleViolation], Key | frozenset[Key]]
"""By the rule that guards it what is claimed: one key, or several."""

Claim = tuple[type[RuleViolation], str]
"""One of them, as it is kept."""


def text(key: Key) -> str:
    """Return a key as it is kept."""
    told = key if isinstance(key, str) else orjson.dumps(key).decode()
    return told if len(told) <= LONGEST else hashlib.sha256(told.encode()).hexdigest()


def each(claims: Claims) -> tuple[Claim, ...]:
    """Return the claims one by one, each as it is kept, in an order that is always the same."""
    return tuple((rule, told) for rule, claimed in claims.items() for told in _texts(claimed))


def has(claimed: Key | frozenset[Key], told: str) -> bool:
    """Return whether one of what is claimed by a rule is kept as this text."""
    return told in _texts(claimed)


def _texts(claimed: Key | frozenset[Key]) -> list[str]:
    return sorted(map(text, claimed)) if isinstance(claimed, frozenset) else [text(claimed)]
