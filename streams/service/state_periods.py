"""Policies: the periods of an agreement are counted when they are over, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from domain.kernel.aggregate import Recorded
from domain.service.agreements.agreement_clauses import ClausePeriod
from domain.service.agreements.periods import Period
from projections.kernel.lists.point_in_time import Asking
from projections.kernel.read_model import Row
from projections.service.agreements.attained import COUNTED
from projections.service.agreements.service_agreements import service_agreements
from projections.service.agreements.service_statements import service_statements
from projections.service.agreements.stated import stated
from streams.kernel.policy import Facts, Wish, policy

_AMONG = (
    *(each.kind for each in COUNTED),
    *("service-agreement", "maintenance", "working-calendar"),
)


def of_agreement(event: Recorded) -> sa.Select[Any]:
    """Return the query of an agreement, with the periods of it that were begun."""
    agreement, begun = service_agreements.table, service_statements.table
    return (
        sa.select(agreement, begun.c.period)
        .join(begun, begun.c.agreement_id == agreement.c.id, isouter=True)
        .where(agreement.c.id == event.stream)
    )


@policy(on=["service-agreement.approved"], facts=of_agreement)
def begin_periods(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Begin the first period of each kind by which its clauses are counted, unless one was."""
    begun = {Period.named(row["period"]).kind for row in facts if row["period"]}
    for row in facts[:1]:
        for kind, day in _begins(row).items():
            if kind not in begun:
                yield _begin(event, row["id"], Period.of(kind, day))


def results(event: Recorded, asking: Asking, position: int) -> Facts:
    """Return what was attained, and as of which position."""
    agreement, statement = (
        asking.tables(each) for each in (service_agreements, service_statements)
    )
    query = sa.select(agreement).join(statement, statement.c.agreement_id == agreement.c.id)
    found = asking.rows(query.where(statement.c.id == event.stream))
    at = datetime.now(UTC).replace(microsecond=0)
    period = event.data["period"]
    return [{"counted_to": position, "clauses": stated(asking, row, at, period)} for row in found]


@policy(
    on=["service-statement.count-fell-due", "service-statement.count-asked"],
    count=results,
    among=_AMONG,
)
def count_period(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """State what was attained, counted from the rows of now."""
    for told in facts:
        yield Wish("service-statement.state-result", event.stream, told)


def what_follows(event: Recorded) -> sa.Select[Any]:
    """Return the query of the agreement of a statement, and the period that was stated."""
    agreement, statement = service_agreements.table, service_statements.table
    return (
        sa.select(agreement, statement.c.period)
        .join(statement, statement.c.agreement_id == agreement.c.id)
        .where(statement.c.id == event.stream)
    )


@policy(on=["service-statement.stated"], facts=what_follows)
def begin_next(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Begin the period after it, while the agreement is in force in it."""
    for row in facts:
        before = Period.named(row["period"])
        after = Period.of(before.kind, before.after)
        if row["over_on"] is None or after.first < row["over_on"]:
            yield _begin(event, row["id"], after)


def _begins(agreement: Row) -> dict[ClausePeriod, date]:
    """Return by kind of period the first day on which a clause is counted by it."""
    found: dict[ClausePeriod, date] = {}
    for version in agreement["versions"]:
        if version["approved_on"]:
            for clause in version["clauses"]:
                kind = ClausePeriod(clause["period"])
                found.setdefault(kind, date.fromisoformat(version["valid_from"]))
    return found


def _begin(event: Recorded, agreement: str, period: Period) -> Wish:
    body = {"agreement_id": agreement, "period": period.name}
    return Wish("service-statement.begin", event.naming(period.name), body)
