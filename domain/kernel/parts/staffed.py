"""Staffed: beside its manager a record has a team, each member of it in a role."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Generic, TypeVar

from domain.kernel.aggregate import (
    Aggregate,
    RuleViolation,
    command,
    keyed,
)
from domain.kernel.parts.managed import Managed
from domain.kernel.types.values import Code, EmployeeCode

Role = TypeVar("Role", bound=str)
"""The type of a role, as commands check it; events have it without its bounds."""


class Staffed(Managed, Generic[Role]):
    """Who works on the record; `NotInTeam` is the rule for who does not."""

    needs = ("NotInTeam",)

    class TeamMemberAdded(Aggregate.Event, puts="team"):
        """{who} added {employee} to the team of the {record} as {role}."""

        employee: str
        role: Annotated[str, Role]
        on: date | None = None

    class TeamMemberRemoved(Aggregate.Event, drops="team"):
        """{who} removed {employee} from the team of the {record}."""

        employee: str
        on: date | None = None

    NotInTeam: type[RuleViolation]
    team: dict[str, Role] = keyed("employee", "role")

    @property
    def owners(self) -> frozenset[str]:
        """The manager and the team."""
        return super().owners.union(self.team)

    @command(states=TeamMemberAdded)
    def add_team_member(self, employee: EmployeeCode, role: Role) -> None:
        """Add an employee to the team of the {record}, or give a member another role."""

    @command
    def remove_team_member(self, employee: Code) -> None:
        """Remove an employee from the team of the {record}."""
        if employee not in self.team:
            raise self.NotInTeam("employee")
        self.trigger_event(self.TeamMemberRemoved, employee=employee)
