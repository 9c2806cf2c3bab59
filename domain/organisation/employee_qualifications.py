"""The qualifications of an employee: skills with their level, certificates with their term."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from domain.kernel.aggregate import (
    Aggregate,
    NothingChanged,
    RuleViolation,
    applies,
    begins,
    command,
    starts,
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

    class SkillRecorded(Aggregate.Event):
        """{who} recorded the skill {skill} at level {level}."""

        skill: str
        level: int
        on: date | None = None

    class SkillRemoved(Aggregate.Event):
        """{who} removed the skill {skill}."""

        skill: str
        on: date | None = None

    class CertificateRecorded(Aggregate.Event):
        """{who} recorded the certificate "{name}"[, number {number}][, until {until}]."""

        name: str
        number: str | None
        issued_on: Annotated[date | None, Come()]
        until: date | None
        on: date | None = None

    class CertificateRemoved(Aggregate.Event):
        """{who} removed the certificate "{name}"."""

        name: str
        on: date | None = None

    left = begins(False, ends=(True,), ended=EmployeeLeft)
    skills: dict[str, int] = starts(dict)
    certificates: set[str] = starts(set)

    @command
    def record_skill(self, skill: Line, level: SkillLevel) -> None:
        """Record a skill, or how well it is mastered by now."""
        if self.skills.get(skill) == level:
            raise NothingChanged("level")
        self.trigger_event(self.SkillRecorded, skill=skill, level=level)

    @applies(SkillRecorded)
    def _skill_recorded(self, skill: str, level: int) -> None:
        self.skills[skill] = level

    @command
    def remove_skill(self, skill: Line) -> None:
        """Remove a skill."""
        if skill not in self.skills:
            raise SkillRequired("skill")
        self.trigger_event(self.SkillRemoved, skill=skill)

    @applies(SkillRemoved)
    def _skill_removed(self, skill: str) -> None:
        del self.skills[skill]

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

    @applies(CertificateRecorded)
    def _certificate_recorded(self, name: str) -> None:
        self.certificates.add(name)

    @command
    def remove_certificate(self, name: Line) -> None:
        """Remove a certificate."""
        if name not in self.certificates:
            raise CertificateRequired("name")
        self.trigger_event(self.CertificateRemoved, name=name)

    @applies(CertificateRemoved)
    def _certificate_removed(self, name: str) -> None:
        self.certificates.remove(name)
