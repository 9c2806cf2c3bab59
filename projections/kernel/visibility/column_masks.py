"""Masks: what of a row not everybody sees, and rows without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from domain.kernel.types.sensitive import SECRET, without
from projections.kernel.listed import Listed
from projections.kernel.read_model import Row
from projections.kernel.visibility.owner_index import COLUMN

Sensitive = str | Mapping[str, str]
"""The class of what a column holds, or that of each field in its JSON by name."""

MASKED = "masked"
"""What a row says besides its columns: the classes of what is masked in it."""


@cache
def sensitive(model: Listed) -> Mapping[str, Sensitive]:
    """Return what in a read model is sensitive, by column."""
    columns = model.table.columns
    return {each.name: each.info["sensitive"] for each in columns if "sensitive" in each.info}


@cache
def shown(model: Listed) -> tuple[str, ...]:
    """Return the columns that are read: not those for keeping and finding rows, and no secrets."""
    kept = {"in_force", "search", COLUMN, *(due.name for due in model.dues)} | {
        name for name, of in sensitive(model).items() if of == SECRET
    }
    return tuple(column.name for column in model.table.columns if column.name not in kept)


def classes(model: Listed, names: Iterable[str] | None = None) -> frozenset[str]:
    """Return the classes of what is sensitive in some columns of a read model, or in all."""
    found: set[str] = set()
    for name, of in sensitive(model).items():
        if names is None or name in names:
            found.update([of] if isinstance(of, str) else of.values())
    return frozenset(found)


def masked(model: Listed, row: Row, hidden: frozenset[str]) -> Row:
    """Return a row without what is masked in it; it says so, as in `"masked": ["phone"]`.

    Args:
        model: The read model.
        row: Some or all of its columns.
        hidden: The classes that are masked.
    """
    touched = hidden & classes(model, row)
    if not touched:
        return row
    changed = {**row, MASKED: sorted(touched)}
    for name, of in sensitive(model).items():
        if name not in row:
            continue
        if not isinstance(of, str):
            changed[name] = without(row[name], of, hidden)
        elif of in hidden:
            changed[name] = None
    return changed
