"""The account team of a customer: its account manager, and who else works for it in what role."""

from __future__ import annotations

from enum import StrEnum

from domain.kernel.aggregate import RuleViolation
from domain.kernel.parts.managed import Released
from domain.kernel.parts.staffed import Staffed


class TeamRole(StrEnum):
    """What a member of the account team does for the customer."""

    SALES = "sales"
    SOLUTION = "solution"
    DELIVERY = "delivery"
    SERVICE = "service"
    BILLING = "billing"
    SPONSOR = "sponsor"


class TeamMemberRequired(RuleViolation):
    """Only a member of the account team is removed from it."""


class AccountTeam(Released, Staffed[TeamRole]):
    """Who looks after the customer."""

    NotInTeam = TeamMemberRequired
