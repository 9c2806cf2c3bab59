"""Moments: a record as it was by what was known at a time, and by what was true on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from domain.kernel.aggregate import Recorded
from domain.kernel.time.effective_day import effective_day
from projections.kernel.columns import Money
from projections.kernel.read_model import Passes, ReadModel, Row, fold

_HUNDREDTH = Decimal("0.01")


def fold_at(
    model: ReadModel,
    history: Sequence[Recorded],
    valid_at: date | None = None,
    passes: Passes | None = None,
) -> Row | None:
    """Return the row of a record, `None` when there was none yet.

    Args:
        model: The read model.
        history: The events of the record, by version, as far as they were known.
        valid_at: Only what was true by that day of the business counts; by default everything.
        passes: Tells which events that cannot be folded are passed over; by default none.
    """
    for row in fold(model, {}, history, keep_versions=False, passes=passes).rows.values():
        if valid_at is None or row["in_force"] <= valid_at:
            return _as_stored(model, row)
        told = [each for each in history if each.version <= row["version"]]
        first = effective_day(told[0].type, told[0].data, told[0].time)
        if first > valid_at:
            return None
        days = model.retell(told, passes)
        held = next(each for each in reversed(days) if each["in_force"] <= valid_at)
        return _as_stored(model, held)
    return None


def _as_stored(model: ReadModel, row: Row) -> Row:
    """Give amounts the two decimals that tables keep, so that they read the same from a fold."""
    amounts = [each.name for each in model.table.columns if isinstance(each.type, Money)]
    return row | {name: row[name].quantize(_HUNDREDTH) for name in amounts if row[name] is not None}
