"""Rules between records hold on all the days for which something is stated."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from adapters.commands.executor import Executor
from adapters.commands.past_rules import Past
from adapters.refusals import RuleBroken
from domain.customers.customer import ParentCycle, RegistrationNumberTaken
from domain.kernel.aggregate import Aggregate, RecordClosed, discover
from domain.kernel.commands import commands, every_command
from domain.kernel.time.business_day import today
from domain.kernel.time.replay import read, tell
from domain.kernel.time.retroactive import DatesContradict
from domain.organisation.unit import UnitCycle
from tests.adapters.commands.test_executor import call, executor, refused, register
from tests.adapters.commands.test_retroactive import TICKET, broken, days_ago, do, loaded
from tests.bodies import beginning
from tests.domain.replay import history

__all__ = ["executor"]

NUMBER = {"registration_number": "91440101231234567X"}
UNDER = "customer.place-under"
CORRECT = "customer.correct-details"


def registered(executor: Executor, days: int, **details: Any) -> str:
    """Register a customer as known for some days, and return its id."""
    return register(executor, registered_on=days_ago(days), **details).id


def test_nobody_is_below_themselves_on_days_gone_by(executor: Executor) -> None:
    one, two, three = (registered(executor, 100) for _ in range(3))
    do(executor, UNDER, one, parent_id=two, effective=days_ago(80))
    do(executor, UNDER, one, parent_id=None, effective=days_ago(40))
    for day in (90, 80, 41):
        broken(executor, ParentCycle, UNDER, two, parent_id=one, effective=days_ago(day))
    do(executor, UNDER, three, parent_id=one, effective=days_ago(90))
    broken(executor, ParentCycle, UNDER, two, parent_id=three, effective=days_ago(50))
    do(executor, UNDER, two, parent_id=three, effective=days_ago(40))


def test_a_head_office_counts_until_the_next_one_is_named(executor: Executor) -> None:
    one, two, three = (registered(executor, 100) for _ in range(3))
    do(executor, UNDER, two, parent_id=three, effective=days_ago(60))
    do(executor, UNDER, one, parent_id=two, effective=days_ago(60))
    broken(executor, ParentCycle, UNDER, two, parent_id=one, effective=days_ago(60))
    do(executor, UNDER, two, parent_id=one, effective=days_ago(90))
    assert loaded(executor, two).parent_id == three


def test_teams_are_not_below_one_another_on_days_gone_by(executor: Executor) -> None:
    ids = {}
    for code in ("t1", "t2"):
        opening = {"code": code, "name": code, "level": "team", "parent": "gd-gz"}
        ids[code] = do(executor, "unit.open", **opening, effective=days_ago(90))
    move = {"command": "unit.move", "reason": "x"}
    do(executor, id=ids["t1"], **move, parent="t2", effective=days_ago(60))
    do(executor, id=ids["t1"], **move, parent="gd-gz", effective=days_ago(30))
    wish = {"id": ids["t2"], **move, "parent": "t1"}
    broken(executor, UnitCycle, **wish, effective=days_ago(50))
    do(executor, **wish, effective=days_ago(30))


def test_a_number_is_one_customers_on_each_day(executor: Executor) -> None:
    first, other = registered(executor, 100, **NUMBER), registered(executor, 100)
    wish: dict[str, Any]
    do(executor, CORRECT, first, registration_number="other", effective=days_ago(50))
    wish = {"command": "customer.register", "id": None, "name": "x", "unit": "gd-gz", **NUMBER}
    refusal = broken(executor, RegistrationNumberTaken, **wish, registered_on=days_ago(51))
    words = f"Another one has it from {days_ago(100)} until {days_ago(50)}."
    assert str(refusal).endswith(words)
    do(executor, **wish, registered_on=days_ago(50))
    for day in (70, 20):
        wish = {"command": CORRECT, "id": other, **NUMBER, "effective": days_ago(day)}
        broken(executor, RegistrationNumberTaken, **wish)


def test_a_number_that_is_stated_late_is_held_on_those_days(executor: Executor) -> None:
    first, second = registered(executor, 100), registered(executor, 100)
    do(executor, CORRECT, first, registration_number="other", effective=days_ago(20))
    do(executor, CORRECT, first, **NUMBER, effective=days_ago(60))
    for day in (70, 60, 21):
        wish = {"command": CORRECT, "id": second, **NUMBER, "effective": days_ago(day)}
        broken(executor, RegistrationNumberTaken, **wish)
    do(executor, CORRECT, second, **NUMBER, effective=days_ago(20))


def test_a_closed_customer_keeps_its_number_for_the_days_before(executor: Executor) -> None:
    first = registered(executor, 100, **NUMBER)
    do(executor, "customer.close", first, reason="x", effective=days_ago(30))
    again: dict[str, Any] = {"name": "x", "unit": "gd-gz", **NUMBER}
    again |= {"command": "customer.register", "id": None}
    broken(executor, RegistrationNumberTaken, **again, registered_on=days_ago(31))
    do(executor, **again, registered_on=days_ago(30))


REFERENCES: dict[str, list[tuple[str, str]]] = {}
"""For each kind, the fields of dated commands that name a record of it."""

for name, command in every_command().items():
    for field, reference in command.references.items():
        if command.dated:
            REFERENCES.setdefault(reference.kind, []).append((name, field))


def young(executor: Executor, kind: str) -> str:
    """Make a record that begins thirty days ago, and return its id."""
    command = next(c for c in commands().values() if c.creates and c.aggregate.kind == kind)
    names = {"unit": ["gd-gz"]}
    if "customer" in {each.kind for each in command.references.values()} and kind != "customer":
        names["customer"] = [registered(executor, 100)]
    body = beginning(command, names, code="young", level="team", parent="gd-gz")
    return do(executor, command.name, **body | {str(command.dated): days_ago(30)})


@pytest.mark.parametrize("kind", REFERENCES)
def test_nothing_is_about_a_record_before_it_begins(executor: Executor, kind: str) -> None:
    id = young(executor, kind)
    for name, field in REFERENCES[kind]:
        command = every_command()[name]
        reference = command.references[field]
        value: Any = id if reference.claim is None else "young"
        if many := "list[" in str(command.body.model_fields[field]):
            value = [value]
        with executor.journal.transaction() as transaction:
            Past(transaction, today() - timedelta(days=30)).require_there(field, reference, value)
            with pytest.raises(DatesContradict) as refusal:
                Past(transaction, today() - timedelta(days=31)).require_there(
                    field, reference, value
                )
        assert refusal.value.field == (f"{field}/0" if many else field), name
        assert refusal.value.hint == f"The {reference.kind} begins on {days_ago(30)}."


def test_a_sale_is_not_older_than_its_customer_nor_a_branch_than_its_head_office(
    executor: Executor,
) -> None:
    later = young(executor, "customer")
    cases = [
        ("opportunity.open", {"title": "x", "customer_id": later}, "opened_on"),
        ("customer.register", {"name": "x", "parent_id": later}, "registered_on"),
    ]
    for command, body, day in cases:
        early = body | {"unit": "gd-gz", day: days_ago(31)}
        refusal = refused(executor, RuleBroken, call(command, **early))
        assert refusal.name == "dates-contradict"
        assert [each["pointer"] for each in refusal.errors] == [f"/{list(body)[1]}"]
        do(executor, command, **early | {day: days_ago(30)})


def test_a_moment_of_a_customers_first_day_is_one_wherever_the_business_is(
    executor: Executor,
) -> None:
    later = young(executor, "customer")
    at = f"{days_ago(30)}T00:30:00+08:00"
    do(executor, "service-ticket.open", **TICKET, customer_id=later, at=at)


def test_a_customer_whose_beginning_nobody_has_stated_may_have_been_there_before(
    executor: Executor,
) -> None:
    sale = {"title": "x", "unit": "gd-gz", "customer_id": register(executor).id}
    do(executor, "opportunity.open", **sale, opened_on=days_ago(1000))


def test_nobody_is_named_for_days_on_which_they_had_left(executor: Executor) -> None:
    customer = registered(executor, 100)
    employee = young(executor, "employee")
    do(executor, "employee.leave", employee, reason="x", effective=days_ago(20))
    do(executor, "employee.reengage", employee, unit="gd-gz", effective=days_ago(10))
    wish = {"command": "customer.assign-manager", "id": customer, "manager": "young"}
    for day in (20, 11):
        refusal = broken(executor, RecordClosed, **wish, effective=days_ago(day))
        assert [each["pointer"] for each in refusal.errors] == ["/manager"]
    do(executor, **wish, effective=days_ago(21))


@pytest.mark.parametrize("kind", sorted(discover().aggregates))
def test_the_kinds_that_may_be_open_again_after_their_end_say_so(kind: str) -> None:
    record: Aggregate | None = None
    ended: list[bool] = []
    for fact in read(0, history(kind)):
        if "merge" not in fact.type and fact.type != "customer.separated":
            record = tell(record, [fact])
            assert record is not None
            ended.append(record.retired)
    revived = any(before and not after for before, after in pairwise(ended))
    assert discover().aggregates[kind].revives == revived
