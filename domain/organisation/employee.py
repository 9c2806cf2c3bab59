"""Employees: the people of the organisation, from their engagement to their leaving."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from domain.customers.customer_contacts import Email, Phone
from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, command
from domain.kernel.time.correction import Fields, corrected, correction
from domain.kernel.types.codes import RESERVED, CodeReserved, EmployeeCodeAlike, NewCode, alike
from domain.kernel.types.values import Line, Sensitive, UnitCode
from domain.organisation.employee_qualifications import Qualifications
from domain.permissions.permission import LastAdministrator, WiderThanOwn


class EmployeeCodeTaken(RuleViolation):
    """The code of an employee is given once, also when the employee has left."""


class DepartureRequired(RuleViolation):
    """Only an employee who has left is engaged again."""


class EmployeeDetail(StrEnum):
    """Details that can be cleared."""

    PHONE = "phone"
    EMAIL = "email"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Details(Fields):
    """Who the employee is."""

    name: str | None = None
    phone: Annotated[str | None, Sensitive("phone")] = None
    email: Annotated[str | None, Sensitive("email")] = None


class Employee(Qualifications, Aggregate):
    """Somebody who works in the organisation, in one unit at a time."""

    titles = {"email": "邮箱", "phone": "电话", "post": "岗位"}
    revives = True

    class Engaged(Details, Aggregate.Created, changes=("code", "unit", "post")):
        """{who} engaged {name} ({code}) at {unit}[ as {post}]."""

        code: str
        unit: str
        post: str | None
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the details."""
            aggregate.details = Details.among(vars(self))

    class DetailsCorrected(Details, Aggregate.Event):
        """{who} corrected the details: {changes}."""

        cleared: tuple[str, ...] = ()
        on: date | None = None

        def apply(self, aggregate: Any) -> None:
            """Keep the corrected details."""
            aggregate.details = corrected(aggregate.details, vars(self), self.cleared)

    class Moved(Aggregate.Event, changes=("unit", "post")):
        """{who} moved the employee[ from {was.unit}] to {unit}, because "{reason}".

        [The post is {post}.]
        """

        unit: str
        post: str | None
        reason: str
        on: date | None = None

    class Left(Aggregate.Event, to=True):
        """{who} noted that the employee has left, because "{reason}"."""

        reason: str
        on: date | None = None

    class Reengaged(Aggregate.Event, to=False, changes=("unit", "post")):
        """{who} engaged the employee again at {unit}[ as {post}]."""

        unit: str
        post: str | None
        on: date | None = None

    class SessionsEnded(Aggregate.Event):
        """{who} ended all sessions of the employee, because "{reason}"."""

        reason: str

    details: dict[str, Any]
    code: str
    unit: str
    post: str | None

    @classmethod
    @command
    def engage(
        cls,
        code: NewCode,
        name: Line,
        unit: UnitCode,
        post: Line | None = None,
        phone: Phone | None = None,
        email: Email | None = None,
    ) -> Employee:
        """Engage somebody in a unit, under a code by which all records will know them."""
        details = Details.among(locals())
        if code in RESERVED:
            raise CodeReserved("code")
        return cls._create(cls.Engaged, code=code, unit=unit, post=post, **details)

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The code of the employee and all that look like it, for ever."""
        return {EmployeeCodeTaken: self.code, EmployeeCodeAlike: alike(self.code)}

    @property
    def owners(self) -> frozenset[str]:
        """Whose own record it is: the employee's."""
        return frozenset({self.code})

    @property
    def course(self) -> object:
        """Where the employee works, until they leave."""
        return (self.left, self.unit, self.post)

    @command
    def correct_details(
        self,
        name: Line | None = None,
        phone: Phone | None = None,
        email: Email | None = None,
        clear: list[EmployeeDetail] | None = None,
    ) -> None:
        """Correct details: those given change, those named in `clear` become unknown."""
        given = Details.among(locals())
        changes = correction(self.details, given, clear or ())
        if not changes:
            raise NothingChanged
        self.trigger_event(self.DetailsCorrected, **changes)

    @command
    def move(
        self,
        reason: Line,
        unit: UnitCode | None = None,
        post: Line | None = None,
    ) -> None:
        """Move the employee to another unit, another post, or both; what is not given stays."""
        unit, post = unit or self.unit, post or self.post
        if (unit, post) == (self.unit, self.post):
            raise NothingChanged
        self.trigger_event(self.Moved, unit=unit, post=post, reason=reason)

    @command(states=Left, guarded=(LastAdministrator,))
    def leave(self, reason: Line) -> None:
        """Note that the employee has left: no grant and no sign-in of theirs is good any more."""

    @command(only=(True, DepartureRequired), guarded=(WiderThanOwn,))
    def reengage(self, unit: UnitCode, post: Line | None = None) -> None:
        """Engage somebody again who has left, under the code they had."""
        self.trigger_event(self.Reengaged, unit=unit, post=post)

    @command(states=SessionsEnded, always=True)
    def end_sessions(self, reason: Line) -> None:
        """Sign the employee out everywhere: every token issued up to now is void."""
