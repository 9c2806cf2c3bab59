"""Roles: named sets of permissions, to be granted to people and given to the keys of systems."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from domain.kernel.aggregate import Aggregate, NothingChanged, RuleViolation, begins, command
from domain.kernel.time.correction import Fields, corrected, correction
from domain.kernel.types.codes import NewCode, RoleCodeAlike, alike
from domain.kernel.types.values import Line, Prose, UnitCode
from domain.permissions.permission import LastAdministrator, OwnPermissions, Patterns, WiderThanOwn


class RoleCodeTaken(RuleViolation):
    """The code of a role is given once, also when the role is retired."""


class RoleRetired(RuleViolation):
    """A retired role does not change any more."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Definition(Fields):
    """What a role is called and what it allows."""

    name: str | None = None
    permissions: list[str] | None = None
    description: str | None = None


class Role(Aggregate):
    """A named set of permissions, kept by a unit."""

    titles = {"permissions": "权限"}
    ended = begins(False, ends=(True,), ended=RoleRetired)

    class Defined(Definition, Aggregate.Created, changes=("code", "unit")):
        """{who} defined the role "{name}" ({code}) with {permissions}."""

        code: str
        unit: str

        def apply(self, aggregate: Any) -> None:
            """Keep the definition."""
            aggregate.definition = Definition.among(vars(self))

    class Revised(Definition, Aggregate.Event):
        """{who} revised the role: {changes}."""

        def apply(self, aggregate: Any) -> None:
            """Keep the revised definition."""
            aggregate.definition = corrected(aggregate.definition, vars(self))

    class Retired(Aggregate.Event, to=True):
        """{who} retired the role, because "{reason}"."""

        reason: str

    definition: dict[str, Any]
    code: str
    unit: str

    @classmethod
    @command(guarded=(WiderThanOwn,))
    def define(
        cls,
        code: NewCode,
        name: Line,
        permissions: Patterns,
        unit: UnitCode,
        description: Prose = "",
    ) -> Role:
        """Define a role: what it allows, by the names of permissions or patterns of them."""
        return cls._create(cls.Defined, code=code, unit=unit, **Definition.among(locals()))

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The code of the role and all that look like it, for ever."""
        return {RoleCodeTaken: self.code, RoleCodeAlike: alike(self.code)}

    @command(guarded=(OwnPermissions, WiderThanOwn, LastAdministrator))
    def revise(
        self,
        name: Line | None = None,
        permissions: Patterns | None = None,
        description: Prose | None = None,
    ) -> None:
        """Revise the role for all who hold it: what is given changes."""
        given = Definition.among(locals())
        changes = correction(self.definition, given)
        if not changes:
            raise NothingChanged
        self.trigger_event(self.Revised, **changes)

    @command(states=Retired, guarded=(OwnPermissions, LastAdministrator))
    def retire(self, reason: Line) -> None:
        """Retire the role, for a reason; the grants of it give nothing any more."""
