"""What somebody commands is permitted, refused, or about something that does not exist for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.commands.executor import Executor
from adapters.journal.journal import Journal
from adapters.refusals import NotPermitted, Refusal, RuleBroken, UnknownId, UnknownReference
from projections.kernel.visibility.visibility import Party
from tests.adapters.staff import Company, company

REGRADE = {"grade": "A", "reason": "grew"}


@pytest.fixture
def firm(journal_url: str) -> Iterator[Company]:
    with company(journal_url) as found:
        found.staff()
        yield found


def broken(
    firm: Company, rule: str, who: str | Party, command: str, id: str | None, **body: object
) -> None:
    with pytest.raises(RuleBroken) as caught:
        firm.do(who, command, id, **body)
    assert caught.value.name == rule


def test_the_invisible_does_not_exist_and_the_visible_may_be_forbidden(firm: Company) -> None:
    firm.role("reader", "customer.read")
    firm.grant("li", "reader", "gd")
    inside, outside = firm.customer("gd-gz"), firm.customer("bj")
    with pytest.raises(UnknownId) as hidden:
        firm.do("li", "customer.regrade", outside, **REGRADE)
    with pytest.raises(UnknownId) as absent:
        firm.do("li", "customer.regrade", "0192f3a1-0000-7000-8000-000000000000", **REGRADE)
    assert hidden.value.detail.replace(outside, "") == absent.value.detail.replace(
        "0192f3a1-0000-7000-8000-000000000000", ""
    )
    with pytest.raises(NotPermitted, match=r"customer\.regrade"):
        firm.do("li", "customer.regrade", inside, **REGRADE)
    firm.grant("li", "clerk", "gd-gz")
    assert firm.do("li", "customer.regrade", inside, **REGRADE) == inside


def test_what_is_made_has_to_be_where_it_is_permitted(firm: Company) -> None:
    firm.grant("li", "clerk", "gd")
    before = firm.journal.head().position
    firm.customer("gd-gz", "li")
    with pytest.raises(NotPermitted):
        firm.customer("bj", "li")
    with pytest.raises(NotPermitted):
        firm.customer("gd", "wang")
    assert firm.journal.head().position == before + 1


def test_a_revocation_is_in_effect_at_the_next_command(firm: Company) -> None:
    grant = firm.grant("li", "clerk", "gd")
    customer = firm.customer("gd")
    calls = [
        firm.call("li", "customer.regrade", customer, grade="A", reason="x"),
        firm.call(None, "grant.revoke", grant, reason="moved on"),
        firm.call("li", "customer.regrade", customer, grade="B", reason="x"),
        firm.call("li", "customer.register", None, name="New", unit="gd"),
    ]
    outcomes = [future.exception() for future in [firm.executor.submit(each) for each in calls]]
    assert [type(each) for each in outcomes] == [type(None), type(None), UnknownId, NotPermitted]


def test_what_was_just_granted_counts_for_the_next_command(firm: Company) -> None:
    body = {"employee": "li", "role": "clerk", "unit": "gd"}
    calls = [firm.call("admin", "grant.give", None, **body)]
    calls += [firm.call("li", "customer.register", None, name=n, unit="gd") for n in "abc"]
    calls += [firm.call("admin", "grant.give", None, **{**body, "employee": "wang"})]
    calls += [firm.call("wang", "customer.register", None, name="New", unit="gd")]
    assert [f.exception() for f in [firm.executor.submit(each) for each in calls]] == [None] * 6


def test_what_another_process_has_revoked_counts_at_once(firm: Company, journal_url: str) -> None:
    grant = firm.grant("li", "clerk", "gd")
    customer = firm.customer("gd", "li")
    with company(journal_url) as other:
        other.do("li", "customer.regrade", customer, grade="A", reason="x")
        other.do("admin", "grant.revoke", grant, reason="moved on")
        with pytest.raises(UnknownId):
            firm.do("li", "customer.regrade", customer, grade="B", reason="x")


def test_references_to_what_is_out_of_sight_name_nothing(firm: Company) -> None:
    firm.grant("li", "clerk", "gd")
    outside = firm.customer("bj")
    with pytest.raises(UnknownReference) as refused:
        firm.do("li", "opportunity.open", title="x", unit="gd", customer_id=outside)
    assert refused.value.errors[0]["pointer"] == "/customer_id"
    inside = firm.customer("gd")
    firm.do("li", "opportunity.open", title="x", unit="gd", customer_id=inside)


def test_lists_of_references_are_looked_through(firm: Company) -> None:
    firm.grant("li", "chief", "gd")
    plan = {"name": "x", "goal": "y", "kind": "cross-selling", "budget": "1.00"}
    dates = {"starts_on": "2026-01-01", "ends_on": "2026-02-01"}
    campaign = firm.do("li", "campaign.plan", units=["gd"], **plan, **dates)
    inside = [firm.customer("gd-gz") for _ in range(3)]
    firm.do("li", "campaign.add-targets", campaign, customer_ids=inside[:1])
    mixed = [*inside[1:], firm.customer("bj")]
    with pytest.raises(UnknownReference) as refused:
        firm.do("li", "campaign.add-targets", campaign, customer_ids=mixed)
    assert [each["pointer"] for each in refused.value.errors] == ["/customer_ids/2"]
    firm.do("admin", "campaign.add-targets", campaign, customer_ids=mixed)


def test_own_reach_goes_through_the_customer(firm: Company) -> None:
    firm.grant("li", "clerk", "gd", reach="own")
    customer = firm.customer("gd")
    ticket = firm.do(
        None,
        "service-ticket.open",
        customer_id=customer,
        kind="fault",
        severity="major",
        channel="hotline",
        title="Down",
        unit="gd",
    )
    with pytest.raises(UnknownId):
        firm.do("li", "service-ticket.assign", ticket, owner="wang")
    firm.do(None, "customer.assign-manager", customer, manager="li")
    firm.do("li", "service-ticket.assign", ticket, owner="li")
    firm.do(None, "customer.release-manager", customer)
    firm.do("li", "service-ticket.accept", ticket)


def test_who_has_left_commands_nothing(firm: Company) -> None:
    firm.grant("li", "clerk", "gd")
    customer = firm.customer("gd", "li")
    employee = firm.guard.now().employee("li")
    assert employee is not None
    firm.do(None, "employee.leave", employee["id"], reason="retired")
    with pytest.raises(UnknownId):
        firm.do("li", "customer.regrade", customer, **REGRADE)


def test_a_deputy_acts_for_the_principal_and_changes_no_permissions(firm: Company) -> None:
    firm.grant("li", "chief", "gd")
    deputy, now = Party("wang", on_behalf_of="li"), datetime.now(UTC)
    with pytest.raises(NotPermitted):
        firm.customer("gd", deputy)
    until = {"starts": now.isoformat(), "until": (now + timedelta(days=9)).isoformat()}
    body = {"principal": "li", "deputy": "wang", "reason": "leave", **until}
    delegation = firm.do("li", "delegation.give", **body)
    customer = firm.customer("gd", deputy)
    assert firm.journal.history(customer)[0].on_behalf_of == "li"
    with pytest.raises(NotPermitted):
        firm.do(deputy, "grant.give", employee="wang", role="clerk", unit="gd")
    with pytest.raises(NotPermitted):
        firm.do(deputy, "delegation.give", **{**body, "deputy": "admin"})
    firm.do("li", "delegation.withdraw", delegation, reason="back")
    with pytest.raises(NotPermitted):
        firm.customer("gd", deputy)


def test_nobody_names_themselves_the_deputy_of_others(firm: Company) -> None:
    now = datetime.now(UTC)
    until = {"starts": now.isoformat(), "until": (now + timedelta(days=9)).isoformat()}
    body = {"principal": "admin", "deputy": "li", "reason": "hm", **until}
    firm.role("reader", "employee.read")
    firm.grant("li", "reader", "group")
    broken(firm, "own-permissions", "li", "delegation.give", None, **body)
    with pytest.raises(NotPermitted):
        firm.do("li", "delegation.give", None, **{**body, "deputy": "wang"})


def test_grants_keep_within_those_of_who_gives_them(firm: Company) -> None:
    firm.grant("li", "chief", "gd")
    body = {"employee": "wang", "role": "chief", "unit": "gd-gz"}
    grant = firm.do("li", "grant.give", None, **body)
    broken(firm, "wider-than-own", "li", "grant.give", None, **{**body, "role": "administrator"})
    with pytest.raises(NotPermitted):
        firm.do("li", "grant.give", None, **{**body, "unit": "bj"})
    broken(firm, "own-permissions", "li", "grant.give", None, **{**body, "employee": "li"})
    broken(firm, "own-permissions", "wang", "grant.revoke", grant, reason="x")
    firm.do("li", "grant.revoke", grant, reason="x")


def test_the_last_administrator_stays(firm: Company) -> None:
    firm.grant("li", "chief", "group")
    admin = firm.guard.now().employee("admin")
    assert admin is not None
    broken(firm, "last-administrator", "li", "employee.leave", admin["id"], reason="x")
    firm.grant("wang", "administrator", "group")
    firm.do("li", "employee.leave", admin["id"], reason="x")


def test_units_are_opened_and_moved_only_within_ones_own(firm: Company) -> None:
    firm.grant("li", "chief", "gd")
    body = {"name": "Foshan", "level": "network"}
    unit = firm.do("li", "unit.open", code="gd-fs", parent="gd", **body)
    firm.customer("gd-fs", "li")
    with pytest.raises(NotPermitted):
        firm.do("li", "unit.open", code="bj-hd", parent="bj", **body)
    with pytest.raises(NotPermitted):
        firm.do("li", "unit.move", unit, parent="bj", reason="x")
    firm.do("admin", "unit.move", unit, parent="bj", reason="x")
    with pytest.raises(NotPermitted):
        firm.customer("gd-fs", "li")


def test_without_a_guard_nobody_is_permitted_anything(journal_url: str) -> None:
    journal = Journal(journal_url)
    journal.create()
    executor = Executor(journal)
    executor.start()
    try:
        nobody = Company.call(None, "li", "customer.register", None, name="x", unit="gd")  # type: ignore[arg-type]
        with pytest.raises(NotPermitted):
            executor.execute(nobody)
    finally:
        executor.stop()
        journal.close()


def test_refusals_are_in_the_operation_log(firm: Company) -> None:
    before = firm.journal.head()
    with pytest.raises(Refusal):
        firm.customer("gd", "li")
    after = firm.journal.head()
    assert (after.position, after.operation) == (before.position, before.operation + 1)
