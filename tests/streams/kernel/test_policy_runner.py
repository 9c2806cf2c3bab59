"""Policies act exactly once in effect, whoever dies or works twice."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from adapters.commands.executor import Call, Executor
from adapters.journal.journal import Journal
from adapters.storage.databases import connect
from adapters.storage.leases import LeaseLost
from domain.customers.customer import Customer
from domain.kernel.actors import Actor
from domain.kernel.aggregate import Origin, Recorded, Stored, new_id
from projections.kernel.rows.projector import Projector
from streams.customers.end_with_customer import REASON, open_records
from streams.followers.project_rows import JournalProjection
from streams.kernel.policy import Policy, Wish, policies
from streams.kernel.policy_runner import Reactions
from streams.kernel.worker import Worker
from tests.api.warm import killed
from tests.organisation import organise
from tests.streams.flow import happen, until, working

Work = Callable[[Worker], None]


class House:
    """A journal, its executor and its rows, with what a test wants to do to them."""

    def __init__(self, url: str, organised: bool = True) -> None:
        self.url, self.rows_url = url, url.replace("test.db", "rows.db")
        self.journal = Journal(url)
        self.journal.create()
        self.executor = Executor(self.journal)
        self.executor.start()
        if organised:
            organise(self.executor)
        self.engine = connect(self.rows_url, "normal")
        self.projector = Projector(self.engine, histories=self.journal.history)
        self.projector.create()

    def close(self) -> None:
        self.executor.stop()
        self.engine.dispose()
        self.journal.close()

    def do(self, command: str, id: str | None = None, **body: Any) -> str:
        origin = Origin("e-17", "gd-gz", new_id())
        return self.executor.execute(Call(command, id, body, origin)).id

    def customer(self, opportunities: int) -> tuple[str, list[str]]:
        begun = "2026-01-10"
        body = {"name": new_id(), "unit": "gd-gz", "registered_on": begun}
        customer = self.do("customer.register", **body)
        fact = {"unit": "gd-gz", "customer_id": customer, "opened_on": begun}
        opened = [
            self.do("opportunity.open", title=f"IDC {n}", **fact) for n in range(opportunities)
        ]
        return customer, opened

    def reactions(self, **options: Any) -> Reactions:
        return Reactions(self.journal, self.executor, self.projector, **options)

    def projection(self) -> Work:
        return JournalProjection(self.journal, self.projector).work

    def abandoned(self) -> list[Recorded]:
        found = self.journal.read(0, 100_000)
        return [event for event in found if event.type == "opportunity.abandoned"]


@pytest.fixture
def house(journal_url: str) -> Iterator[House]:
    house = House(journal_url)
    yield house
    house.close()


def test_a_closed_customers_open_opportunities_are_abandoned(house: House) -> None:
    customer, opened = house.customer(3)
    _, others = house.customer(1)
    house.do("opportunity.lose", opened[0], reason="price")
    house.do("customer.close", customer, reason="bankrupt", effective="2026-03-01")
    closed = house.journal.history(customer)[-1]
    reactions = house.reactions()
    with working(house.projection(), reactions.work):
        until(lambda: len(house.abandoned()) == 2)
        until(lambda: reactions.checkpoint.get() >= closed.position)
    assert {event.stream for event in house.abandoned()} == set(opened[1:])
    for event in house.abandoned():
        assert event.data["reason"] == "The customer's file was closed."
        assert event.data["closed_on"] == "2026-03-01"
        assert event.who == Actor("policy", "abandon-opportunities")
        assert event.on_behalf_of == closed.actor == "e-17"
        assert event.unit == closed.unit
        assert event.cause == closed.command_id
        assert event.command_id == f"abandon-opportunities/{closed.position}/{event.stream}"
    assert house.journal.history(others[0])[-1].type == "opportunity.opened"


def test_an_opportunity_is_not_abandoned_before_its_own_last_step(house: House) -> None:
    begun = "2026-01-10"
    customer = house.do("customer.register", name="Acme", unit="gd-gz", registered_on=begun)
    fact = {"title": "IDC", "unit": "gd-gz", "customer_id": customer, "opened_on": "2026-05-05"}
    house.do("opportunity.open", **fact)
    house.do("customer.close", customer, reason="bankrupt", effective="2026-03-01")
    with working(house.projection(), house.reactions().work):
        until(house.abandoned)
    assert house.abandoned()[0].data["closed_on"] == "2026-05-05"


def test_repeated_work_after_a_lost_checkpoint_has_no_second_effect(house: House) -> None:
    customer, opened = house.customer(3)
    house.do("customer.close", customer, reason="bankrupt")
    reactions = house.reactions()
    with working(house.projection(), reactions.work):
        until(lambda: len(house.abandoned()) == 3)
    house.do("opportunity.reopen", opened[0], reason="a successor firm")
    reactions.lease.acquire()
    reactions.checkpoint.set(0)
    reactions.lease.release()
    head = house.journal.head()
    with working(house.projection(), reactions.work):
        until(lambda: reactions.checkpoint.get() > 0)
    assert house.journal.head() == head


def test_an_opportunity_that_somebody_ended_first_is_left_as_it_is(house: House) -> None:
    customer, opened = house.customer(2)

    def close_all(event: Recorded, facts: list[dict[str, Any]]) -> Iterator[Wish]:
        house.do("opportunity.lose", opened[0], reason="price")
        for row in facts:
            yield Wish("opportunity.abandon", row["id"], {"reason": "gone"})

    slow = Policy("slow", frozenset(REASON), open_records, close_all)
    house.do("customer.close", customer, reason="bankrupt")
    reactions = house.reactions(chosen={"slow": slow})
    with working(house.projection(), reactions.work) as workers:
        until(lambda: reactions.checkpoint.get() > 0)
        assert all(worker.failures == 0 for worker in workers)
    assert [event.stream for event in house.abandoned()] == opened[1:]


def test_two_runners_that_fight_for_the_lease_act_once(house: House) -> None:
    customers = [house.customer(2)[0] for _ in range(10)]
    first, second = house.reactions(lease_seconds=0.001), house.reactions(lease_seconds=0.001)
    with working(house.projection(), first.work, second.work):
        for customer in customers:
            house.do("customer.close", customer, reason="bankrupt")
        until(lambda: len(house.abandoned()) >= 20)
        last = house.journal.history(customers[-1])[-1].position
        until(lambda: first.checkpoint.get() >= last)
    streams = [event.stream for event in house.abandoned()]
    assert len(streams) == len(set(streams)) == 20


def test_a_killed_runner_is_succeeded_and_nothing_is_done_twice(house: House) -> None:
    customers = [house.customer(20)[0] for _ in range(3)]
    for customer in customers:
        house.do("customer.close", customer, reason="bankrupt")
    for done in (1, 25):
        with killed("tests.streams.reactor", house.url, house.rows_url):
            until(lambda at_least=done: len(house.abandoned()) >= at_least)  # type: ignore[misc]
    reactions = house.reactions(lease_seconds=0.3)
    with working(house.projection(), reactions.work):
        last = house.journal.history(customers[-1])[-1].position
        until(lambda: reactions.checkpoint.get() >= last)
    streams = [event.stream for event in house.abandoned()]
    assert len(streams) == len(set(streams)) == 60


def test_an_event_that_a_policy_cannot_answer_waits_and_the_others_are_answered(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Customer.Closed, "schema", 2)
    monkeypatch.setattr(Customer.Closed, "upcast_v1_v2", staticmethod(fails), raising=False)
    (broken, kept), (sound, gone) = house.customer(2), house.customer(1)
    closed = Stored(broken, 2, "customer.closed", 1, b'{"why":"bankrupt"}')
    elsewhere(house, closed)
    house.do("customer.close", sound, reason="price")
    reactions = house.reactions()
    with working(house.projection(), reactions.work) as workers:
        until(lambda: len(house.abandoned()) == 1)
        until(lambda: reactions.checkpoint.get() >= house.journal.history(sound)[-1].position)
        assert all(worker.failures == 0 for worker in workers)
    assert [event.stream for event in house.abandoned()] == gone
    concerned = [name for name, each in policies().items() if "customer.closed" in each.on]
    assert "abandon-opportunities" in concerned
    assert {(each["model"], each["stream"]) for each in house.projector.parked()} == {
        ("customers", broken),
        *((f"policy:{name}", broken) for name in concerned),
    }
    assert [reactions.retry(name, broken) for name in concerned] == [1] * len(concerned)
    mended = staticmethod(lambda data: data.update(reason=data.pop("why")))
    monkeypatch.setattr(Customer.Closed, "upcast_v1_v2", mended)
    assert house.projector.retry("customers", broken) == 0
    assert [reactions.retry(name, broken) for name in concerned] == [0] * len(concerned)
    assert {event.stream for event in house.abandoned()} == {*gone, *kept}
    assert house.projector.parked() == []


def test_a_record_that_cannot_be_read_delays_a_policy_about_itself_only(house: House) -> None:
    (first, [broken]), (second, [sound]) = house.customer(1), house.customer(1)
    elsewhere(house, Stored(broken, 2, "opportunity.advanced", 1, b"no JSON"))
    for customer in (first, second):
        house.do("customer.close", customer, reason="bankrupt")
    reactions = house.reactions()
    with working(house.projection(), reactions.work) as workers:
        until(lambda: reactions.checkpoint.get() >= house.journal.history(second)[-1].position)
        assert all(worker.failures == 0 for worker in workers)
    assert [event.stream for event in house.abandoned()] == [sound]
    assert {(each["model"], each["stream"]) for each in house.projector.parked()} == {
        ("opportunities", broken),
        ("policy:abandon-opportunities", first),
    }
    assert reactions.skip("abandon-opportunities", first) == 0


def elsewhere(house: House, fact: Stored) -> None:
    """Append a fact as another process would."""
    journal = Journal(house.url)
    happen(journal, [fact])
    journal.close()


def fails(data: dict[str, Any]) -> None:
    raise LookupError("no such field")


def test_policies_are_found_by_their_files() -> None:
    assert policies()["abandon-opportunities"].on == {"customer.lapsed", "customer.closed"}


def test_facts_leave_out_what_was_opened_since(house: House) -> None:
    customer, opened = house.customer(1)
    event = house.journal.history(opened[0])[0]
    house.customer(0)
    house.do("opportunity.open", title="later", unit="gd-gz", customer_id=customer)
    with working(house.projection()):
        until(lambda: house.projector.position() == house.journal.head().position)
    fact = replace(event, stream=customer)
    with house.engine.connect() as connection:
        found = connection.scalars(sa.select(open_records(fact).subquery().c.id)).all()
    assert found == opened


def test_an_event_is_not_put_aside_when_another_process_took_the_lease(house: House) -> None:
    customer, (opened,) = house.customer(1)
    house.do("customer.close", customer, reason="bankrupt")
    house.projector.apply(house.journal.read(0, 1000))
    reactions, other = house.reactions(lease_seconds=0), house.reactions()
    assert other.lease.acquire()
    closed = house.journal.history(customer)[-1]
    with pytest.raises(LeaseLost):
        reactions._answer(Worker("react", reactions.work), closed)
    assert house.projector.parked() == []
    assert house.journal.history(opened)[-1].type == "opportunity.abandoned"
