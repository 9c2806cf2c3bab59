"""Terms come by themselves: when a ticket is opened, reclassified, renewed, or a day is amended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.commands.executor import Call
from domain.kernel.actors import Actor
from domain.kernel.aggregate import Origin, Recorded, new_id
from domain.organisation.standard_calendars import STANDARD_CALENDARS
from streams.kernel.deadline_runner import Timekeeping
from streams.kernel.policy import policies
from tests.domain.service.promised import at
from tests.streams.flow import until, working
from tests.streams.organised import Company

NAMES = ("set-terms", "reckon-anew", "reopen-unsatisfied")


class Promising(Company):
    """A company with the standard calendars, and a customer of grade B."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.calendars = {each.code: self._calendar(each) for each in STANDARD_CALENDARS}
        body = {"name": "Acme", "unit": "gd-gz", "registered_on": "2026-01-10", "grade": "B"}
        self.customer_id = self.do("customer.register", **body)

    def _calendar(self, standard: Any) -> str:
        told = {"code": standard.code, "name": standard.name, "zone": standard.zone}
        week = standard.week.model_dump(mode="json")
        made = self.do("working-calendar.open", **told, week=week, unit="group")
        for year in standard.years:
            own = year.own.model_dump(mode="json")
            more = {"year": year.year, "source": year.source, **own}
            self.do("working-calendar.announce-year", made, **more)
        return made

    def complaint(self, moment: datetime) -> str:
        body = {"kind": "complaint", "severity": "major", "channel": "web", "title": "Bill"}
        body |= {"customer_id": self.customer_id, "unit": "gd-gz", "at": moment.isoformat()}
        return self.do("service-ticket.open", **body)

    def answered(self) -> None:
        """Have all events answered."""
        reactions = self.reactions(chosen={name: policies()[name] for name in NAMES})
        with working(self.projection(), reactions.work):
            types = {each for name in NAMES for each in policies()[name].on}
            asked = [e.position for e in self.journal.read(0, 9999) if e.type in types]
            until(lambda: reactions.checkpoint.get() >= max(asked))
            until(lambda: self.projector.position() == self.journal.head().position)

    def kept(self) -> None:
        """Have all deadlines kept."""
        keeping = Timekeeping(self.journal, self.executor, self.projector)
        with working(self.projection()):
            until(lambda: self.projector.position() == self.journal.head().position)
            while keeping.answer(self.journal.now()):
                until(lambda: self.projector.position() == self.journal.head().position)

    def terms(self, ticket: str) -> list[Recorded]:
        found = self.journal.history(ticket)
        return [each for each in found if each.type == "service-ticket.terms-set"]


def instant(text: str) -> str:
    return at(text).isoformat().replace("+00:00", "Z")


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Promising]:
    company = Promising(f"sqlite:///{tmp_path / 'test.db'}")
    yield company
    company.close()


def test_an_opened_ticket_gets_its_terms_and_an_amended_day_moves_what_is_due(
    company: Promising,
) -> None:
    ticket, ended = (company.complaint(at("02-13 16:30")) for _ in range(2))
    company.do("service-ticket.withdraw", ended, reason="Twice", at=at("02-13 16:40").isoformat())
    company.answered()
    row = company.row("service_tickets", ticket)
    assert (row["priority"], row["resolution_due_at"]) == (2, at("02-24 16:30"))
    assert (row["in_force"], row["created_at"] > row["opened_at"]) == (at("02-13 16:30").date(), 1)
    off = {"day": "2026-02-24", "off": True, "reason": "Storm", "source": "Notice 9"}
    company.do("working-calendar.amend-day", company.calendars["cn-office"], **off)
    company.answered()
    assert company.row("service_tickets", ticket)["resolution_due_at"] == at("02-25 16:30")
    first, second = company.terms(ticket)
    assert (first.who, second.who) == (Actor("policy", "set-terms"), Actor("policy", "reckon-anew"))
    assert second.cause == company.journal.history(company.calendars["cn-office"])[-1].command_id
    assert len(company.terms(ended)) == 1


def test_what_is_known_to_be_another_customers_or_otherwise_gets_other_terms(
    company: Promising,
) -> None:
    ticket = company.complaint(at("02-13 16:30"))
    company.answered()
    company.do("customer.regrade", company.customer_id, grade="A", reason="Grows")
    told = {"kind": "complaint", "severity": "low", "reason": "Small"}
    company.do("service-ticket.reclassify", ticket, **told)
    company.answered()
    assert company.row("service_tickets", ticket)["priority"] == 4  # of grade B, as at its opening
    company.do("service-ticket.renew-terms", ticket, reason="Regraded")
    company.answered()
    row = company.row("service_tickets", ticket)
    assert (row["priority"], row["terms"]["escalations"][-1]["to"]) == (3, "group")
    assert [each.data["on"] for each in company.terms(ticket)] == ["2026-02-13"] * 3


def test_what_time_brings_comes_once_and_a_call_that_went_badly_reopens(
    company: Promising,
) -> None:
    ticket = company.complaint(at("02-13 16:30"))
    company.answered()
    company.kept()
    told = [each for each in company.journal.history(ticket) if each.who.kind == "deadline"]
    assert [(each.type, each.data["due_at"], each.data["step"]["to"]) for each in told] == [
        ("service-ticket.ladder-climbed", instant("02-13 17:00"), "superior"),
        ("service-ticket.ladder-climbed", instant("02-24 11:00"), "unit"),
        ("service-ticket.ladder-climbed", instant("02-24 16:30"), "province"),
    ]
    assert company.row("service_tickets", ticket)["next_escalation_at"] is None
    # What was only told of it keeps no step back that is stated for an earlier moment.
    company.do("service-ticket.assign", ticket, owner="e1", at=instant("02-13 17:00"))
    company.do("service-ticket.accept", ticket, at=instant("02-24 09:00"))
    solved = {"cause": "x", "action": "y", "at": instant("02-25 16:00")}
    company.do("service-ticket.resolve", ticket, **solved)
    company.kept()
    row = company.row("service_tickets", ticket)
    assert (row["status"], row["close_at"] > company.journal.now()) == ("resolved", True)
    company.do("service-ticket.close", ticket, at=instant("02-28 18:00"))
    called = {"reached": True, "satisfied": False, "note": "No", "at": instant("03-02 10:00")}
    company.do("service-ticket.record-follow-up", ticket, **called)
    company.answered()
    row = company.row("service_tickets", ticket)
    assert (row["status"], row["running_since"]) == ("assigned", at("03-02 10:00"))
    assert row["follow_up_satisfied"] is False


def test_without_its_calendar_a_ticket_is_promised_nothing_and_works_as_before(
    tmp_path: Path,
) -> None:
    company = Company(f"sqlite:///{tmp_path / 'test.db'}")
    _, _, ticket = company.account("e1")
    with company.reacting():
        call = Call(
            "service-ticket.set-terms", ticket, {"calendars": []}, Origin("x", "gd", new_id())
        )
        with pytest.raises(Exception, match="calendar"):
            company.executor.execute(call)
    assert company.row("service_tickets", ticket)["priority"] is None
    company.close()
