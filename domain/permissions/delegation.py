"""Delegations: a deputy acts on behalf of an employee for a time."""

from __future__ import annotations

from datetime import datetime, timedelta

from domain.kernel.aggregate import Aggregate, RuleViolation, begins, command
from domain.kernel.types.values import EmployeeCode, Line, TermMoment
from domain.permissions.permission import OwnPermissions, WiderThanOwn

LONGEST = timedelta(days=366)
"""How long a delegation lasts at most."""


class DelegationReversed(RuleViolation):
    """A delegation ends after it starts."""


class DelegationTooLong(RuleViolation):
    """A delegation lasts a year at most."""


class OtherDeputyRequired(RuleViolation):
    """Nobody is their own deputy."""


class DelegationWithdrawn(RuleViolation):
    """A delegation is withdrawn once."""


class Delegation(Aggregate):
    """What a principal may do is also done by a deputy, in the principal's name, for a time."""

    titles = {"deputy": "代理人", "principal": "被代理人"}
    withdrawn = begins(False, ends=(True,), ended=DelegationWithdrawn)

    class Given(Aggregate.Created, changes=("principal", "deputy")):
        """{who} let {deputy} act for {principal}, because "{reason}".

        It is good from {starts} until {until}.
        """

        principal: str
        deputy: str
        starts: datetime
        until: datetime
        reason: str

    class Withdrawn(Aggregate.Event, to=True):
        """{who} withdrew the delegation, because "{reason}"."""

        reason: str

    @classmethod
    @command(guarded=(OwnPermissions, WiderThanOwn))
    def give(
        cls,
        principal: EmployeeCode,
        deputy: EmployeeCode,
        starts: TermMoment,
        until: TermMoment,
        reason: Line,
    ) -> Delegation:
        """Let a deputy act on behalf of a principal, for a year at most and for a reason."""
        if principal == deputy:
            raise OtherDeputyRequired("deputy")
        if until <= starts:
            raise DelegationReversed("until")
        if until - starts > LONGEST:
            raise DelegationTooLong("until")
        return cls._create(
            cls.Given,
            principal=principal,
            deputy=deputy,
            starts=starts,
            until=until,
            reason=reason,
        )

    principal: str
    deputy: str

    @property
    def owners(self) -> frozenset[str]:
        """Whom the delegation concerns."""
        return frozenset({self.principal, self.deputy})

    @command(states=Withdrawn)
    def withdraw(self, reason: Line) -> None:
        """Withdraw the delegation, for a reason; it counts no more from the next request on."""
