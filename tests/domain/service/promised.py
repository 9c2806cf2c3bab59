"""Tickets that are promised something: opened, with terms by the standard rules and calendars."""

from datetime import UTC, datetime, timedelta, timezone

from domain.kernel.types.decided import decide
from domain.organisation.standard_calendars import STANDARD_CALENDARS
from domain.service.service_terms import Calendar
from domain.service.service_ticket import Channel, ServiceTicket, ServiceTicketKind, Severity
from tests.bodies import IDS

CHINA = timezone(timedelta(hours=8))
CALENDARS = tuple(Calendar(code=each.code, hours=each.hours) for each in STANDARD_CALENDARS)


def at(text: str, year: int = 2026) -> datetime:
    """Return a moment by the clock in China, as in `02-13 16:30`."""
    return datetime.fromisoformat(f"{year}-{text}").replace(tzinfo=CHINA).astimezone(UTC)


def set_terms(
    ticket: ServiceTicket,
    grade: str | None = "B",
    category: str | None = None,
    calendars: tuple[Calendar, ...] = CALENDARS,
    anew: bool = False,
) -> None:
    """Have a ticket choose its terms, as the executor does, for what its customer is by now."""
    counts = {"grade": ticket.grade(grade, anew), "category": ticket.category(category, anew)}
    case = {"kind_of_ticket": ticket.kind_of_ticket, "severity": ticket.severity}
    ticket.set_terms(
        calendars,
        grade,
        category,
        decide("service-terms", case | counts),
        decide("escalation", {"grade": counts["grade"]}),
        anew,
    )


def opened(
    moment: str,
    kind: ServiceTicketKind = ServiceTicketKind.COMPLAINT,
    severity: Severity = Severity.MAJOR,
    year: int = 2026,
    grade: str | None = "B",
) -> ServiceTicket:
    """Return a ticket opened at a moment; a complaint of priority 2 unless said otherwise."""
    ticket = ServiceTicket.open(
        IDS[0], kind, severity, Channel.HOTLINE, "Billed twice", "gd-gz", at=at(moment, year)
    )
    set_terms(ticket, grade)
    return ticket
