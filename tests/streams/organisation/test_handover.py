"""Handovers go over, are completed, and come back; each record once, whoever dies meanwhile."""

from collections.abc import Iterator

import pytest

from domain.kernel.actors import Actor
from domain.kernel.aggregate import Recorded
from streams.kernel.policy import Facts
from streams.organisation.plan_handover import plan_handover
from tests.api.warm import killed
from tests.streams.flow import until
from tests.streams.organised import Company


@pytest.fixture
def company(journal_url: str) -> Iterator[Company]:
    company = Company(journal_url)
    yield company
    company.close()


def test_everything_goes_to_one_successor(company: Company) -> None:
    account, other = company.account("e1"), company.account("e3")
    company.do("service-ticket.wait", account[2], awaited="access")
    with company.reacting():
        handover = company.do(
            "handover.begin", employee="e1", successors=[{"employee": "e2"}], reason="Leave"
        )
    assert company.holders(account) == ["e2"] * 3
    assert company.holders(other) == ["e3"] * 3
    row = company.row("handovers", handover)
    assert (row["state"], row["planned"], row["kept"]) == ("done", 3, [])
    assert {(each["id"], each["to"]) for each in row["moved"]} == {(id, "e2") for id in account}
    done = company.journal.history(account[0])[-1]
    assert (done.who, done.on_behalf_of) == (Actor("policy", "carry-out-handover"), "e-17")


def test_each_successor_takes_named_customers_units_and_below_or_the_rest(
    company: Company,
) -> None:
    named, below, rest = (company.account("e1", unit) for unit in ("gd-gz", "gd-gz-bank", "gd-fs"))
    company.do(
        "handover.begin",
        employee="e1",
        reason="Leave",
        successors=[
            {"employee": "e2", "customers": [named[0]]},
            {"employee": "e3", "units": ["gd-gz"]},
        ],
    )
    with company.reacting():
        pass
    assert company.holders(named) == ["e2"] * 3
    assert company.holders(below) == ["e3"] * 3
    assert company.holders(rest) == ["e1"] * 3


def test_what_is_for_no_successor_is_shown_as_kept(company: Company) -> None:
    account = company.account("e1")
    with company.reacting():
        handover = company.do(
            "handover.begin",
            employee="e1",
            successors=[{"employee": "e2", "units": ["gd-sz"]}],
            reason="Leave",
        )
    row = company.row("handovers", handover)
    assert (row["state"], row["moved"]) == ("done", [])
    assert {each["id"] for each in row["kept"]} == set(account)


def test_a_reversed_handover_gives_back_what_is_still_with_the_successor(
    company: Company,
) -> None:
    account = company.account("e1")
    with company.reacting():
        handover = company.do(
            "handover.begin", employee="e1", successors=[{"employee": "e2"}], reason="Leave"
        )
    company.do("opportunity.assign-manager", account[1], manager="e3")
    with company.reacting():
        company.do("handover.reverse", handover, reason="Stays")
    assert company.holders(account) == ["e1", "e3", "e1"]
    row = company.row("handovers", handover)
    assert row["state"] == "reversed"
    assert [each["id"] for each in row["kept"]] == [account[1]]


def test_a_killed_runner_is_succeeded_and_everything_goes_over_once(company: Company) -> None:
    accounts = [company.account("e1") for _ in range(30)]
    handover = company.do(
        "handover.begin", employee="e1", successors=[{"employee": "e2"}], reason="Leave"
    )
    with killed("tests.streams.reactor", company.url, company.rows_url):
        until(lambda: any(e.type == "handover.planned" for e in company.journal.history(handover)))
    with company.reacting():
        pass
    for account in accounts:
        assert company.holders(account) == ["e2"] * 3
        assigned = [e for e in company.journal.history(account[0]) if e.data.get("manager") == "e2"]
        assert len(assigned) == 1
    assert len(company.row("handovers", handover)["moved"]) == 90


def test_the_same_facts_make_the_same_plan(company: Company) -> None:
    handover = company.do(
        "handover.begin", employee="e1", successors=[{"employee": "e2"}], reason="Leave"
    )
    event: Recorded = company.journal.history(handover)[0]
    facts: Facts = [
        {"kind": "customer", "id": "c", "holder": "e1", "customer_id": "c", "unit": "gd"}
    ]
    (wish,) = plan_handover(event, facts)
    assert wish.made(()) == {"moves": [{"kind": "customer", "id": "c", "to": "e2"}], "stay": []}
