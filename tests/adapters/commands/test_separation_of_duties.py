"""Separation of duties: whoever submitted a campaign neither approves nor rejects it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.commands.executor import Call, Executor
from adapters.refusals import RuleBroken
from domain.kernel.aggregate import Origin, SameHands, new_id
from domain.kernel.commands import commands
from domain.marketing.campaign_course import SubmissionRequired
from tests.adapters.commands.test_executor import call, started, stop

PLAN: dict[str, Any] = {
    "name": "Spring",
    "goal": "More lines",
    "kind": "retention",
    "budget": "100.00",
    "starts_on": "2026-03-01",
    "ends_on": "2026-04-01",
    "units": ["gd"],
}


@pytest.fixture
def executor(journal_url: str) -> Iterator[Executor]:
    executor = started(journal_url)
    yield executor
    stop(executor)


def by(actor: str, command: str, id: str, behalf: str | None = None, **body: Any) -> Call:
    """Return a call by somebody, perhaps on behalf of somebody else."""
    return Call(f"campaign.{command}", id, body, Origin(actor, "gd", new_id(), behalf))


def refused(executor: Executor, wish: Call) -> str:
    """Return the rule by which a call is refused."""
    with pytest.raises(RuleBroken) as caught:
        executor.execute(wish)
    return caught.value.name


@pytest.fixture
def plan(executor: Executor) -> str:
    return executor.execute(call("campaign.plan", **PLAN)).id


def test_nobody_approves_or_rejects_what_they_submitted(executor: Executor, plan: str) -> None:
    executor.execute(by("li.wei", "submit", plan))

    assert refused(executor, by("li.wei", "approve", plan)) == SameHands.rule()
    assert refused(executor, by("li.wei", "reject", plan, reason="x")) == SameHands.rule()
    assert executor.execute(by("zhang.min", "approve", plan)).version == 3


def test_a_deputy_counts_as_both(executor: Executor, plan: str) -> None:
    executor.execute(by("deputy", "submit", plan, behalf="li.wei"))

    assert refused(executor, by("li.wei", "approve", plan)) == SameHands.rule()
    assert refused(executor, by("deputy", "approve", plan)) == SameHands.rule()
    assert refused(executor, by("other", "approve", plan, behalf="li.wei")) == SameHands.rule()
    assert executor.execute(by("other", "approve", plan, behalf="zhang.min")).version == 3


def test_the_last_submission_counts(executor: Executor, plan: str) -> None:
    executor.execute(by("li.wei", "submit", plan))
    executor.execute(by("zhang.min", "reject", plan, reason="too dear"))
    executor.execute(by("zhang.min", "submit", plan))

    assert refused(executor, by("zhang.min", "approve", plan)) == SameHands.rule()
    assert executor.execute(by("li.wei", "approve", plan)).version == 5


def test_it_holds_within_one_commit_and_leaves_the_neighbours_alone(
    executor: Executor, plan: str
) -> None:
    with executor.journal._writing:
        waiting = [
            executor.submit(by("li.wei", "submit", plan)),
            executor.submit(by("li.wei", "approve", plan)),
            executor.submit(by("zhang.min", "approve", plan)),
        ]

    assert waiting[0].result().version == 2
    assert isinstance(waiting[1].exception(), RuleBroken)
    assert waiting[2].result().version == 3


def test_what_was_not_submitted_is_refused_for_that(executor: Executor, plan: str) -> None:
    assert refused(executor, by("li.wei", "approve", plan)) == SubmissionRequired.rule()


def test_the_rule_is_declared_by_the_commands_that_decide() -> None:
    apart = {name for name, command in commands().items() if command.apart_from is not None}
    assert {"campaign.approve", "campaign.reject"} <= apart
    assert all(SameHands in commands()[name].rules for name in apart)


def test_the_administrator_is_no_exception(executor: Executor, plan: str) -> None:
    executor.execute(by("admin", "submit", plan))
    assert refused(executor, by("admin", "approve", plan)) == SameHands.rule()
