"""Steps: what is stated about the work on a ticket is timed to the moment, not to the day."""

from __future__ import annotations

from typing import ClassVar

from domain.kernel.aggregate import Aggregate
from domain.kernel.time.effective_day import TIMED
from domain.service.ticket_clock import Run


class Step(Aggregate.Event):
    """A step in the work on a ticket, which is timed to the moment, and may turn its clock."""

    dated: ClassVar[str] = TIMED
    runs: ClassVar[Run | None] = None
    """What the clock does from then on, where it is something else."""
