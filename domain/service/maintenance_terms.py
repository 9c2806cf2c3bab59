"""Terms of planned work: what it is for, how it may go, where it stands, what it interrupts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.kernel.types.values import Id, Line, Moment, Reference, Value

Minutes = Annotated[int, Field(ge=0, le=100_000)]
"""How long a service is to be interrupted, all together."""

Uses = Annotated[
    list[Annotated[Id, Reference("product-in-use", live=False)]], Field(max_length=500)
]
Sites = Annotated[list[Annotated[Id, Reference("site", live=False)]], Field(max_length=500)]
Findings = Annotated[list[Line], Field(max_length=50)]


class WorkKind(StrEnum):
    """What work is planned for."""

    INSPECTION = "inspection"
    PLANNED_WORK = "planned-work"


class WorkRisk(StrEnum):
    """How likely it is that work goes wrong."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class WorkState(StrEnum):
    """Where planned work stands."""

    PLANNED = "planned"
    ANNOUNCED = "announced"
    HELD = "held"
    IN_PROGRESS = "in-progress"
    DONE = "done"
    CANCELLED = "cancelled"


class Interruption(Value):
    """From when to when a product in use was interrupted by the work."""

    product_in_use_id: Annotated[Id, Reference("product-in-use", live=False)]
    since: Moment
    until: Moment


Interruptions = Annotated[list[Interruption], Field(max_length=500)]
