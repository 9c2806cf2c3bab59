"""Corrections: of a record's many fields, those given are replaced, those cleared are emptied."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import Any


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fields:
    """Fields that a first fact and later corrections share; `None` in a correction: unchanged."""

    @classmethod
    def among(cls, source: Mapping[str, Any]) -> dict[str, Any]:
        """Return these fields as `source` has them: the parameters of a command, or a fact."""
        return {field.name: source[field.name] for field in dataclasses.fields(cls)}


def correction(
    known: Mapping[str, Any], given: Mapping[str, Any], clear: Collection[str] = ()
) -> dict[str, Any]:
    """Return the fields of the fact that corrects `known`, empty when nothing would change.

    A field both cleared and given takes the given value. `cleared` in the result, where
    there is one, names the fields to empty.
    """
    changed = {
        name: given[name]
        for name, value in known.items()
        if given.get(name) is not None and given[name] != value
    }
    cleared = sorted(
        str(name) for name in set(clear) if given.get(name) is None and known[name] is not None
    )
    return changed | ({"cleared": tuple(cleared)} if cleared else {})


def corrected(
    known: Mapping[str, Any], given: Mapping[str, Any], cleared: Collection[str] = ()
) -> dict[str, Any]:
    """Return the fields as they are after a correction."""
    return {
        name: None if name in cleared else value if given.get(name) is None else given[name]
        for name, value in known.items()
    }
