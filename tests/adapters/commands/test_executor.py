"""The executor does each command once, whole, on the latest state, and logs every attempt."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.commands.executor import Answer, Call, Executor
from adapters.journal.journal import Journal
from adapters.refusals import (
    InvalidBody,
    KeyReused,
    MalformedBody,
    Overloaded,
    Refusal,
    RuleBroken,
    StaleVersion,
    Unavailable,
    UnknownCommand,
    UnknownId,
    UnknownReference,
)
from adapters.storage.journal_tables import operations
from domain.kernel.aggregate import new_id
from tests.adapters.appending import origin
from tests.organisation import organise


@pytest.fixture
def executor(journal_url: str) -> Iterator[Executor]:
    executor = started(journal_url)
    yield executor
    stop(executor)


def started(url: str) -> Executor:
    """Return an executor at work on the journal at a URL, in which there are some units."""
    executor = started_bare(url)
    organise(executor)
    return executor


def started_bare(url: str) -> Executor:
    """Return an executor at work on the journal at a URL."""
    journal = Journal(url)
    journal.create()
    executor = Executor(journal)
    executor.start()
    return executor


def stop(executor: Executor) -> None:
    """End an executor and its journal."""
    executor.stop()
    executor.journal.close()


def call(command: str, id: str | None = None, key: str | None = None, **body: Any) -> Call:
    """Return a call by a tester; with a `key` it is the client's own command id."""
    return Call(command, id, body, origin(key), keyed=key is not None)


def register(executor: Executor, **body: Any) -> Answer:
    """Register a customer with the details given."""
    return executor.execute(call("customer.register", **{"name": "Acme", "unit": "gd-gz"} | body))


def attempt(executor: Executor, wish: Call) -> Future[Answer] | None:
    """Submit a call, unless too many are waiting."""
    try:
        return executor.submit(wish)
    except Overloaded:
        return None


def refused(executor: Executor, refusal: type[Refusal], wish: Call) -> Refusal:
    """Check that a call is refused in a certain way and appends nothing."""
    before = executor.journal.head()
    with pytest.raises(refusal) as caught:
        executor.execute(wish)
    after = executor.journal.head()
    assert (after.position, after.operation) == (before.position, before.operation + 1)
    return caught.value


def logged(executor: Executor) -> list[Any]:
    """Return the operation log."""
    with executor.journal.engine.connect() as connection:
        return list(connection.execute(sa.select(operations).order_by(operations.c.number)))


def test_a_command_becomes_events_that_name_their_origin(executor: Executor) -> None:
    answer = register(executor, name="广州银行")

    (event,) = executor.journal.history(answer.id)
    assert (event.type, event.version) == ("customer.registered", answer.version)
    assert event.data["name"] == "广州银行"
    assert (event.actor, event.unit) == ("tester", "group")
    assert event.position == answer.position == executor.journal.head().position


def test_a_repeat_gets_the_first_answer_and_takes_no_effect(executor: Executor) -> None:
    wish = call("customer.register", key="once", name="Acme", unit="gd")
    first = executor.execute(wish)

    again = executor.execute(wish)

    assert again == Answer(first.id, first.version, first.position, repeated=True)
    assert executor.journal.head().position == first.position


def test_a_repeat_by_another_process_gets_the_first_answer(journal_url: str) -> None:
    here, there = started(journal_url), started(journal_url)
    wish = call("customer.register", key="once", name="Acme", unit="gd")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: (here, there)[i % 2].execute(wish), range(16)))

    assert len({answer.id for answer in answers}) == 1
    assert sum(not answer.repeated for answer in answers) == 1
    stop(here)
    stop(there)


def test_repeats_in_one_batch_take_effect_once(executor: Executor) -> None:
    wish = call("customer.register", key="once", name="Acme", unit="gd")
    with executor.journal._writing:
        waiting = [executor.submit(wish) for _ in range(5)]

    assert [future.result().repeated for future in waiting] == [False, True, True, True, True]


def test_a_key_with_another_body_is_refused(executor: Executor) -> None:
    executor.execute(call("customer.register", key="k", name="Acme", unit="gd"))

    refused(executor, KeyReused, call("customer.register", key="k", name="Other", unit="gd"))


def test_the_same_body_written_otherwise_is_still_a_repeat(executor: Executor) -> None:
    came_from = origin("k")
    one = Call("customer.register", None, b'{"name":"A","unit":"gd"}', came_from)
    other = Call("customer.register", None, b'{ "unit": "gd", "name": "\\u0041" }', came_from)

    assert executor.execute(other).id == executor.execute(one).id


