"""Steps: what is stated about the work on a ticket is timed to the moment, not to the day."""

from __future__ import annotations

from typing import ClassVar

from domain.kernel.aggregate import Aggregate
from domain.kernel.time.effective_day import TIMED


class Step(Aggregate.Event):
    """A step in the work on a ticket, which is timed to the moment."""

    dated: ClassVar[str] = TIMED
