"""Requirements: what a customer asks of us specially, until it is waived."""

from __future__ import annotations

import dataclasses
from datetime import date
from enum import StrEnum
from typing import Any

from domain.customers.customer_standing import Standing
from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    applies,
    command,
    starts,
)
from domain.kernel.time.correction import Fields
from domain.kernel.types.values import Code, LastDay, Line, Prose


class RequirementKind(StrEnum):
    """What a requirement is about."""

    SECURITY = "security"
    BILLING = "billing"
    SERVICE = "service"
    ACCESS = "access"
    INVOICE = "invoice"
    OTHER = "other"


class RequirementRequired(RuleViolation):
    """Only a requirement that was stated is waived."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Requirement(Fields):
    """What a customer asks for, and until when."""

    kind: RequirementKind
    text: str
    until: date | None = None


class Requirements(Standing):
    """What the customer asks of us specially."""

    class RequirementStated(Requirement, Aggregate.Event):
        """{who} stated the requirement {code} ({kind})[ until {until}]: "{text}"."""

        code: str
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the requirement."""
            aggregate.requirements[self.code] = Requirement.among(vars(self))

    class RequirementWaived(Aggregate.Event):
        """{who} waived the requirement {code}, because "{reason}"."""

        code: str
        reason: str
        on: date | None = None

    requirements: dict[str, dict[str, Any]] = starts(dict)

    @command
    def state_requirement(
        self, code: Code, kind: RequirementKind, text: Prose, until: LastDay | None = None
    ) -> None:
        """State a requirement of the customer, in place of what its code stood for before."""
        stated = Requirement.among(locals())
        if self.requirements.get(code) == stated:
            raise NothingChanged
        self.trigger_event(self.RequirementStated, code=code, **stated)

    @command
    def waive_requirement(self, code: Code, reason: Line) -> None:
        """Note that a requirement holds no more, for a reason."""
        if code not in self.requirements:
            raise RequirementRequired("code")
        self.trigger_event(self.RequirementWaived, code=code, reason=reason)

    @applies(RequirementWaived)
    def _requirement_waived(self, code: str) -> None:
        del self.requirements[code]