def test_a_key_belongs_to_its_actor(executor: Executor) -> None:
    wish = call("customer.register", key="1", name="Acme", unit="gd")
    stranger = Call(wish.command, None, wish.body, origin("1").__class__("other", "js", "1"))

    assert executor.execute(wish).id != executor.execute(stranger).id


def test_a_refused_command_leaves_its_neighbours_alone(executor: Executor) -> None:
    with executor.journal._writing:
        first = executor.submit(call("customer.register", name="A", unit="gd"))
        wrong = executor.submit(call("customer.suspend", new_id(), reason="x"))
        second = executor.submit(call("customer.register", name="B", unit="gd"))

    assert second.result().position == first.result().position + 1
    assert isinstance(wrong.exception(), UnknownId)


def test_commands_on_one_record_in_one_batch_build_on_each_other(executor: Executor) -> None:
    id = register(executor).id
    with executor.journal._writing:
        waiting = [executor.submit(call("customer.engage", id)) for _ in range(3)]

        waiting.append(executor.submit(call("customer.activate", id)))

    assert waiting[0].result().version == 2
    assert all(isinstance(future.exception(), RuleBroken) for future in waiting[1:3])
    assert waiting[3].result().version == 3
    assert len(executor.journal.history(id)) == 3


def test_a_process_decides_on_what_another_has_written(journal_url: str) -> None:
    here, there = started(journal_url), started(journal_url)
    id = register(here).id
    there.execute(call("customer.engage", id))

    refused(here, RuleBroken, call("customer.engage", id))
    assert here.execute(call("customer.activate", id)).version == 3
    assert there.execute(call("customer.suspend", id, reason="in arrears")).version == 4

    stop(here)
    stop(there)


def test_a_record_made_earlier_in_the_batch_can_be_named_even_if_it_left_the_cache(
    journal_url: str,
) -> None:
    journal = Journal(journal_url, cache_size=1)
    journal.create()
    executor = Executor(journal)
    executor.start()
    organise(executor)
    id = register(executor).id
    with journal._writing:
        waiting = [executor.submit(call("customer.engage", id))]
        waiting += [executor.submit(call("customer.register", name="B", unit="gd")) for _ in "12"]
        waiting.append(executor.submit(call("customer.activate", id)))

    assert [future.result().version for future in waiting] == [2, 1, 1, 3]
    stop(executor)


def test_a_stale_version_is_refused(executor: Executor) -> None:
    id = register(executor).id
    executor.execute(Call("customer.engage", id, {}, origin(), if_match=1))

    refused(executor, StaleVersion, Call("customer.activate", id, {}, origin(), if_match=1))


