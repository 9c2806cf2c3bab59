"""A permission counts where a record is and where it goes; who may only with own ones owns."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from adapters.commands.permission_check import ELSEWHERE, ONLY_OWN
from adapters.identity.api_key_secret import new_key
from adapters.refusals import NotPermitted
from domain.kernel.aggregate import Aggregate, Recorded
from domain.kernel.commands import Command, commands
from domain.kernel.time.effective_day import effective_day
from domain.kernel.time.replay import follow
from projections.kernel.visibility.visibility import Party
from tests.adapters.staff import Company, company
from tests.bodies import beginning, first, full, least, named_by

BEGUN = "2026-03-01"
SOON = {"starts": "2026-01-01T00:00:00Z", "until": "2026-12-31T00:00:00Z"}
OWN: dict[str, dict[str, Any]] = {
    "delegation.give": SOON,
    "grant.give": {"employee": "wang"},
    "product-in-use.install": {"product_name": "DDN"},
    "unit.open": {"level": "team"},
}
"""What some are given besides what all are."""

OFFERED = {"product.extend-to": ["group"], "product.end-in": ["group", "gd", "gd-gz", "bj"]}
"""Where a product is on sale before its offer moves."""

CREATING = {name: each for name, each in commands().items() if each.creates}
MOVING = {name: each for name, each in commands().items() if each.places and not each.creates}


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
        self.product = firm.do(None, "product.plan", **beginning(CREATING["product.plan"], {}))
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
        names = {"unit": [unit], "customer": self.customers, "employee": ["li", "zhou", "wang"]}
        names |= {"role": ["reader"], "product": [self.product]}
        given = {"code": text, "name": text, "permissions": ["*.read"]}
        given |= {"registered_on": BEGUN, "opened_on": BEGUN} | OWN.get(command, {})
        given |= {"parent": unit} if command == "unit.open" else {}
        creating = CREATING[command]
        # What says its own unit names what is in sight; else its unit is that of what it names.
        there = "gd-gz" if "unit" in creating.body.model_fields else unit
        given |= named_by(creating, self._made_at(there), self.customers[0])
        return beginning(creating, names, **given)

    def _made_at(self, unit: str) -> Callable[..., str]:
        def make(command: Command, **given: Any) -> str:
            return self.do(None, command.name, **self.body(command.name, unit) | given)

        return make


@pytest.fixture
def firm(journal_url: str) -> Iterator[Firm]:
    with company(journal_url) as found:
        yield Firm(found)


def told(firm: Firm, id: str) -> tuple[list[Recorded], Aggregate]:
    """Return the history of a record, and the record."""
    history, record = firm.firm.journal.history(id), None
    for each in history:
        record = follow(record, each)
    assert record is not None
    return history, record


@pytest.mark.parametrize("reach", ["own", "team"])
def test_whoever_may_only_with_own_records_owns_what_they_make(firm: Firm, reach: str) -> None:
    """By what it says, or by the second fact that its kind has for it; else they make none."""
    firm.firm.grant("li", "everything", "gd", reach=reach)
    permitted = set[str]()
    for command, each in sorted(CREATING.items()):
        body = firm.body(command, "gd-gz")  # which may make what it names
        before = firm.firm.journal.head().position
        try:
            made = firm.do("li", command, **body)
        except NotPermitted:
            assert each.aggregate.entrust is Aggregate.entrust
            assert "li" not in told(firm, firm.do(None, command, **body))[1].owners
            continue
        permitted.add(command)
        history, record = told(firm, made)
        entrusted = each.aggregate.entrust is not Aggregate.entrust
        assert "li" in record.owners
        assert {(e.command_id, e.actor) for e in history} == {(history[0].command_id, "li")}
        assert [e.position for e in history] == [before + 1 + n for n in range(1 + entrusted)]
        assert len({effective_day(e.type, e.data, e.time) for e in history}) == 1
        if entrusted:
            with pytest.raises(NotPermitted):
                firm.do("li", command, **firm.body(command, "bj"))
    assert {"customer.register", "delegation.give", "team.form"} <= permitted
    assert permitted.isdisjoint({"unit.open", "role.define", "grant.give", "employee.engage"})


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
    firm.firm.grant("li", "everything", "gd")
    for command, each in MOVING.items():
        kind = each.aggregate.kind
        making = next(name for name, c in CREATING.items() if c.aggregate.kind == kind)

        def made(making: str = making, command: str = command) -> str:
            id_ = firm.do(None, making, **firm.body(making, "gd"))
            if command == "employee.reengage":
                firm.do(None, "employee.leave", id_, reason="x")
            if command in OFFERED:
                firm.do(None, "product.put-on-sale", id_, units=OFFERED[command])
            return id_

        def body(unit: str, each: Command = each) -> dict[str, Any]:
            told = least(each, reason="x")
            many = {n for n in each.places if isinstance(full(each, first)[n], list)}
            return told | {n: ["gd", unit] if n in many else unit for n in each.places}

        id_ = made()
        with pytest.raises(NotPermitted) as refused:
            firm.do("li", command, id_, **body("bj"))
        assert f"{command}, but not at bj. {ELSEWHERE}" in refused.value.detail
        if kind != "unit":
            firm.do("li", command, id_, **body("gd-gz"))
        firm.do("admin", command, made(), **body("bj"))


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
