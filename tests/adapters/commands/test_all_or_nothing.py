"""Calls that belong together are done together, or nothing of them is."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.refusals import InvalidBody, KeyReused, Refusal, UnknownReference
from adapters.storage.journal_tables import operations
from domain.kernel.aggregate import Origin, new_id
from tests.adapters.appending import origin
from tests.adapters.keyring import keys_in
from tests.adapters.staff import company
from tests.organisation import organise


@pytest.fixture
def executor(journal_url: str, tmp_path: Path) -> Iterator[Executor]:
    journal = Journal(journal_url, keys=keys_in(tmp_path))
    journal.create()
    executor = Executor(journal)
    executor.start()
    organise(executor, ["li.wei"])
    yield executor
    executor.stop()
    journal.close()


def row(manager: str, key: str = "row", actor: str = "tester", **more: Any) -> list[Call]:
    """Return the calls of one row: a customer, and who looks after it."""
    body = {"name": "Bank", "unit": "gd"} | more

    def call(command: str, **body: Any) -> Call:
        return Call(command, None, body, Origin(actor, "group", f"{key}/{command}"), anybody=True)

    return [call("customer.register", **body), call("customer.assign-manager", manager=manager)]


def entries(executor: Executor) -> list[tuple[str, str | None]]:
    query = sa.select(operations).where(operations.c.actor == "tester")
    query = query.where(operations.c.command.startswith("customer.")).order_by("number")
    with executor.journal.engine.connect() as connection:
        return [(each.command, each.refusal) for each in connection.execute(query)]


def test_all_is_done_to_the_record_that_the_first_made(executor: Executor) -> None:
    made, assigned = executor.submit_together(row("li.wei")).result()
    assert (made.id, made.version) == (assigned.id, 1)
    assert assigned.version == 2
    history = executor.journal.history(made.id)
    assert [event.type for event in history] == ["customer.registered", "customer.manager-assigned"]
    again = executor.submit_together(row("li.wei")).result()
    assert [(each.repeated, each.position) for each in again] == [
        (True, made.position),
        (True, assigned.position),
    ]


@pytest.mark.parametrize(
    ("manager", "refusal"), [("nobody", UnknownReference), ("no code", InvalidBody)]
)
def test_when_one_is_refused_nothing_is_done_and_the_log_has_all(
    executor: Executor, manager: str, refusal: type[Refusal]
) -> None:
    before = executor.journal.head().position
    with pytest.raises(refusal) as caught:
        executor.submit_together(row(manager, registration_number="9144")).result()
    assert caught.value.call == 1
    assert executor.journal.head().position == before
    assert entries(executor) == [
        ("customer.register", "taken-back"),
        ("customer.assign-manager", caught.value.name),
    ]
    # Nothing holds the number or the command's id: corrected, the same row is done.
    made, _ = executor.submit_together(row("li.wei", registration_number="9144")).result()
    assert not made.repeated


def test_neighbours_in_one_commit_do_not_see_what_was_taken_back(executor: Executor) -> None:
    wishes = [row("nobody", registration_number="9144"), row("li.wei", registration_number="9144")]
    with executor.journal._writing:
        first, second = [executor.submit_together(each) for each in wishes]
    assert isinstance(first.exception(), UnknownReference)
    made, _ = second.result()
    assert (made.repeated, made.version) == (False, 1)


def test_a_person_who_was_told_of_in_vain_is_not_known(executor: Executor) -> None:
    contact = {"contact_id": new_id(), "name": "Zhang"}

    def calls(manager: str, key: str) -> list[Call]:
        told = Call("customer.add-contact", None, contact, origin(f"{key}/contact"))
        register, assign = row(manager, key)
        return [register, told, assign]

    with executor.journal._writing:
        wishes = [calls("nobody", "first"), calls("li.wei", "second")]
        first, second = [executor.submit_together(each) for each in wishes]
    assert isinstance(first.exception(), UnknownReference)
    assert len(second.result()) == 3


def test_what_was_done_by_one_is_a_repeat_for_another(executor: Executor) -> None:
    made, _ = executor.submit_together(row("li.wei")).result()
    again = executor.submit_together(row("li.wei", actor="li.wei")).result()
    assert [(each.id, each.repeated) for each in again] == [(made.id, True)] * 2
    with pytest.raises(KeyReused):
        executor.submit_together(row("li.wei", actor="li.wei", name="Other")).result()


def test_a_client_who_writes_such_an_id_does_nothing_for_others(executor: Executor) -> None:
    register, _ = row("li.wei", name="Trap")
    executor.execute(dataclasses.replace(register, anybody=False, address="192.0.2.1"))
    made, _ = executor.submit_together(row("li.wei", actor="li.wei")).result()
    assert not made.repeated


def test_a_rehearsal_decides_them_as_one_too(executor: Executor) -> None:
    with Rehearsal(executor.journal) as rehearsal:
        refused = rehearsal.submit_together(row("nobody", registration_number="9144"))
        assert isinstance(refused.exception(), UnknownReference)
        made, _ = rehearsal.submit_together(row("li.wei", registration_number="9144")).result()
        assert not made.repeated


def test_a_person_may_go_on_with_somebody_whom_the_row_engages(journal_url: str) -> None:
    with company(journal_url) as firm:
        firm.staff()
        firm.grant("li", "chief", "gd")
        calls = [
            firm.call("li", "employee.engage", None, code="new", name="New", unit="gd-gz"),
            firm.call("li", "employee.record-skill", None, skill="5G", level=5),
        ]
        engaged, skilled = firm.executor.submit_together(calls).result()
        assert (engaged.id, skilled.version) == (skilled.id, 2)
        calls = [
            firm.call(
                "li", "unit.open", None, code="gd-sz", name="S", level="network", parent="gd"
            ),
            firm.call("li", "unit.rename", None, name="Shenzhen"),
        ]
        assert firm.executor.submit_together(calls).result()[1].version == 2