@pytest.mark.parametrize(
    ("refusal", "body", "pointer"),
    [
        (InvalidBody, b"{}", "/name"),
        (InvalidBody, b"[]", ""),
        (InvalidBody, b'{"name": "A", "unit": "gd", "colour": 1}', "/colour"),
        (InvalidBody, b'{"name": 7, "unit": "gd"}', "/name"),
        (InvalidBody, b'{"name": "", "unit": "gd"}', "/name"),
        (InvalidBody, b'{"name": "a\\u0000b", "unit": "gd"}', "/name"),
        (InvalidBody, b'{"name": "A", "unit": "gd", "grade": "Z"}', "/grade"),
        (InvalidBody, b'{"name": "A", "unit": "gd", "it_budget": "NaN"}', "/it_budget"),
        (InvalidBody, b'{"name": "A", "unit": "gd", "it_budget": "-1"}', "/it_budget"),
        (InvalidBody, b'{"name": "A", "unit": "gd", "registered_on": "soon"}', "/registered_on"),
        (InvalidBody, b'{"name": "%s", "unit": "gd"}' % (b"x" * 201), "/name"),
        (InvalidBody, b'{"name": "A", "unit": "gd", "\\u0000": 1}', "/\0"),
        (MalformedBody, b'{"name": ', None),
        (MalformedBody, b'{"name": "\xff", "unit": "gd"}', None),
        (MalformedBody, b'{"name": "\\ud800", "unit": "gd"}', None),
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_by_field(
    executor: Executor, refusal: type[Refusal], body: bytes, pointer: str | None
) -> None:
    error = refused(executor, refusal, Call("customer.register", None, body, origin(), keyed=True))

    assert [e["pointer"] for e in error.errors][:1] == ([] if pointer is None else [pointer])


def test_unknown_commands_and_records_are_refused(executor: Executor) -> None:
    id = register(executor).id
    refused(executor, UnknownCommand, call("customer.abolish", id))
    refused(executor, UnknownCommand, call("customer.\x00", id))
    refused(executor, UnknownId, call("customer.engage", new_id()))
    refused(executor, UnknownId, call("customer.engage", "nonsense\x00"))
    refused(executor, UnknownId, call("service-ticket.withdraw", id, reason="another's id"))


def test_a_reference_names_an_existing_record_of_the_right_kind(executor: Executor) -> None:
    campaign = executor.execute(
        call(
            "campaign.plan",
            name="Spring",
            goal="More lines",
            kind="retention",
            budget="100.00",
            starts_on="2026-03-01",
            ends_on="2026-04-01",
            units=["gd"],
        )
    )
    for stranger in (new_id(), campaign.id):
        error = refused(
            executor,
            UnknownReference,
            call("customer.register", name="A", unit="gd", parent_id=stranger),
        )
        assert error.errors[0]["pointer"] == "/parent_id"


def test_nothing_is_attached_to_a_closed_record(executor: Executor) -> None:
    parent = register(executor).id
    executor.execute(call("customer.close", parent, reason="wound up"))

    error = refused(
        executor, RuleBroken, call("customer.register", name="B", unit="gd", parent_id=parent)
    )

    assert error.name == "record-closed"


def test_a_registration_number_is_held_by_one_customer(executor: Executor) -> None:
    first = register(executor, registration_number="91440101X").id
    wish = call("customer.register", name="B", unit="gd", registration_number="91440101X")

    assert refused(executor, RuleBroken, wish).name == "registration-number-taken"

    executor.execute(call("customer.close", first, reason="wound up"))
    executor.execute(wish)


def test_of_two_claims_in_one_batch_the_first_wins(executor: Executor) -> None:
    wish = call("customer.register", name="B", unit="gd", registration_number="91440101X")
    with executor.journal._writing:
        waiting = [executor.submit(wish) for _ in range(2)]

    assert waiting[0].result().version == 1
    assert isinstance(waiting[1].exception(), RuleBroken)


def test_no_two_processes_make_a_cycle_of_parents(journal_url: str) -> None:
    here, there = started(journal_url), started(journal_url)
    one, two = register(here, name="One").id, register(here, name="Two").id

    with ThreadPoolExecutor(2) as pool:
        outcomes = [
            pool.submit(here.execute, call("customer.place-under", one, parent_id=two)),
            pool.submit(there.execute, call("customer.place-under", two, parent_id=one)),
        ]
        errors = [future.exception() for future in outcomes]

    assert sum(error is None for error in errors) == 1
    assert [e.name for e in errors if isinstance(e, RuleBroken)] == ["parent-cycle"]
    stop(here)
    stop(there)


def test_every_attempt_is_in_the_operation_log(executor: Executor) -> None:
    came_from, before = origin("mine"), executor.journal.head()
    accepted = executor.execute(
        Call("customer.register", None, {"name": "A", "unit": "gd"}, came_from, address="::1")
    )
    refused(executor, RuleBroken, call("customer.win-back", accepted.id))
    refused(executor, InvalidBody, call("customer.engage", accepted.id, colour=1))

    first, second, third = logged(executor)[-3:]
    assert [each.number - before.operation for each in (first, second, third)] == [1, 2, 3]
    assert (first.command, first.accepted) == ("customer.register", True)
    assert (first.target, first.address) == (accepted.id, "::1")
    assert first.position == before.position + 1
    assert (first.actor, first.unit, first.command_id) == ("tester", "group", "mine")
    assert (second.refusal, second.status) == ("lapse-required", 409)
    assert (third.refusal, third.target) == ("invalid-body", accepted.id)
    assert "/colour" in third.detail


def test_more_commands_than_may_wait_are_turned_away(journal_url: str) -> None:
    journal = Journal(journal_url)
    journal.create()
    executor = Executor(journal, capacity=10)
    executor.start()
    organise(executor)
    before = journal.head().position
    with journal._writing:
        attempts = [
            attempt(executor, call("customer.register", name="A", unit="gd")) for _ in range(30)
        ]
    waiting = [future for future in attempts if future is not None]

    assert 10 <= len(waiting) <= 21  # what the queue holds, and what the writer held already
    for future in waiting:
        future.result()
    assert journal.head().position == before + len(waiting)
    stop(executor)


def test_what_cannot_be_written_is_not_acknowledged(executor: Executor) -> None:
    id = register(executor).id
    with executor.journal.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE events RENAME TO elsewhere")
    with pytest.raises(Unavailable):
        executor.execute(call("customer.engage", id))
    with executor.journal.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO events")

    assert executor.execute(call("customer.engage", id)).version == 2


def test_a_restarted_executor_goes_on_from_the_journal(journal_url: str) -> None:
    before = started(journal_url)
    registered = register(before)
    stop(before)

    after = started(journal_url)
    answer = after.execute(call("customer.engage", registered.id))

    assert (answer.version, answer.position) == (2, registered.position + 1)
    stop(after)
