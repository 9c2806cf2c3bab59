"""A rehearsal decides as the executor would, and keeps nothing."""

from __future__ import annotations

import pytest

from adapters.commands.dry_run import Rehearsal
from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.refusals import RuleBroken, UnknownReference
from domain.kernel.aggregate import new_id
from tests.adapters.appending import origin
from tests.organisation import organise


def register(number: str = "", **more: str) -> Call:
    body = {"name": "Bank", "unit": "gd"} | more
    return Call(
        "customer.register",
        None,
        body | ({"registration_number": number} if number else {}),
        origin(),
    )


@pytest.fixture
def journal(journal_url: str) -> Journal:
    journal = Journal(journal_url)
    journal.create()
    executor = Executor(journal)
    executor.start()
    organise(executor)
    executor.stop()
    return journal


def test_what_was_decided_is_seen_by_what_follows_and_forgotten_at_the_end(
    journal: Journal,
) -> None:
    before = journal.head()
    with Rehearsal(journal) as rehearsal:
        bank = rehearsal.submit(register("9144")).result()
        rehearsal.submit(register(parent_id=bank.id)).result()
        assert (
            rehearsal.submit(Call("customer.engage", bank.id, {}, origin())).result().version == 2
        )
        with pytest.raises(RuleBroken):
            rehearsal.submit(register("9144")).result()
        with pytest.raises(UnknownReference):
            rehearsal.submit(register(parent_id=new_id())).result()
    assert journal.head() == before
    with Rehearsal(journal) as rehearsal:
        rehearsal.submit(register("9144")).result()
    journal.close()


def test_others_go_on_writing_meanwhile(journal: Journal) -> None:
    executor = Executor(journal)
    executor.start()
    with Rehearsal(journal) as rehearsal:
        rehearsal.submit(register("9144")).result()
        assert executor.execute(register("9144")).version == 1
    executor.stop()
    journal.close()
