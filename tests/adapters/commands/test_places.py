"""A permission counts where a record is and where it goes; who may only with own ones owns."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.commands.permission_check import ELSEWHERE, ONLY_OWN
from adapters.identity.api_key_secret import new_key
from adapters.refusals import NotPermitted
from domain.kernel.commands import commands
from projections.kernel.visibility.visibility import Party
from tests.adapters.staff import Company, company

SOON = {"starts": "2026-01-01T00:00:00Z", "until": "2026-12-31T00:00:00Z"}
CREATING = {name: each for name, each in commands().items() if each.creates}
MOVING = {name: each for name, each in commands().items() if each.places and not each.creates}
PLAN = {"goal": "y", "kind": "cross-selling", "budget": "1.00"}
PLAN |= {"starts_on": "2026-01-01", "ends_on": "2026-02-01"}

BECOMES: dict[str, dict[str, str]] = {
    "campaign.plan": {"manager": "li"},
    "customer.register": {"manager": "li", "on": "2026-03-01"},
    "opportunity.open": {"manager": "li", "on": "2026-03-01"},
    "service-ticket.open": {"owner": "li"},
    "team.form": {"employee": "li", "role": "lead"},
}
"""What is stated besides when somebody makes a record who may do so with own ones only."""

THEIRS = {"delegation.give", "handover.begin"}
"""What is their own as soon as it is made."""

NOBODYS = {"api-key.issue", "customer-merge.begin", "role.define", "unit.open"}
NOBODYS.add("working-calendar.open")
NOBODYS |= {"employee.engage", "grant.give"}  # these are whose they tell of
"""What is not theirs: it takes a permission that reaches to all records."""


class Firm:
    """A company, and bodies for every command that makes or moves something."""

    def __init__(self, firm: Company) -> None:
        self.firm = firm
        firm.staff()
        firm.do(None, "employee.engage", code="zhou", name="Zhou", unit="gd")
        firm.role("everything", "*")
        firm.role("reader", "*.read")
        firm.grant("li", "reader", "gd")
        self.customers = [firm.customer("gd") for _ in range(2)]
        self.number = 0

    def do(self, who: str | None, command: str, id: str | None = None, **body: Any) -> str:
        call = self.firm.call(who, command, id, **body)
        if command == "api-key.issue":
            key = new_key()
            issued = {"prefix": key.prefix, "digest": key.digest}
            call = dataclasses.replace(call, issued=issued)
        return self.firm.executor.execute(call).id

    def body(self, command: str, unit: str) -> dict[str, Any]:
        """Return what a command that makes something is given, to make it at a unit."""
        self.number += 1
        text = f"n{self.number}"
        one, other = self.customers
        ticket = {"kind": "fault", "severity": "minor", "channel": "hotline"}
        bodies: dict[str, dict[str, Any]] = {
            "api-key.issue": {"name": text, "role": "reader", "unit": unit},
            "campaign.plan": {"name": text, "units": [unit], **PLAN},
            "customer-merge.begin": {"survivor_id": one, "duplicate_id": other, "reason": "x"},
            "customer.register": {"name": text, "unit": unit, "registered_on": "2026-03-01"},
            "delegation.give": {"principal": "li", "deputy": "zhou", "reason": "x", **SOON},
            "employee.engage": {"code": text, "name": text, "unit": unit},
            "grant.give": {"employee": "wang", "role": "reader", "unit": unit},
            "handover.begin": {
                "employee": "li",
                "reason": "x",
                "successors": [{"employee": "zhou"}],
            },
            "opportunity.open": {"title": text, "unit": unit, "opened_on": "2026-03-01"},
            "role.define": {"code": text, "name": text, "unit": unit, "permissions": ["*.read"]},
            "service-ticket.open": {"title": text, "customer_id": one, "unit": unit, **ticket},
            "team.form": {"name": text, "unit": unit},
            "unit.open": {"code": text, "name": text, "level": "team", "parent": unit},
            "working-calendar.open": {
                "code": text,
                "name": text,
                "unit": unit,
                "zone": "Asia/Shanghai",
                "week": {},
            },
        }
        return bodies[command]


@pytest.fixture
def firm(journal_url: str) -> Iterator[Firm]:
    with company(journal_url) as found:
        yield Firm(found)


@pytest.mark.parametrize("reach", ["own", "team"])
def test_whoever_may_only_with_own_records_owns_what_they_make(firm: Firm, reach: str) -> None:
    assert BECOMES.keys() | THEIRS | NOBODYS == CREATING.keys()
    firm.firm.grant("li", "everything", "gd", reach=reach)
    for command in sorted(NOBODYS):
        with pytest.raises(NotPermitted):
            firm.do("li", command, **firm.body(command, "gd-gz"))
    for command in [*BECOMES, *sorted(THEIRS)]:
        before = firm.firm.journal.head().position
        made = firm.do("li", command, **firm.body(command, "gd-gz"))
        history = firm.firm.journal.history(made)
        assert {each.command_id for each in history} == {history[0].command_id}
        assert [each.position for each in history] == [before + n + 1 for n in range(len(history))]
        told = [{**each.data, "actor": each.actor} for each in history[1:]]
        assert len(told) == (command in BECOMES), command
        assert all(each.items() >= BECOMES[command].items() for each in told), command
    for command in BECOMES:
        with pytest.raises(NotPermitted):
            firm.do("li", command, **firm.body(command, "bj"))


@pytest.mark.parametrize("command", ["opportunity.open", "campaign.plan"])
def test_what_is_given_to_somebody_else_is_not_made_as_one_s_own(firm: Firm, command: str) -> None:
    firm.firm.grant("li", "everything", "gd", reach="own")
    with pytest.raises(NotPermitted, match=ONLY_OWN):
        firm.do("li", command, **firm.body(command, "gd"), manager="wang")
    made = firm.do("li", command, **firm.body(command, "gd"), manager="li")
    assert len(firm.firm.journal.history(made)) == 1


def test_who_may_with_all_records_makes_one_that_is_nobody_s(firm: Firm) -> None:
    firm.firm.grant("li", "everything", "gd")
    firm.firm.grant("li", "everything", "gd", reach="own")
    made = firm.firm.customer("gd-gz", "li")
    assert len(firm.firm.journal.history(made)) == 1


def test_what_a_deputy_makes_is_the_principal_s(firm: Firm) -> None:
    firm.firm.grant("li", "everything", "gd", reach="own")
    firm.do("li", "delegation.give", **firm.body("delegation.give", "gd"))
    made = firm.firm.customer("gd", Party("zhou", on_behalf_of="li"))
    assert firm.firm.journal.history(made)[1].data["manager"] == "li"


def test_what_goes_elsewhere_is_permitted_at_both_ends(firm: Firm) -> None:
    away: dict[str, tuple[str, dict[str, Any]]] = {
        "campaign.revise-plan": ("campaign.plan", {"units": ["gd", "bj"]}),
        "customer.transfer": ("customer.register", {"unit": "bj"}),
        "employee.move": ("employee.engage", {"unit": "bj"}),
        "employee.reengage": ("employee.engage", {"unit": "bj"}),
        "opportunity.transfer": ("opportunity.open", {"unit": "bj"}),
        "service-ticket.rehome": ("service-ticket.open", {"unit": "bj"}),
        "service-ticket.transfer": ("service-ticket.open", {"unit": "bj"}),
        "unit.close": ("unit.open", {"successor": "bj"}),
        "unit.merge": ("unit.open", {"into": "bj"}),
        "unit.move": ("unit.open", {"parent": "bj"}),
    }
    assert away.keys() == MOVING.keys()
    firm.firm.grant("li", "everything", "gd")
    for command, (making, body) in away.items():
        made = firm.do(None, making, **firm.body(making, "gd"))
        if command == "employee.reengage":
            firm.do(None, "employee.leave", made, reason="x")
        if "reason" in MOVING[command].body.model_fields:
            body = {**body, "reason": "x"}
        with pytest.raises(NotPermitted) as refused:
            firm.do("li", command, made, **body)
        assert f"{command}, but not at bj. {ELSEWHERE}" in refused.value.detail
        here = {name: ["gd", "gd-gz"] if name == "units" else value for name, value in body.items()}
        here = {name: "gd-gz" if value == "bj" else value for name, value in here.items()}
        if making != "unit.open":
            firm.do("li", command, made, **here)
        made = firm.do(None, making, **firm.body(making, "gd"))
        if command == "employee.reengage":
            firm.do(None, "employee.leave", made, reason="x")
        firm.do("admin", command, made, **body)


def test_a_ticket_rises_to_a_unit_above_and_nothing_else_does(firm: Firm) -> None:
    firm.firm.grant("li", "everything", "gd-gz")
    assert {name for name, each in commands().items() if each.rises} == {"service-ticket.transfer"}
    for unit, allowed in (("gd", True), ("group", True), ("bj", False)):
        made = firm.do(None, "service-ticket.open", **firm.body("service-ticket.open", "gd-gz"))
        if allowed:
            firm.do("li", "service-ticket.transfer", made, unit=unit, reason="x")
            continue
        with pytest.raises(NotPermitted):
            firm.do("li", "service-ticket.transfer", made, unit=unit, reason="x")
    made = firm.do(None, "customer.register", **firm.body("customer.register", "gd-gz"))
    with pytest.raises(NotPermitted):
        firm.do("li", "customer.transfer", made, unit="gd", reason="x")


def test_a_record_of_one_s_own_goes_where_one_may_with_own_ones(firm: Firm) -> None:
    firm.firm.grant("li", "everything", "gd", reach="own")
    for making, moving in (
        ("customer.register", "customer.transfer"),
        ("service-ticket.open", "service-ticket.transfer"),
    ):
        made = firm.do("li", making, **firm.body(making, "gd"))
        with pytest.raises(NotPermitted):
            firm.do("li", moving, made, unit="bj", reason="x")
        firm.do("li", moving, made, unit="gd-gz", reason="x")


def test_what_an_earlier_day_says_is_permitted_at_both_ends_too(firm: Firm) -> None:
    firm.firm.grant("li", "everything", "gd")
    made = firm.do("li", "customer.register", **firm.body("customer.register", "gd"))
    now = {"unit": "gd-gz", "reason": "x", "effective": "2026-06-01"}
    firm.do("li", "customer.transfer", made, **now)
    with pytest.raises(NotPermitted):
        firm.do("li", "customer.transfer", made, **{**now, "unit": "bj", "effective": "2026-05-01"})
