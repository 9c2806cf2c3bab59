"""API keys: how a system signs in, with a role at a unit, until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import StringConstraints

from domain.kernel.aggregate import Aggregate, RuleViolation, begins, command
from domain.kernel.types.codes import alike
from domain.kernel.types.sensitive import SECRET
from domain.kernel.types.values import Issued, Line, RoleCode, Sensitive, TermMoment, UnitCode
from domain.permissions.permission import FieldClass, Masked, OwnPermissions, WiderThanOwn

Prefix = Annotated[str, StringConstraints(pattern=r"^[0-9a-z]{8}$"), Issued()]
"""The part of a key that may be shown, by which it is found."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Issued()]
"""The SHA-256 of the whole key, which nobody keeps."""


class KeyPrefixTaken(RuleViolation):
    """No two keys begin alike."""


class KeyNameTaken(RuleViolation):
    """No two keys that are not revoked have the same name: history tells of systems by it."""


class KeyTermPassed(RuleViolation):
    """A key ends after it is issued."""


class ApiKeyRevoked(RuleViolation):
    """A key is revoked once."""


class ApiKey(Aggregate):
    """The key of a system: what it may do and where; the key itself is shown once, at its issue."""

    revoked = begins(False, ends=(True,), ended=ApiKeyRevoked)

    class Issued(Aggregate.Created, changes=("name", "prefix", "role", "unit")):
        """{who} issued the key {prefix} to the system "{name}".

        Its role is {role} at {unit}[, until {until}].
        """

        name: str
        prefix: str
        digest: Annotated[str, Sensitive(SECRET)]
        role: str
        unit: str
        masked: list[FieldClass]
        until: datetime | None

    class Revoked(Aggregate.Event, to=True):
        """{who} revoked the key, because "{reason}"."""

        reason: str

    @classmethod
    @command(guarded=(WiderThanOwn,))
    def issue(
        cls,
        name: Line,
        role: RoleCode,
        unit: UnitCode,
        prefix: Prefix,
        digest: Digest,
        masked: Masked | None = None,
        until: TermMoment | None = None,
    ) -> ApiKey:
        """Issue a key to a system, with a role at a unit and all below it.

        The answer shows the key, this once. Fields named by `masked` are not shown to the system.
        """
        if until and until <= datetime.now(UTC):
            raise KeyTermPassed("until")
        return cls._create(
            cls.Issued,
            name=name,
            prefix=prefix,
            digest=digest,
            role=role,
            unit=unit,
            masked=masked or [],
            until=until,
        )

    name: str
    prefix: str
    role: str
    unit: str

    @property
    def claims(self) -> Mapping[type[RuleViolation], str]:
        """The prefix, for ever, and the name until the key is revoked."""
        held: dict[type[RuleViolation], str] = {KeyPrefixTaken: self.prefix}
        return held if self.revoked else {**held, KeyNameTaken: alike(self.name)}

    @command(states=Revoked, guarded=(OwnPermissions,))
    def revoke(self, reason: Line) -> None:
        """Revoke the key, for a reason; it opens nothing from the next request on."""
