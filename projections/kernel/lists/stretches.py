"""Stretches: what follows a place in a list, as ranges of an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def stretches(
    steps: Sequence[tuple[sa.ColumnElement[Any], bool, bool]], values: Sequence[Any]
) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of the stretches of a list behind a place, in their order.

    Each is one range of an index. There are two where rows without a value come last.

    Args:
        steps: The sorted columns, whether downwards, whether without a value sometimes.
        values: Their values at the place.
    """
    (column, down, nullable), value = steps[0], values[0]
    rest = stretches(steps[1:], values[1:]) if len(steps) > 1 else []
    if value is None:
        found = [sa.and_(column.is_(None), sa.or_(*rest))] if rest else []
        return found if down else [*found, column.is_not(None)]
    beyond = column < value if down else column > value
    if rest:
        # The first bound says nothing new, but tells the database where to begin.
        bound = column <= value if down else column >= value
        beyond = sa.and_(bound, sa.or_(beyond, sa.and_(column == value, sa.or_(*rest))))
    return [beyond, column.is_(None)] if down and nullable else [beyond]
