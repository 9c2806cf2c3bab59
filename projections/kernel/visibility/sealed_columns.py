"""Personal columns: where the rows of a read model hold sealed values, and who may open them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from domain.kernel.types.personal import Shape
from projections.kernel.listed import Listed
from projections.kernel.read_model import Row
from projections.kernel.visibility.column_masks import classes

SEALED = "sealed"
"""What says beside the fields which of them could not be opened, as in `"sealed": ["name"]`."""

Opener = Callable[[Listed, Sequence[Row]], Sequence[Row]]
"""Opens what is sealed in rows that are about to be shown; each has its id."""


@cache
def personal(model: Listed) -> Mapping[str, Shape]:
    """Return where the columns of a read model hold what is sealed.

    The folds pass it through as they find it in the events; nothing here can read it.
    """
    columns = model.table.columns
    return {each.name: each.info["personal"] for each in columns if "personal" in each.info}


@cache
def of_persons(model: Listed) -> bool:
    """Tell whether rows of a read model tell of persons: a customer's, or of the staff."""
    return bool(personal(model)) or not classes(model).isdisjoint(("phone", "email"))


def as_sealed(model: Listed, rows: Sequence[Row]) -> Sequence[Row]:
    """Return rows as they are."""
    return rows
