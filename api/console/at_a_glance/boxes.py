"""Boxes: the first records of a list as a part of a page, with the way to all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from api.console.sheets import Column, Sheet
from api.console.view import HOME, View
from projections.kernel.listed import Listed
from projections.kernel.read_model import Row
from projections.kernel.summary import listed

FEW = 10
"""Records of a box."""


class Box(NamedTuple):
    """Records of a list on another page."""

    title: str
    sheet: Sheet
    columns: list[Column]
    rows: list[Row]
    all: str = ""
    """Where the list has all of them."""
    more: bool = False
    """Whether it has more."""


def model_called(plural: str) -> Listed:
    """Return a read model by the name of its list."""
    return next(each for each in listed().values() if each.plural == plural)


async def box(
    view: View, plural: str, title: str, asked: Iterable[tuple[str, str]], *names: str
) -> Box | None:
    """Return the first records that a list answers, `None` for whoever may not see it.

    Args:
        view: Who looks, and at which moment.
        plural: The list.
        title: What the box is called, by the name of a text.
        asked: Filters and order.
        names: The columns.
    """
    sheet, kept = Sheet.of(model_called(plural), view.words), list(asked)
    query = [*sheet.asked(names), *kept, ("limit", f"{FEW}")]
    found = await view.get_if_seen(f"/{plural}", query)
    if found is None:
        return None
    columns = [sheet.column(name) for name in names]
    place = view.link(f"{HOME}/{plural}", kept)
    return Box(view.words(title), sheet, columns, found["items"], place, found["next"] is not None)
