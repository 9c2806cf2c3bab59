"""Grants: an employee holds a role at a unit and below, for all records there or only its own."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from domain.kernel.aggregate import Aggregate, RuleViolation, begins, command
from domain.kernel.types.values import EmployeeCode, Line, RoleCode, TermMoment, UnitCode
from domain.permissions.permission import (
    FieldClass,
    LastAdministrator,
    Masked,
    OwnPermissions,
    WiderThanOwn,
)


class GrantReach(StrEnum):
    """Which records at the unit and below it a grant is good for."""

    UNIT = "unit"
    TEAM = "team"
    OWN = "own"


class GrantReversed(RuleViolation):
    """A grant ends after it starts."""


class GrantRevoked(RuleViolation):
    """A grant is revoked once."""


class Grant(Aggregate):
    """A role given to an employee at a unit, from when until when, with which fields masked."""

    revoked = begins(False, ends=(True,), ended=GrantRevoked)

    class Given(Aggregate.Created, changes=("employee", "role", "unit")):
        """{who} gave {employee} the role {role} at {unit}[, because "{reason}"].

        The reach is {reach}[, without {masked}][, until {until}].
        """

        employee: str
        role: str
        unit: str
        reach: GrantReach
        masked: list[FieldClass]
        starts: datetime | None
        until: datetime | None
        reason: str | None

    class Revoked(Aggregate.Event, to=True):
        """{who} revoked the grant[, because "{reason}"]."""

        reason: str

    @classmethod
    @command(guarded=(OwnPermissions, WiderThanOwn))
    def give(
        cls,
        employee: EmployeeCode,
        role: RoleCode,
        unit: UnitCode,
        reach: GrantReach = GrantReach.UNIT,
        masked: Masked | None = None,
        starts: TermMoment | None = None,
        until: TermMoment | None = None,
        reason: Line | None = None,
    ) -> Grant:
        """Give an employee a role at a unit and all below it.

        Its `reach` is every record there, those of the employee's teams, or the employee's own.
        Fields named by `masked` are not shown. It starts at once unless told, and has no end
        unless told.
        """
        if until and until <= (starts or datetime.now(UTC)):
            raise GrantReversed("until")
        return cls._create(
            cls.Given,
            employee=employee,
            role=role,
            unit=unit,
            reach=reach,
            masked=masked or [],
            starts=starts,
            until=until,
            reason=reason,
        )

    employee: str
    role: str
    unit: str

    @property
    def owners(self) -> frozenset[str]:
        """Whose grant it is."""
        return frozenset({self.employee})

    @command(states=Revoked, guarded=(OwnPermissions, LastAdministrator))
    def revoke(self, reason: Line) -> None:
        """Revoke the grant, for a reason; it counts no more from the next request on."""
