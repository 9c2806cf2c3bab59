"""Requirements: what a customer asks of us specially, until it is waived."""

from __future__ import annotations

import dataclasses
from datetime import date
from enum import StrEnum
from typing import Any

from domain.customers.customer_standing import Standing
from domain.kernel.aggregate import Aggregate, RuleViolation, command, keyed
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

    class RequirementStated(Requirement, Aggregate.Event, puts="requirements"):
        """{who} stated the requirement {code} ({kind})[ until {until}]: "{text}"."""

        code: str
        on: date | None = None

    class RequirementWaived(Aggregate.Event, drops="requirements"):
        """{who} waived the requirement {code}, because "{reason}"."""

        code: str
        reason: str
        on: date | None = None

    requirements: dict[str, dict[str, Any]] = keyed("code", Requirement, RequirementRequired)

    @command(states=RequirementStated)
    def state_requirement(
        self, code: Code, kind: RequirementKind, text: Prose, until: LastDay | None = None
    ) -> None:
        """State a requirement of the customer, in place of what its code stood for before."""

    @command(states=RequirementWaived)
    def waive_requirement(self, code: Code, reason: Line) -> None:
        """Note that a requirement holds no more, for a reason."""
