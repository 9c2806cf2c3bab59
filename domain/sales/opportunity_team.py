"""The team of an opportunity: its manager, and who else works on the sale in what role."""

from __future__ import annotations

from datetime import date

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, applies, command
from domain.kernel.types.values import Code, EmployeeCode, Line
from domain.sales.opportunity_offer import Offer


class DealTeamMemberRequired(RuleViolation):
    """Only a member of the opportunity's team is removed from it."""


class DealTeam(Offer):
    """Who works on a sale."""

    class TeamMemberAdded(Aggregate.Event):
        """{who} added {employee} to the team as {role}."""

        employee: str
        role: str
        on: date | None = None

    class TeamMemberRemoved(Aggregate.Event):
        """{who} removed {employee} from the team."""

        employee: str
        on: date | None = None

    manager: str | None
    team: dict[str, str]

    @property
    def owners(self) -> frozenset[str]:
        """The manager and the team of the opportunity."""
        return frozenset({self.manager} if self.manager else ()).union(self.team)

    @command
    def add_team_member(self, employee: EmployeeCode, role: Line) -> None:
        """Add an employee to the team, or give a member another role."""
        self.require_open()
        if self.team.get(employee) == role:
            raise NothingChanged("role")
        self.trigger_event(self.TeamMemberAdded, employee=employee, role=role)

    @applies(TeamMemberAdded)
    def _team_member_added(self, employee: str, role: str) -> None:
        self.team[employee] = role

    @command
    def remove_team_member(self, employee: Code) -> None:
        """Remove an employee from the team."""
        self.require_open()
        if employee not in self.team:
            raise DealTeamMemberRequired("employee")
        self.trigger_event(self.TeamMemberRemoved, employee=employee)

    @applies(TeamMemberRemoved)
    def _team_member_removed(self, employee: str) -> None:
        del self.team[employee]
