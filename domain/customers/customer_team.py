"""The account team of a customer: its account manager, and who else works for it in what role."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from domain.customers.customer_standing import Standing
from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, applies, command
from domain.kernel.types.values import Code, EmployeeCode, Line


class TeamRole(StrEnum):
    """What a member of the account team does for the customer."""

    SALES = "sales"
    SOLUTION = "solution"
    DELIVERY = "delivery"
    SERVICE = "service"
    BILLING = "billing"
    SPONSOR = "sponsor"


class ManagerRequired(RuleViolation):
    """Only an account manager who was assigned can be released."""


class TeamMemberRequired(RuleViolation):
    """Only a member of the account team is removed from it."""


class AccountTeam(Standing):
    """Who looks after the customer."""

    class ManagerAssigned(Aggregate.Event):
        """{who} assigned {manager} as account manager[, before {was.manager}]."""

        manager: str
        on: date | None = None

    class ManagerReleased(Aggregate.Event):
        """{who} released {manager} as account manager[, because "{reason}"]."""

        manager: str
        reason: str | None = None
        on: date | None = None

    class TeamMemberAdded(Aggregate.Event):
        """{who} added {employee} to the account team as {role}."""

        employee: str
        role: TeamRole
        on: date | None = None

    class TeamMemberRemoved(Aggregate.Event):
        """{who} removed {employee} from the account team."""

        employee: str
        on: date | None = None

    begun: date | None
    manager: str | None
    team: dict[str, TeamRole]

    @property
    def owners(self) -> frozenset[str]:
        """The account manager and the team."""
        return frozenset({self.manager} if self.manager else ()).union(self.team)

    def entrust(self, employee: str) -> None:
        """Make the employee the account manager since the customer is known."""
        self.trigger_event(self.ManagerAssigned, manager=employee, on=self.begun)

    @command
    def assign_manager(self, manager: EmployeeCode) -> None:
        """Assign the account manager; one who was assigned before is replaced."""
        self.require_open()
        if manager == self.manager:
            raise NothingChanged("manager")
        self.trigger_event(self.ManagerAssigned, manager=manager)

    @applies(ManagerAssigned)
    def _manager_assigned(self, manager: str) -> None:
        self.manager = manager

    @command
    def release_manager(self, reason: Line | None = None) -> None:
        """Release the account manager, so that the customer has none."""
        self.require_open()
        if self.manager is None:
            raise ManagerRequired
        self.trigger_event(self.ManagerReleased, manager=self.manager, reason=reason)

    @applies(ManagerReleased)
    def _manager_released(self) -> None:
        self.manager = None

    @command
    def add_team_member(self, employee: EmployeeCode, role: TeamRole) -> None:
        """Add an employee to the account team, or give a member another role."""
        self.require_open()
        if self.team.get(employee) == role:
            raise NothingChanged("role")
        self.trigger_event(self.TeamMemberAdded, employee=employee, role=role)

    @applies(TeamMemberAdded)
    def _team_member_added(self, employee: str, role: TeamRole) -> None:
        self.team[employee] = role

    @command
    def remove_team_member(self, employee: Code) -> None:
        """Remove an employee from the account team."""
        self.require_open()
        if employee not in self.team:
            raise TeamMemberRequired("employee")
        self.trigger_event(self.TeamMemberRemoved, employee=employee)

    @applies(TeamMemberRemoved)
    def _team_member_removed(self, employee: str) -> None:
        del self.team[employee]
