"""The course of a product in use: pending, active, suspended, ceased."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.kernel.aggregate import Aggregate, RuleViolation, begins, command
from domain.kernel.part import Part
from domain.kernel.types.values import Line


class UseState(StrEnum):
    """Whether a product is used yet, or any more."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    CEASED = "ceased"


class SuspensionReason(StrEnum):
    """Why a product is not to be used for a while."""

    ARREARS = "arrears"
    REQUEST = "request"
    FAULT = "fault"
    MISUSE = "misuse"


class PendingRequired(RuleViolation):
    """Only a product that is not yet active is activated."""


class ActiveProductRequired(RuleViolation):
    """Only an active product in use is changed, moved or suspended."""


class SuspendedProductRequired(RuleViolation):
    """Only a suspended product in use is resumed."""


class ProductCeased(RuleViolation):
    """A product that was ceased is installed anew, not changed."""


ACTIVE = (UseState.ACTIVE, ActiveProductRequired)
"""The state that a command is for which changes what is used, with the rule told in any other."""


class ProductInUseCourse(Part):
    """Whether the product is used."""

    class Activated(Aggregate.Event, to=UseState.ACTIVE):
        """{who} noted that the product is used."""

        on: date | None = None

    class Suspended(Aggregate.Event, to=UseState.SUSPENDED):
        """{who} suspended the product ({reason})."""

        reason: SuspensionReason
        on: date | None = None

    class Resumed(Aggregate.Event, to=UseState.ACTIVE):
        """{who} resumed the product."""

        on: date | None = None

    class Ceased(Aggregate.Event, to=UseState.CEASED):
        """{who} noted that the product is used no more, because "{reason}"[; {competitor} has it].

        It cannot be used again.
        """

        reason: str
        competitor: str | None = None
        on: date | None = None

    state = begins(UseState.PENDING, ends=(UseState.CEASED,), ended=ProductCeased)

    @command(states=Activated, only=(UseState.PENDING, PendingRequired))
    def activate(self) -> None:
        """Note that the customer uses the product."""

    @command(states=Suspended, only=ACTIVE)
    def suspend(self, reason: SuspensionReason) -> None:
        """Suspend the product, for a reason."""

    @command(states=Resumed, only=(UseState.SUSPENDED, SuspendedProductRequired))
    def resume(self) -> None:
        """Resume the product."""

    @command(states=Ceased)
    def cease(self, reason: Line, competitor: Line | None = None) -> None:
        """Note that the customer uses the product no more, and which competitor gained it."""
