"""Service agreements as tests need them, and the clauses of the scenarios."""

from datetime import date, timedelta
from typing import Any

from domain.kernel.time.business_day import today
from domain.kernel.types.authority import Level
from domain.permissions.authority_limits import decide
from domain.service.agreements.agreement_clauses import Clause
from domain.service.agreements.service_agreement import ServiceAgreement
from tests.bodies import IDS
from tests.domain.play import SEATS

DAY = timedelta(days=1)
CIRCUITS: dict[str, Any] = {
    "code": "circuits",
    "measure": "availability",
    "target": {"percent": "99.9"},
    "calendar": "around-the-clock",
    "credits": [{"below": "99.9", "percent_of_fee": "5"}],
}
FAULTS: dict[str, Any] = {
    "code": "faults",
    "measure": "resolution",
    "scope": {"kinds": ["fault"]},
    "target": {"seconds": 4 * 3600},
    "share_percent": "95",
    "calendar": "around-the-clock",
    "credits": [{"below": "95", "percent_of_fee": "5"}],
}


def clause(told: dict[str, Any] = CIRCUITS, **more: Any) -> Clause:
    """Return a clause as told, with some of it told otherwise."""
    return Clause.model_validate({**told, **more}, strict=False)


def earning(percent: str) -> Clause:
    """Return a clause of which a miss earns so many percent of the fee."""
    return clause(credits=[{"below": "99", "percent_of_fee": percent}])


def drafted(
    clauses: list[Clause] | None = None, since: date | None = None, until: date | None = None
) -> ServiceAgreement:
    """Return an agreement that counts from a day on, a year ago if none is told."""
    first = since or today() - 365 * DAY
    agreed = [clause(), clause(FAULTS)] if clauses is None else clauses
    return ServiceAgreement.draft(IDS[0], "gd-gz", "SLA", agreed, first, until)


def submitted(**more: Any) -> ServiceAgreement:
    """Return it submitted."""
    agreement = drafted(**more)
    submit(agreement)
    return agreement


def submit(agreement: ServiceAgreement) -> None:
    """Submit the latest version."""
    limits = decide("agreement-authority", {"most_credit": agreement.most_credit})
    agreement.submit(SEATS, limits)


def approved(**more: Any) -> ServiceAgreement:
    """Return it approved."""
    agreement = submitted(**more)
    agreement.approve(Level.GROUP)
    return agreement


def ended() -> ServiceAgreement:
    """Return it ended."""
    agreement = approved()
    agreement.end("Replaced")
    return agreement
