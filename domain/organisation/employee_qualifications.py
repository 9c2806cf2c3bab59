"""The qualifications of an employee: skills with their level, certificates with their term."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    RuleViolation,
    begins,
    command,
    keyed,
)
from domain.kernel.part import Part
from domain.kernel.types.values import Code, Come, LastDay, Line, PastDay

SkillLevel = Annotated[int, Field(ge=1, le=5)]
"""How well somebody masters a skill, from 1 (beginner) to 5 (expert)."""


class EmployeeLeft(RuleViolation):
    """The file of an employee who has left is not changed any more."""


class SkillRequired(RuleViolation):
    """Only a skill that was recorded is removed."""


class CertificateRequired(RuleViolation):
    """Only a certificate that was recorded is removed."""


class CertificateTermInverted(RuleViolation):
    """A certificate does not expire before the day on which it was issued."""


class Qualifications(Part):
    """What an employee can do and has proved."""

    class SkillRecorded(Aggregate.Event, puts="skills"):
        """{who} recorded the skill {skill} at level {level}."""

        skill: str
        level: int
        on: date | None = None

    class SkillRemoved(Aggregate.Event, drops="skills"):
        """{who} removed the skill {skill}."""

        skill: str
        on: date | None = None

    class CertificateRecorded(Aggregate.Event, puts="certificates"):
        """{who} recorded the certificate "{name}"[, number {number}][, until {until}]."""

        name: str
        number: str | None
        issued_on: Annotated[date | None, Come()]
        until: date | None
        on: date | None = None

    class CertificateRemoved(Aggregate.Event, drops="certificates"):
        """{who} removed the certificate "{name}"."""

        name: str
        on: date | None = None

    left = begins(False, ends=(True,), ended=EmployeeLeft)
    skills: dict[str, int] = keyed("skill", "level", SkillRequired)
    certificates: set[str] = keyed("name", required=CertificateRequired)

    @command(states=SkillRecorded)
    def record_skill(self, skill: Line, level: SkillLevel) -> None:
        """Record a skill, or how well it is mastered by now."""

    @command(states=SkillRemoved)
    def remove_skill(self, skill: Line) -> None:
        """Remove a skill."""

    @command
    def record_certificate(
        self,
        name: Line,
        number: Code | None = None,
        issued_on: PastDay | None = None,
        until: LastDay | None = None,
    ) -> None:
        """Record a certificate, in place of an older one of the same name."""
        if issued_on and until and until < issued_on:
            raise CertificateTermInverted("until")
        self.trigger_event(
            self.CertificateRecorded, name=name, number=number, issued_on=issued_on, until=until
        )

    @command(states=CertificateRemoved)
    def remove_certificate(self, name: Line) -> None:
        """Remove a certificate."""
