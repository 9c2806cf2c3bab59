"""Facts stated for another day come in where they hold, or are refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.commands.executor import Call, Executor
from adapters.commands.retroactive import give
from adapters.journal.journal import Journal
from adapters.refusals import Refusal, RuleBroken
from domain.customers.customer import Customer
from domain.customers.customer_profile import Grade
from domain.customers.customer_standing import PotentialRequired, State
from domain.kernel.aggregate import Aggregate, NothingChanged, Origin, RuleViolation
from domain.kernel.commands import every_command
from domain.kernel.time.business_day import today
from domain.kernel.time.effective_day import as_day, effective_day
from domain.kernel.time.replay import evolve, read, tell
from domain.kernel.time.retroactive import DatesContradict, FutureFact
from domain.marketing.campaign import Campaign
from domain.organisation.team import Team
from domain.sales.opportunity import Opportunity
from domain.service.service_ticket import ServiceTicket
from tests.adapters.appending import origin
from tests.adapters.commands.test_executor import call, executor, refused, register, stop
from tests.adapters.keyring import keys_in
from tests.bodies import IDS
from tests.domain.play import lives
from tests.domain.replay import history as golden_history
from tests.domain.replay import shown
from tests.organisation import organise
from tests.volume import examples

__all__ = ["executor"]


def days_ago(days: int) -> str:
    return str(today() - timedelta(days=days))


@pytest.fixture
def known(executor: Executor) -> str:
    """Return the id of a customer known for a hundred days, active for fifty, graded B since."""
    id = register(executor, grade="C", registered_on=days_ago(100)).id
    do(executor, "customer.activate", id, effective=days_ago(50))
    do(executor, "customer.regrade", id, grade="B", reason="Grew", effective=days_ago(40))
    return id


def do(executor: Executor, command: str, id: str | None = None, **body: Any) -> str:
    return executor.execute(call(command, id, **body)).id


def loaded(executor: Executor, id: str) -> Any:
    """Return the record as the executor has it."""
    with executor.journal.transaction() as transaction:
        return transaction.load(id)


def broken(
    executor: Executor, rule: type[RuleViolation], command: str, id: str, **body: Any
) -> Any:
    refusal = refused(executor, RuleBroken, call(command, id, **body))
    assert refusal.name == rule.rule()
    return refusal


def test_a_late_fact_holds_until_the_next_that_was_known(executor: Executor, known: str) -> None:
    do(executor, "customer.regrade", known, grade="A", reason="Forgotten", effective=days_ago(60))
    record = loaded(executor, known)
    assert (record.grade, record.version) == (Grade.B, 4)
    assert shown(record) == shown(folded(executor, known))


def test_a_late_fact_is_decided_by_what_was_true_on_its_day(executor: Executor, known: str) -> None:
    broken(executor, NothingChanged, "customer.regrade", known, grade="B", reason="x")
    body: dict[str, Any] = {"grade": "B", "reason": "Earlier than we thought"}
    do(executor, "customer.regrade", known, **body, effective=days_ago(45))
    again = {"grade": "B", "reason": "x", "effective": days_ago(44)}
    broken(executor, NothingChanged, "customer.regrade", known, **again)
    broken(executor, PotentialRequired, "customer.engage", known, effective=days_ago(1))


def test_a_step_is_not_dated_before_one_that_followed(executor: Executor, known: str) -> None:
    refusal = broken(executor, DatesContradict, "customer.engage", known, effective=days_ago(70))
    assert [error["pointer"] for error in refusal.errors] == ["/effective"]
    assert loaded(executor, known).version == 3
    do(executor, "customer.suspend", known, reason="Arrears", effective=days_ago(45))
    assert loaded(executor, known).state is State.SUSPENDED


def test_a_record_does_not_end_before_what_followed(executor: Executor, known: str) -> None:
    body = {"reason": "Bankrupt"}
    broken(executor, DatesContradict, "customer.close", known, **body, effective=days_ago(45))
    do(executor, "customer.close", known, **body, effective=days_ago(40))
    assert loaded(executor, known).retired
    # It was still open then.
    do(executor, "customer.regrade", known, grade="A", reason="x", effective=days_ago(60))
    assert loaded(executor, known).retired
    assert shown(loaded(executor, known)) == shown(folded(executor, known))


def test_what_followed_has_to_make_sense_still(executor: Executor, known: str) -> None:
    purchase = {"competitor": "Unicom", "product": "DIA"}
    do(executor, "customer.record-purchase", known, **purchase, effective=days_ago(30))
    do(executor, "customer.end-purchase", known, **purchase, effective=days_ago(10))
    early = purchase | {"effective": days_ago(20)}
    broken(executor, DatesContradict, "customer.end-purchase", known, **early)
    assert shown(loaded(executor, known)) == shown(folded(executor, known))


DATED = [name for name, each in every_command().items() if each.dated and not each.creates]


@pytest.mark.parametrize("name", DATED)
def test_nothing_is_dated_before_its_record_begins(
    lively: tuple[Executor, list[str]], name: str
) -> None:
    command = every_command()[name]
    record = evolve(None, golden_history(command.aggregate.kind))
    assert record is not None
    begun = record.begun or record.created_on
    early: Any = as_day(begun) - timedelta(days=1)
    if command.dated == "at":
        early = begun - timedelta(seconds=1)
    with lively[0].journal.transaction() as transaction, pytest.raises(DatesContradict) as refusal:
        give(transaction, command, record, {str(command.dated): early})
    assert refusal.value.field == command.dated


def test_a_sale_does_not_end_before_it_was_opened_stated_or_recorded(executor: Executor) -> None:
    body = {"title": "x", "unit": "gd-gz"}
    stated = do(executor, "opportunity.open", **body, opened_on=days_ago(10))
    recorded = do(executor, "opportunity.open", **body)
    for id, early in ((stated, days_ago(11)), (recorded, days_ago(1))):
        for end in ({"verb": "abandon", "reason": "x"}, {"verb": "lose", "reason": "price"}):
            wish = {k: v for k, v in end.items() if k != "verb"} | {"closed_on": early}
            refusal = broken(executor, DatesContradict, f"opportunity.{end['verb']}", id, **wish)
            assert [error["pointer"] for error in refusal.errors] == ["/closed_on"]
    do(executor, "opportunity.abandon", stated, reason="x", closed_on=days_ago(10))
    do(executor, "opportunity.abandon", recorded, reason="x", closed_on=days_ago(0))


TICKET = {"kind": "fault", "severity": "minor", "channel": "web", "title": "x", "unit": "gd-gz"}


def test_a_step_is_not_timed_before_the_opening_or_the_last_step_stated_or_recorded(
    executor: Executor, known: str
) -> None:
    do(executor, "employee.engage", code="e1", name="x", unit="gd-gz")
    id = do(executor, "service-ticket.open", **TICKET, customer_id=known)
    opened = loaded(executor, id).created_on.replace(microsecond=0)
    before, same = (opened - timedelta(seconds=1)).isoformat(), opened.isoformat()
    step = {"command": "service-ticket.assign", "id": id, "owner": "e1"}
    refusal = broken(executor, DatesContradict, **step, at=before)
    assert [error["pointer"] for error in refusal.errors] == ["/at"]
    do(executor, **step, at=same)
    do(executor, "service-ticket.accept", id)
    wait = {"command": "service-ticket.wait", "id": id, "awaited": "x"}
    broken(executor, DatesContradict, **wait, at=before)
    do(executor, **wait)


def test_a_late_step_is_in_the_order_of_its_day(executor: Executor, known: str) -> None:
    at = {hours: f"{days_ago(9)}T{hours:02}:00:00Z" for hours in (8, 9, 10)}
    do(executor, "employee.engage", code="e1", name="x", unit="gd-gz")
    id = do(executor, "service-ticket.open", **TICKET, customer_id=known, at=at[8])
    do(executor, "service-ticket.assign", id, owner="e1", at=at[9])
    do(executor, "service-ticket.accept", id)
    note = {"command": "service-ticket.record-progress", "id": id, "note": "x"}
    broken(executor, DatesContradict, **note, at=at[8])
    do(executor, **note, at=at[10])


def test_nothing_is_dated_later_than_tomorrow(executor: Executor, known: str) -> None:
    body = {"grade": "A", "reason": "x"}
    refusal = broken(
        executor, FutureFact, "customer.regrade", known, **body, effective=days_ago(-2)
    )
    assert [error["pointer"] for error in refusal.errors] == ["/effective"]
    opening = {"title": "x", "unit": "gd-gz", "opened_on": days_ago(-2)}
    assert refused(executor, RuleBroken, call("opportunity.open", **opening)).name == "future-fact"
    do(executor, "customer.regrade", known, **body, effective=days_ago(-1))


def test_a_late_contact_of_a_target_is_not_its_first(executor: Executor, known: str) -> None:
    id = do(executor, "campaign.plan", **PLAN, effective=days_ago(90))
    do(executor, "campaign.add-targets", id, customer_ids=[known], effective=days_ago(80))
    for verb in ("submit", "approve", "launch"):
        wish = call(f"campaign.{verb}", id, effective=days_ago(70))
        executor.execute(dataclasses.replace(wish, origin=Origin(verb, "gd-gz", f"{id}/{verb}")))
    contact = {"customer_id": known, "channel": "phone", "outcome": "reached"}
    for day in (20, 30):
        do(executor, "campaign.record-contact", id, **contact, effective=days_ago(day))
    firsts = [event.data["first"] for event in executor.journal.history(id)[-2:]]
    assert firsts == [True, False]
    body: dict[str, Any] = {"customer_ids": [known], "effective": days_ago(25)}
    refused(executor, RuleBroken, call("campaign.remove-targets", id, **body))


def test_what_yields_holds_from_the_last_that_is_known(executor: Executor, known: str) -> None:
    body = {"reason": "Bankrupt", "effective": days_ago(60)}
    executor.execute(dataclasses.replace(call("customer.close", known, **body), yields=True))
    assert executor.journal.history(known)[-1].data["on"] == days_ago(40)


def test_a_record_changed_late_by_another_process_is_told_anew(
    executor: Executor, known: str, journal_url: str
) -> None:
    other = Executor(Journal(journal_url))
    other.start()
    body = {"grade": "A", "reason": "Late", "effective": days_ago(60)}
    do(other, "customer.regrade", known, **body)
    stop(other)
    record = loaded(executor, known)
    assert record.grade is Grade.B
    assert shown(record) == shown(folded(executor, known))


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Executor, list[str]]]:
    """Return an executor, and the ids of records that the commands of a play may name."""
    folder = tmp_path_factory.mktemp("lively")
    journal = Journal(f"sqlite:///{folder / 'test.db'}", keys=keys_in(folder))
    journal.create()
    executor = Executor(journal)
    executor.start()
    organise(executor, ["e1", "e2"])
    yield executor, [register(executor, registered_on=days_ago(2000)).id for _ in IDS]
    stop(executor)


@pytest.mark.parametrize("kind", [Customer, Opportunity, ServiceTicket, Campaign, Team])
@settings(max_examples=examples(30), deadline=None)
@given(data=st.data())
def test_whatever_day_it_is_stated_for_a_record_is_what_held_day_by_day(
    lively: tuple[Executor, list[str]], kind: type[Aggregate], data: st.DataObject
) -> None:
    executor, customers = lively
    id: str | None = None
    wishes = data.draw(lives(kind))
    # Drawn first: what records of other examples claim may refuse a wish, but not change a draw.
    days = [data.draw(st.none() | st.integers(0, 30)) for _ in wishes]
    for (command, body), day in zip(wishes, days, strict=True):
        if command.dated and day is not None:
            moment = f"{days_ago(900 - day)}T0{day % 9}:00:00Z"
            body |= {command.dated: moment if command.dated == "at" else moment[:10]}
        text = orjson.dumps(body).decode()
        for fixed, customer in zip(IDS, customers, strict=True):
            text = text.replace(fixed, customer)
        try:
            answer = executor.execute(Call(command.name, id, text.encode(), origin(), keyed=False))
        except Refusal:
            if id is None:
                return
        else:
            id = answer.id
            record = loaded(executor, id)
            assert shown(record) == shown(folded(executor, id))
            assert record.version == answer.version


def folded(executor: Executor, id: str) -> Any:
    """Return the record as a plain fold of its history, by the days as they are stored."""
    events = executor.journal.history(id)
    days = [effective_day(event.type, event.data, event.time) for event in events]
    order = sorted(range(1, len(events)), key=lambda i: (max(days[i], days[0]), i))
    with executor.journal.transaction() as transaction:
        facts = read(0, transaction.history(id))
    return tell(None, [facts[i] for i in [0, *order]])


PLAN: dict[str, Any] = {
    "name": "Spring",
    "goal": "Lines",
    "kind": "care",
    "units": ["gd-gz"],
    "budget": "100.00",
    "starts_on": "2026-01-01",
    "ends_on": "2026-12-31",
}


def test_what_a_later_fact_remembers_of_the_days_before_it_has_those_told_late(
    lively: tuple[Executor, list[str]],
) -> None:
    executor, (customer, other, *_) = lively
    body = {"title": "Late", "unit": "group", "customer_id": customer, "opened_on": days_ago(1000)}
    id = do(executor, "opportunity.open", **body)
    do(executor, "opportunity.win", id, amount="1")
    do(executor, "opportunity.name-customer", id, customer_id=other, effective=days_ago(900))
    assert shown(loaded(executor, id)) == shown(folded(executor, id))
