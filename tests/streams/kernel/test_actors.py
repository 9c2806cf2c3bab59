"""Nobody keeps a policy from its work, whatever they are called and whichever ids they use."""

from collections.abc import Iterator

import pytest

from adapters.commands.executor import Call
from domain.kernel.actors import Actor
from domain.kernel.aggregate import Origin
from tests.streams.flow import until, working
from tests.streams.kernel.test_policy_runner import House


@pytest.fixture
def house(journal_url: str) -> Iterator[House]:
    house = House(journal_url)
    yield house
    house.close()


@pytest.mark.parametrize("code", ["abandon-opportunities", "policy:abandon-opportunities"])
def test_a_person_who_uses_the_id_of_a_policys_command_keeps_it_from_nothing(
    house: House, code: str
) -> None:
    customer, (opened,) = house.customer(1)
    closing = house.journal.head().position + 2
    told = f"abandon-opportunities/{closing}/{opened}"
    posing = Origin(code, "gd-gz", told)
    body = {"name": "Renamed"}
    house.executor.execute(Call("customer.correct-details", customer, body, posing))
    house.do("customer.close", customer, reason="bankrupt")
    assert house.journal.head().position == closing
    reactions = house.reactions()
    with working(house.projection(), reactions.work):
        until(lambda: reactions.checkpoint.get() >= closing)
    (abandoned,) = house.abandoned()
    assert abandoned.command_id == told
    assert abandoned.who == Actor("policy", "abandon-opportunities")
    renamed = next(each for each in house.journal.history(customer) if each.command_id == told)
    assert renamed.who == Actor("person", code)
    assert renamed.behalf is None
