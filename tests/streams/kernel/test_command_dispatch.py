"""Wishes are fulfilled many at a time, in order, giving way to people when the queue is full."""

from collections.abc import Collection, Iterator
from typing import Any

import pytest

from adapters.commands.executor import Executor
from domain.kernel.aggregate import Recorded, new_id
from streams.kernel.command_dispatch import fulfil, in_answer
from streams.kernel.policy import Facts, Policy, Wish
from tests.streams.kernel.test_policy_runner import House


@pytest.fixture
def house(journal_url: str) -> Iterator[House]:
    house = House(journal_url)
    yield house
    house.close()


def carried_out(house: House, wishes: list[Wish]) -> list[str]:
    """Fulfil wishes about the first event of the journal; return what failed, and how."""

    def decide(event: Recorded, facts: Facts) -> list[Wish]:
        return wishes

    event = house.journal.read(0, 1)[0]
    policy = Policy("test", frozenset(), None, decide)
    faults = fulfil(house.executor, in_answer(policy, event, wishes), lambda: None)
    return [f"{id_.rpartition('/')[2]}: {type(error).__name__}" for id_, error in faults.items()]


def named(house: House) -> list[str]:
    found = (e for e in house.journal.read(0, 10_000) if e.type == "customer.registered")
    return [event.data["name"] for event in found if event.actor_kind == "policy"]


def wishes(count: int) -> list[Wish]:
    body = {"unit": "gd-gz"}
    return [
        Wish("customer.register", None, body | {"name": f"{n}"}, key=f"{n}") for n in range(count)
    ]


def test_wishes_are_done_in_order_in_few_commits(house: House) -> None:
    house.customer(0)
    before = house.executor.writer.commits
    carried_out(house, wishes(1000))
    assert named(house) == [str(n) for n in range(1000)]
    assert house.executor.writer.commits - before < 500


def test_fulfilled_again_nothing_is_done_twice(house: House) -> None:
    house.customer(0)
    carried_out(house, wishes(300))
    carried_out(house, wishes(400))
    assert len(named(house)) == 400


def test_a_wish_that_depends_on_the_others_knows_which_were_refused(house: House) -> None:
    customer, _ = house.customer(0)
    seen: list[set[str]] = []

    def last(refused: Collection[str]) -> dict[str, Any]:
        seen.append(set(refused))
        return {"name": "last", "unit": "gd-gz"}

    carried_out(
        house,
        [
            Wish("customer.win-back", customer, key="not lapsed"),
            *wishes(2),
            Wish("customer.register", None, last, key="last"),
        ],
    )
    assert seen == [{"not lapsed"}]
    assert named(house) == ["0", "1", "last"]


def test_more_wishes_than_the_queue_takes_are_done_all_the_same(house: House) -> None:
    house.customer(0)
    house.executor.stop()
    house.executor = Executor(house.journal, capacity=5)
    house.executor.start()
    carried_out(house, wishes(100))
    assert len(named(house)) == 100


def test_what_no_rule_refused_is_told_and_keeps_only_what_depends_on_it_back(house: House) -> None:
    customer, _ = house.customer(0)
    faults = carried_out(
        house,
        [
            Wish("customer.forget", customer, key="no command"),
            Wish("customer.register", None, {"colour": "red"}, key="no such field"),
            Wish("customer.win-back", customer, key="not lapsed"),
            Wish("customer.close", new_id(), {"reason": "price"}, key="no record"),
            *wishes(2),
            Wish("customer.register", None, lambda _: {"name": "last", "unit": "gd-gz"}, "last"),
        ],
    )
    assert faults == [
        "no command: UnknownCommand",
        "no such field: InvalidBody",
        "no record: UnknownId",
    ]
    assert named(house) == ["0", "1"]
