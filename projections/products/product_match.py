"""Matching: the product of the catalogue that a text means, by its name or code."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from domain.kernel.types.codes import alike

SHORTEST = 2
"""Characters that a name has at least to be found within a text, or the other way round."""


class Match(NamedTuple):
    """A product that a text may mean; `exact` if it is called so."""

    product: Mapping[str, Any]
    exact: bool


class Catalogue:
    """Products by what they are called, to find those that texts mean."""

    def __init__(self, products: Iterable[Mapping[str, Any]]) -> None:
        """Take the rows of products: their id, code, name, english_name."""
        self._called: dict[str, Mapping[str, Any]] = {}
        for row in products:
            for text in (row["name"], row["english_name"], row["code"]):
                if text:
                    self._called.setdefault(_key(text), row)

    def match(self, text: str) -> Match | None:
        """Return the product that a text means, `None` where none is likely.

        It is the one that is called so; else that of the longest name which the text contains or
        is part of.
        """
        wanted = _key(text)
        if wanted in self._called:
            return Match(self._called[wanted], exact=True)
        near = [
            name
            for name in self._called
            if min(len(name), len(wanted)) >= SHORTEST and (name in wanted or wanted in name)
        ]
        return Match(self._called[max(near, key=len)], exact=False) if near else None


def _key(text: str) -> str:
    return alike(text).replace(" ", "")
