"""Managed: an account manager looks after the record."""

from __future__ import annotations

from datetime import date
from typing import Any

from domain.kernel.aggregate import Aggregate, RuleViolation, command, starts
from domain.kernel.part import Part
from domain.kernel.types.values import EmployeeCode, Line


class ManagerRequired(RuleViolation):
    """Only an account manager who was assigned can be released."""


class Managed(Part):
    """Who looks after the record."""

    class ManagerAssigned(Aggregate.Event, changes="manager"):
        """{who} assigned {manager} as account manager[, before {was.manager}]."""

        manager: str
        on: date | None = None

    manager: str | None = starts(lambda: None)

    @property
    def owners(self) -> frozenset[str]:
        """The manager, if there is one."""
        return frozenset({self.manager} if self.manager else ())

    def entrust(self, employee: str) -> None:
        """Make the employee its manager since it began, unless somebody is."""
        if self.manager is None:
            self.trigger_event(self.ManagerAssigned, manager=employee, on=self.begun)

    @command(states=ManagerAssigned)
    def assign_manager(self, manager: EmployeeCode) -> None:
        """Assign the account manager of the {record}; one who was assigned before is replaced."""


class Released(Managed):
    """Who looks after the record, until they are released."""

    class ManagerReleased(Aggregate.Event):
        """{who} released {manager} as account manager[, because "{reason}"]."""

        manager: str
        reason: str | None = None
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Leave the record without a manager."""
            aggregate.manager = None

    @command
    def release_manager(self, reason: Line | None = None) -> None:
        """Release the account manager, so that the {record} has none."""
        if self.manager is None:
            raise ManagerRequired
        self.trigger_event(self.ManagerReleased, manager=self.manager, reason=reason)
