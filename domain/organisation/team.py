"""Teams: people of any units who work together, in general or for one customer."""

from __future__ import annotations

from datetime import date

from domain.kernel.aggregate import (
    Aggregate,
    RuleViolation,
    begins,
    command,
    keyed,
)
from domain.kernel.types.values import Code, CustomerId, EmployeeCode, Line, Prose, UnitCode
from domain.permissions.permission import OwnPermissions


class TeamDissolved(RuleViolation):
    """A team that was dissolved is not changed any more."""


class MembershipRequired(RuleViolation):
    """Only a member of the team is removed from it."""


class Team(Aggregate):
    """A group of employees, kept by one unit; its members may come from any."""

    titles = {"purpose": "用途"}
    dissolved = begins(False, ends=(True,), ended=TeamDissolved)
    members: dict[str, str] = keyed("employee", "role", MembershipRequired)
    name: str
    unit: str
    customer_id: str | None

    class Formed(Aggregate.Created, changes=("name", "unit", "customer_id")):
        """{who} formed the team "{name}" at {unit}[ for {customer_id}]."""

        name: str
        unit: str
        purpose: str
        customer_id: str | None
        on: date | None = None

    class Renamed(Aggregate.Event, changes="name"):
        """{who} renamed the team[ from "{was.name}"] to "{name}"."""

        name: str
        on: date | None = None

    class MemberAdded(Aggregate.Event, puts="members"):
        """{who} added {employee} to the team as {role}."""

        employee: str
        role: str
        on: date | None = None

    class MemberRemoved(Aggregate.Event, drops="members"):
        """{who} removed {employee} from the team."""

        employee: str
        on: date | None = None

    class Dissolved(Aggregate.Event, to=True):
        """{who} dissolved the team, because "{reason}"."""

        reason: str
        on: date | None = None

    @classmethod
    @command(states=Formed)
    def form(
        cls,
        name: Line,
        unit: UnitCode,
        purpose: Prose = "",
        customer_id: CustomerId | None = None,
    ) -> None:
        """Form a team in the unit that keeps it, for one customer if one is named."""

    @property
    def owners(self) -> frozenset[str]:
        """Whose own record it is: its members'."""
        return frozenset(self.members)

    def entrust(self, employee: str) -> None:
        """Make the employee the first member."""
        self.trigger_event(self.MemberAdded, employee=employee, role="lead", on=self.begun)

    @command(states=Renamed)
    def rename(self, name: Line) -> None:
        """Give the team another name."""

    @command(states=MemberAdded, guarded=(OwnPermissions,))
    def add_member(self, employee: EmployeeCode, role: Line) -> None:
        """Add an employee of any unit to the team, or give a member another role."""

    @command(states=MemberRemoved)
    def remove_member(self, employee: Code) -> None:
        """Remove an employee from the team."""

    @command(states=Dissolved)
    def dissolve(self, reason: Line) -> None:
        """Dissolve the team, for a reason."""
