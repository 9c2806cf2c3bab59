"""Attained: what was kept of an agreement so far, counted from the rows of tickets and circuits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import sqlalchemy as sa

from domain.kernel.time.business_day import begin_of, day_at
from domain.service.agreements.agreement_clauses import Clause
from domain.service.agreements.attainment import (
    Attainment,
    Case,
    Circuit,
    Excluded,
    Work,
    attainment,
)
from domain.service.agreements.exclusion import ExclusionState
from domain.service.agreements.periods import Period
from domain.service.agreements.stretches import Stretch, within, without
from projections.customers.sites.products_in_use import products_in_use
from projections.kernel.lists.parameters import BadParameter
from projections.kernel.lists.point_in_time import Asking
from projections.kernel.payload_values import moment
from projections.kernel.read_model import ReadModel, Row
from projections.kernel.visibility.column_masks import shown
from projections.kernel.visibility.row_security import lens_for
from projections.kernel.visibility.visibility import Sight, Sights
from projections.organisation.working_calendars import hours_of, working_calendars
from projections.service.agreements.exclusions import exclusions
from projections.service.maintenances import maintenances
from projections.service.service_tickets import service_tickets
from projections.service.ticket_figures import clock_of

COUNTED = (service_tickets, products_in_use, exclusions)
"""What is counted, and what is left out, as far as it is in sight."""

A_SECOND = timedelta(seconds=1)
_NAMED = ("reason", "ticket_id", "product_in_use_id", "starts_at", "ends_at")
_PLACES = Decimal("0.0001")


class Counted(NamedTuple):
    """A clause of a version and the days of a period on which that version was in force."""

    version: int
    clause: Clause
    name: str
    period: Period


def attained(
    asking: Asking,
    agreement: Row,
    at: datetime,
    sights: Mapping[str, Sight | Sights],
    name: str | None = None,
) -> dict[str, Any]:
    """Return what was attained of each clause of an agreement in a period up to a moment.

    Args:
        asking: Where to ask: the rows of a moment.
        agreement: The row of the agreement.
        at: The moment up to which is counted.
        sights: What is seen of tickets, of products in use and of exclusions, by read model.
        name: The period; by default that of each clause in which the moment is.

    Raises `BadParameter` for a period that has not begun, or by which no clause is counted.
    """
    counted = _counted(agreement, at, name)
    tickets, circuits, agreed, partly = _found(asking, agreement, sights)
    outages: dict[str, list[Stretch]] = {}
    for ticket in tickets:
        for each in ticket["outages"]:
            since, until = moment(each["since"]), moment(each["until"]) or at
            assert since is not None
            outages.setdefault(each["product_in_use_id"], []).append(Stretch(since, until))
    cases = [_case(each) for each in tickets if each["spans"]]
    works = _works(asking, min((each.period.begin for each in counted), default=at))
    lines = [_circuit(each, outages, works, at) for each in circuits if each["activated_on"]]
    calendar = asking.tables(working_calendars).c
    codes = {each.clause.calendar for each in counted}
    found = asking.rows(
        sa.select(calendar.code, calendar.hours).where(calendar.code.in_(sorted(codes)))
    )
    hours = {row["code"]: hours_of(row) for row in found}
    notice = timedelta(hours=agreement["notice_hours"])
    return {
        "id": agreement["id"],
        "at": at,
        "partly": partly,
        "clauses": [
            _told(
                each,
                attainment(
                    each.clause,
                    each.period,
                    hours[each.clause.calendar],
                    at,
                    cases,
                    lines,
                    _excluded(agreed, each.clause.code),
                    notice,
                ),
                at,
                [row for row in agreed if row["clause"] == each.clause.code],
            )
            for each in counted
        ],
    }


def _counted(agreement: Row, at: datetime, name: str | None) -> list[Counted]:
    """Return the clauses that are counted, each with the days on which its version was in force.

    Raises `BadParameter` for a period that has not begun, or in which no clause is counted.
    """
    approved = [each for each in agreement["versions"] if each["approved_on"]]
    begins = [date.fromisoformat(each["valid_from"]) for each in approved]
    ends = [*begins, agreement["over_on"] or date.max][1:]
    asked = None if name is None else Period.named(name)
    if asked is not None and asked.begin > at:
        raise BadParameter("period", f"{name} had not begun by then")
    found = list[Counted]()
    for version, first, after in zip(approved, begins, ends, strict=True):
        for told in version["clauses"]:
            clause = Clause.model_validate(told, strict=False)
            period = asked or Period.of(clause.period, day_at(at))
            begun, over = max(period.first, first), min(period.after, after)
            if period.kind is clause.period and begun < over:
                of = period._replace(first=begun, after=over)
                found.append(Counted(version["version"], clause, period.name, of))
    if asked is not None and not found:
        raise BadParameter("period", f"no clause in force in {name} is counted by {asked.kind}")
    return found


def _found(
    asking: Asking, agreement: Row, sights: Mapping[str, Sight | Sights]
) -> tuple[list[Row], list[Row], list[Row], bool]:
    """Return tickets and circuits of the customer, what was agreed to leave out of the agreement.

    And whether some of all this is out of sight.
    """
    every, partly = list[list[Row]](), False
    for model in COUNTED:
        table = asking.tables(model).c
        if model is exclusions:
            of = (table.agreement_id == agreement["id"]) & (table.state == ExclusionState.AGREED)
        else:
            of = table.customer_id == agreement["customer_id"]
        seen = _seen(asking, model, sights[model.name], of)
        ((there,),) = (row.values() for row in asking.rows(sa.select(sa.func.count()).where(of)))
        partly |= there > len(seen)
        every.append(seen)
    tickets, circuits, agreed = every
    return tickets, circuits, agreed, partly


def _seen(
    asking: Asking,
    model: ReadModel,
    sight: Sight | Sights,
    of: sa.ColumnElement[bool],
) -> list[Row]:
    lens = lens_for(model, sight, asking.dialect, asking.tables, along=True)
    table = asking.tables(model).c
    query = sa.select(*(table[name] for name in shown(model)), *lens.marks).where(of)
    return [lens.show(row) for row in asking.rows(lens.narrow(query))]


def _case(ticket: Row) -> Case:
    circuits = frozenset(each["product_in_use_id"] for each in ticket["outages"])
    return Case(ticket["id"], ticket["kind"], ticket["severity"], clock_of(ticket), circuits)


def _works(asking: Asking, since: datetime) -> dict[str, list[Work]]:
    """Return what planned work that ended since a moment took of circuits, by their ids.

    What it took outside the time that was announced is an outage as any other.
    """
    found: dict[str, list[Work]] = {}
    table = asking.tables(maintenances).c
    done = sa.select(table.starts_at, table.until, table.announced_at, table.interruptions)
    for row in asking.rows(done.where(table.finished_at >= since)):
        window = Stretch(row["starts_at"], row["until"])
        for each in row["interruptions"]:
            begin, end = moment(each["since"]), moment(each["until"])
            assert begin is not None
            assert end is not None
            took = found.setdefault(each["product_in_use_id"], [])
            lost = [Stretch(begin, end)]
            took += (Work(part, row["announced_at"]) for part in within(lost, window))
            took += (Work(part, None) for part in without(lost, [window]))
    return found


def _circuit(
    use: Row,
    outages: Mapping[str, Sequence[Stretch]],
    works: Mapping[str, Sequence[Work]],
    at: datetime,
) -> Circuit:
    end = begin_of(use["ceased_on"]) if use["ceased_on"] else at
    sites = frozenset(each for each in (use["site_id"], use["far_site_id"]) if each)
    lived = Stretch(begin_of(use["activated_on"]), end)
    lost, worked = tuple(outages.get(use["id"], ())), tuple(works.get(use["id"], ()))
    return Circuit(use["id"], use["product_id"], sites, lived, lost, worked)


def _excluded(agreed: Iterable[Row], clause: str) -> Excluded:
    """Return what was agreed not to count in a clause."""
    mine = [each for each in agreed if each["clause"] == clause]
    stretches = (
        (each["product_in_use_id"], Stretch(each["starts_at"], each["ends_at"]))
        for each in mine
        if each["product_in_use_id"]
    )
    tickets = frozenset(each["ticket_id"] for each in mine if each["ticket_id"])
    return Excluded(tickets, tuple(stretches))


def _told(
    counted: Counted, found: Attainment, at: datetime, agreed: Iterable[Row]
) -> dict[str, Any]:
    clause, period = counted.clause, counted.period
    return {
        "clause": clause.code,
        "measure": clause.measure,
        "version": counted.version,
        "period": counted.name,
        "first_day": period.first,
        "last_day": period.after - timedelta(days=1),
        "running": at < period.end,
        "calendar": clause.calendar,
        "target_seconds": clause.target.seconds,
        "required_percent": clause.required,
        "cases": len(found.verdicts),
        "kept": sum(each.kept for each in found.verdicts),
        "missed": [
            {"ticket_id": each.case, "due_at": each.due_at}
            for each in found.verdicts
            if not each.kept
        ],
        "excluded": list(_left_out(agreed, found, period)),
        "circuits": [
            {
                "product_in_use_id": each.circuit,
                "promised_seconds": each.promised // A_SECOND,
                "lost_seconds": each.lost // A_SECOND,
            }
            for each in found.circuits
        ],
        "attained_percent": _cut(found.attained),
        "met": found.met,
        "credit_percent": found.credit_percent,
    }


def _left_out(agreed: Iterable[Row], found: Attainment, period: Period) -> Iterator[dict[str, Any]]:
    """Yield what would count in a period but for an exclusion, with its reason."""
    cases = {each.case: each for each in found.left_out}
    circuits = {each.circuit for each in found.circuits}
    for row in agreed:
        case = cases.get(row["ticket_id"])
        lost = row["product_in_use_id"] in circuits and (
            row["starts_at"] < period.end and row["ends_at"] > period.begin
        )
        if case or lost:
            yield {
                "exclusion_id": row["id"],
                **{name: row[name] for name in _NAMED},
                "due_at": case and case.due_at,
                "kept": case and case.kept,
            }


def _cut(share: Fraction | None) -> Decimal | None:
    """Return a share to four places, cut off: it never reads as what was not reached."""
    if share is None:
        return None
    whole = Decimal(share.numerator) / Decimal(share.denominator)
    return whole.quantize(_PLACES, ROUND_FLOOR)
