"""Shapes of what the rows of agreements have several of: their versions, with their clauses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from typing_extensions import TypedDict

from domain.service.agreements.agreement_clauses import ClauseMeasure, ClausePeriod
from domain.service.service_terms import ServiceTicketKind, Severity


class AgreedScope(TypedDict):
    """What a clause is about: all of the customer's, or these alone."""

    kinds: list[ServiceTicketKind] | None
    severities: list[Severity] | None
    product_ids: list[str] | None
    products_in_use: list[str] | None
    sites: list[str] | None


class AgreedTarget(TypedDict):
    """What a clause promises: a time, or a part of the period in percent."""

    seconds: int | None
    percent: Decimal | None


class AgreedCredit(TypedDict):
    """What is given back where less is attained, in percent of the fee."""

    below: Decimal
    percent_of_fee: Decimal


class AgreedClause(TypedDict):
    """One promise of an agreement."""

    code: str
    measure: ClauseMeasure
    scope: AgreedScope
    target: AgreedTarget
    share_percent: Decimal | None
    calendar: str
    period: ClausePeriod
    credits: list[AgreedCredit] | None
    cap_percent: Decimal | None


class AgreementVersion(TypedDict):
    """What an agreement promises from a day on, and when that was approved, if it was."""

    version: int
    valid_from: date
    clauses: list[AgreedClause]
    approved_on: date | None
