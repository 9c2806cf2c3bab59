"""What policies make is made once, under the id that the causing event names."""

from collections.abc import Collection, Iterator
from typing import Any
from uuid import UUID

import pytest

from adapters.commands.executor import Call
from adapters.refusals import UnknownId
from domain.kernel.aggregate import Origin, Recorded, new_id
from streams.kernel.policy import Facts, Policy, Wish
from streams.kernel.policy_runner import Reactions
from tests.api.warm import killed
from tests.streams.flow import until, working
from tests.streams.kernel.test_policy_runner import House

COUNT = 30
IN_PROCESS = pytest.mark.parametrize("journal_url", ["sqlite"], indirect=True)
ON_A_SERVER = pytest.mark.parametrize("journal_url", ["postgresql"], indirect=True)
asked: list[int] = []


def follow_interest(event: Recorded, facts: Facts) -> Iterator[Wish]:
    """Open a sale for a target that shows interest, and link the campaign to it."""
    asked.append(event.position)
    sale = event.naming("opportunity")
    told = {"customer_id": event.data["customer_id"], "unit": "gd-gz"}
    yield Wish("opportunity.open", sale, {**told, "title": f"Interest, asked {len(asked)} times"})

    def opened(refused: Collection[str]) -> dict[str, Any] | None:
        return None if sale in refused else {"opportunity_id": sale}

    yield Wish("campaign.link-opportunity", event.stream, opened)


on = frozenset({"campaign.response-recorded"})
chosen = {"follow-interest": Policy("follow-interest", on, None, follow_interest)}


class Market(House):
    """A house with a campaign that is running."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.customers = [self.customer(0)[0] for _ in range(3)]
        plan: dict[str, Any] = {"name": "Fair", "goal": "More", "kind": "care", "budget": "1.00"}
        plan |= {"units": ["gd-gz"], "starts_on": "2026-01-01", "ends_on": "2026-12-31"}
        self.campaign = self.do("campaign.plan", **plan)
        self.do("campaign.add-targets", self.campaign, customer_ids=self.customers)
        self.do("campaign.submit", self.campaign)
        approve = Call("campaign.approve", self.campaign, {}, Origin("e-18", "gd-gz", new_id()))
        self.executor.execute(approve)
        self.do("campaign.launch", self.campaign)

    def interest(self, count: int) -> None:
        """Have targets respond."""
        for number in range(count):
            told = {"customer_id": self.customers[number % 3], "kind": "interest"}
            self.do("campaign.record-response", self.campaign, **told)

    def found(self, type_: str) -> list[Recorded]:
        return [event for event in self.journal.read(0, 100_000) if event.type == type_]

    def answered(self, reactions: Reactions) -> bool:
        return reactions.checkpoint.get() >= self.found(*on)[-1].position

    def sound(self) -> None:
        """Check that each response has led to its own sale, which the campaign links to."""
        named = [event.naming("opportunity") for event in self.found(*on)]
        assert [event.stream for event in self.found("opportunity.opened")] == named
        linked = self.found("campaign.opportunity-linked")
        assert [event.data["opportunity_id"] for event in linked] == named


@pytest.fixture
def market(journal_url: str) -> Iterator[Market]:
    market = Market(journal_url)
    yield market
    market.close()


@IN_PROCESS
def test_what_a_policy_makes_has_the_id_that_its_event_names(market: Market) -> None:
    market.interest(2)
    reactions = market.reactions(chosen=chosen)
    with working(market.projection(), reactions.work):
        until(lambda: market.answered(reactions))
    market.sound()
    for response, opened in zip(market.found(*on), market.found("opportunity.opened"), strict=True):
        assert (opened.version, opened.cause) == (1, response.command_id)
        assert (opened.actor, opened.on_behalf_of) == ("follow-interest", "e-17")
    market.do("opportunity.retitle", opened.stream, title="A fair deal")  # it is as any other


@IN_PROCESS
def test_a_repeat_finds_it_though_the_body_says_something_else_by_now(market: Market) -> None:
    market.interest(1)
    for _ in range(2):
        reactions = market.reactions(chosen=chosen)
        reactions.lease.acquire()
        reactions.checkpoint.set(0)
        reactions.lease.release()
        with working(market.projection(), reactions.work):
            until(lambda each=reactions: market.answered(each))  # type: ignore[misc]
    market.sound()


@IN_PROCESS
def test_a_link_that_a_crash_has_left_out_is_made_up_for(market: Market) -> None:
    market.interest(1)
    (response,) = market.found(*on)
    told = {"title": "As it was", "unit": "gd-gz"}
    market.do("opportunity.open", response.naming("opportunity"), **told)
    reactions = market.reactions(chosen=chosen)
    with working(market.projection(), reactions.work):
        until(lambda: market.answered(reactions))
    market.sound()
    assert market.found("opportunity.opened")[0].data["title"] == "As it was"


@ON_A_SERVER
def test_two_runners_that_fight_for_the_lease_make_each_record_once(market: Market) -> None:
    first, second = (market.reactions(chosen=chosen, lease_seconds=0.001) for _ in range(2))
    with working(market.projection(), first.work, second.work):
        market.interest(COUNT)
        until(lambda: market.answered(first))
    market.sound()


@ON_A_SERVER
def test_a_killed_runner_is_succeeded_and_each_record_is_made_once(market: Market) -> None:
    market.interest(COUNT)
    with killed("tests.streams.reactor", market.url, market.rows_url, __name__):
        until(lambda: len(market.found("opportunity.opened")) >= COUNT // 3)
    reactions = market.reactions(chosen=chosen, lease_seconds=0.3)
    with working(market.projection(), reactions.work):
        until(lambda: market.answered(reactions))
    market.sound()


@IN_PROCESS
def test_what_was_refused_is_neither_made_nor_linked(market: Market) -> None:
    market.do("customer.close", market.customers[0], reason="bankrupt")
    market.interest(1)
    reactions = market.reactions(chosen=chosen)
    with working(market.projection(), reactions.work):
        until(lambda: market.answered(reactions))
    assert not market.found("opportunity.opened")
    assert not market.found("campaign.opportunity-linked")


@IN_PROCESS
def test_an_id_that_something_else_has_is_refused(market: Market) -> None:
    head = market.journal.head().position
    with pytest.raises(UnknownId, match="is no opportunity"):
        market.do("opportunity.open", market.campaign, title="x", unit="gd-gz")
    assert market.journal.head().position == head


@IN_PROCESS
def test_the_id_is_of_the_moment_of_the_event_and_of_what_is_made(market: Market) -> None:
    first, second = market.journal.read(0, 2)
    ids = {each.naming(what) for each in (first, second) for what in ("opportunity", "task")}
    assert len(ids) == 4
    assert first.naming("task") == first.naming("task")
    assert UUID(first.naming("task")).version == 7
    assert UUID(first.naming("task")).int >> 80 == int(first.time.timestamp() * 1000)
