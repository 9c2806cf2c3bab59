"""Campaigns: planning and approval, targets and responses, cost and evaluation."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.kernel.aggregate import NothingChanged
from domain.kernel.types.values import LARGEST
from domain.marketing.campaign import (
    Campaign,
    CampaignEvaluated,
    CampaignKind,
    CloseRequired,
    CostTooLarge,
    PeriodReversed,
)
from domain.marketing.campaign_course import (
    ApprovalRequired,
    LaunchRequired,
    PauseRequired,
    PlanRequired,
    RunningRequired,
    Status,
    SubmissionRequired,
    TargetsRequired,
)
from domain.marketing.campaign_outreach import (
    CampaignClosed,
    ContactChannel,
    ContactOutcome,
    ResponseKind,
    TargetContacted,
    TargetRequired,
)
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays, stated


def planned(starts_on: date = date(2024, 4, 1), ends_on: date = date(2024, 6, 30)) -> Campaign:
    return Campaign.plan(
        "Cloud lines", "Sell", CampaignKind.CROSS_SELLING, ["gd"], Decimal(5000), starts_on, ends_on
    )


@pytest.fixture
def plan() -> Campaign:
    return planned()


@pytest.fixture
def running(plan: Campaign) -> Campaign:
    plan.add_targets(IDS[:3])
    plan.submit()
    plan.approve()
    plan.launch()
    return plan


@pytest.fixture
def closed(running: Campaign) -> Campaign:
    running.record_contact(IDS[0], ContactChannel.PHONE, ContactOutcome.REACHED)
    running.record_response(IDS[0], ResponseKind.INQUIRY)
    running.record_response(IDS[0], ResponseKind.ORDER)
    running.record_cost(Decimal("300.00"), "Calls")
    running.close()
    return running


def test_a_campaign_ends_no_earlier_than_it_starts(plan: Campaign) -> None:
    with pytest.raises(PeriodReversed):
        planned(ends_on=date(2024, 3, 31))
    with pytest.raises(PeriodReversed) as refusal:
        plan.revise_plan(starts_on=date(2024, 7, 1))
    assert refusal.value.field == "starts_on"


def test_a_plan_is_revised_until_it_is_submitted(plan: Campaign) -> None:
    plan.revise_plan(budget=Decimal(4000))
    assert plan.outline["budget"] == Decimal(4000)
    assert plan.outline["name"] == "Cloud lines"
    with pytest.raises(NothingChanged):
        plan.revise_plan(budget=Decimal(4000))
    plan.submit()
    with pytest.raises(PlanRequired):
        plan.revise_plan(budget=Decimal(3000))
    with pytest.raises(PlanRequired):
        plan.submit()


def test_a_rejected_plan_can_be_submitted_again(plan: Campaign) -> None:
    plan.submit()
    plan.reject("Too dear")
    assert plan.status is Status.PLANNED
    plan.submit()
    plan.approve()
    assert stated(plan)[-2:] == ["submitted", "approved"]


def test_only_a_submitted_plan_is_approved_or_rejected(plan: Campaign) -> None:
    with pytest.raises(SubmissionRequired):
        plan.approve()
    with pytest.raises(SubmissionRequired):
        plan.reject("Too dear")


def test_a_campaign_is_launched_with_approval_and_targets(plan: Campaign) -> None:
    with pytest.raises(ApprovalRequired):
        plan.launch()
    plan.submit()
    plan.approve()
    with pytest.raises(TargetsRequired):
        plan.launch()
    plan.add_targets(IDS[:1])
    plan.launch()
    assert plan.status is Status.RUNNING


def test_thousands_of_targets_are_added_at_once_and_each_only_once(plan: Campaign) -> None:
    ids = [f"0192f3a1-0000-7000-8000-{number:012x}" for number in range(10_000)]
    plan.add_targets(ids[:6000] + ids[:10])
    assert len(last(plan)["customer_ids"]) == 6000
    plan.add_targets(ids)
    assert len(last(plan)["customer_ids"]) == 4000
    assert plan.targets == set(ids)
    with pytest.raises(NothingChanged):
        plan.add_targets(ids[:1])


def test_targets_are_removed_unless_they_were_contacted(running: Campaign) -> None:
    running.remove_targets([IDS[2], IDS[2]], "Closed")
    assert last(running)["customer_ids"] == [IDS[2]]
    with pytest.raises(TargetRequired):
        running.remove_targets([IDS[2]])
    running.record_contact(IDS[0], ContactChannel.PHONE, ContactOutcome.NOT_REACHED)
    with pytest.raises(TargetContacted):
        running.remove_targets([IDS[0], IDS[1]])


def test_only_targets_are_contacted_and_respond(running: Campaign) -> None:
    with pytest.raises(TargetRequired):
        running.record_contact(IDS[3], ContactChannel.PHONE, ContactOutcome.REACHED)
    with pytest.raises(TargetRequired):
        running.record_response(IDS[3], ResponseKind.INQUIRY)


def test_the_first_contact_and_the_first_response_of_a_target_are_marked(
    running: Campaign,
) -> None:
    for first in (True, False):
        running.record_contact(IDS[0], ContactChannel.PHONE, ContactOutcome.REACHED)
        assert last(running)["first"] is first
    for first in (True, False):
        running.record_response(IDS[0], ResponseKind.INQUIRY)
        assert last(running)["first"] is first


def test_a_paused_campaign_contacts_nobody_but_takes_responses(running: Campaign) -> None:
    running.pause("Holidays")
    with pytest.raises(RunningRequired):
        running.record_contact(IDS[0], ContactChannel.PHONE, ContactOutcome.REACHED)
    with pytest.raises(RunningRequired):
        running.pause("Again")
    running.record_response(IDS[0], ResponseKind.INTEREST)
    running.resume()
    with pytest.raises(PauseRequired):
        running.resume()


def test_responses_come_in_only_between_launch_and_close(plan: Campaign) -> None:
    plan.add_targets(IDS)
    with pytest.raises(LaunchRequired):
        plan.record_response(IDS[0], ResponseKind.INTEREST)
    with pytest.raises(LaunchRequired):
        plan.close()


def test_the_targets_of_a_closed_campaign_stand(closed: Campaign) -> None:
    assert closed.retired
    with pytest.raises(CampaignClosed):
        closed.add_targets([IDS[3]])
    with pytest.raises(CampaignClosed):
        closed.remove_targets([IDS[1]])


def test_an_opportunity_is_linked_once(running: Campaign) -> None:
    running.link_opportunity(IDS[0])
    with pytest.raises(NothingChanged):
        running.link_opportunity(IDS[0])


def test_costs_cannot_come_to_more_than_can_be_written_down(running: Campaign) -> None:
    running.record_cost(LARGEST, "Everything")
    with pytest.raises(CostTooLarge):
        running.record_cost(Decimal("0.01"), "Stamps")


def test_an_evaluation_states_rates_and_return(closed: Campaign) -> None:
    closed.evaluate("Worth it", orders_won=1, won_amount=Decimal("1000.00"))
    assert last(closed) == {
        "conclusion": "Worth it",
        "targets": 3,
        "contacted": 1,
        "responded": 1,
        "response_rate": "0.3333",
        "cost": "300.00",
        "cost_per_response": "300.00",
        "orders_won": 1,
        "won_amount": "1000.00",
        "roi": "2.3333",
        "on": None,
    }


def test_an_evaluation_without_cost_or_targets_leaves_the_ratios_open(running: Campaign) -> None:
    running.remove_targets(IDS[:3])
    running.close()
    running.evaluate("Nothing came of it", orders_won=0, won_amount=Decimal(0))
    assert [last(running)[name] for name in ("response_rate", "cost_per_response", "roi")] == [
        None,
        None,
        None,
    ]


def test_only_a_closed_campaign_is_evaluated(running: Campaign) -> None:
    with pytest.raises(CloseRequired):
        running.evaluate("Too early", 0, Decimal(0))


def test_the_figures_of_an_evaluated_campaign_stand(closed: Campaign) -> None:
    closed.evaluate("Worth it", 1, Decimal(1000))
    changes: list[Callable[[], None]] = [
        lambda: closed.evaluate("Again", 2, Decimal(2000)),
        lambda: closed.record_cost(Decimal(1), "Late bill"),
        lambda: closed.link_opportunity(IDS[0]),
    ]
    for change in changes:
        with pytest.raises(CampaignEvaluated):
            change()


@given(st.sets(st.integers(0, 6)), st.dictionaries(st.integers(0, 5), st.integers(1, 6)))
def test_targets_are_counted_as_those_who_stand_for_them(
    targets: set[int], merged: dict[int, int]
) -> None:
    campaign = planned()
    campaign.targets = set(map(str, targets))
    campaign.replaced = {str(one): str(max(one + 1, other)) for one, other in merged.items()}
    assert campaign.counts["targets"] == len(campaign.standing_for(campaign.targets))


@settings(deadline=None)
@given(plays(Campaign))
def test_any_commands_are_refused_whole_or_replay_to_the_same_campaign(
    scene: tuple[int, list[Step]],
) -> None:
    play(Campaign, *scene)


def test_a_campaign_belongs_to_its_manager_and_to_all_units_that_carry_it_out(
    plan: Campaign,
) -> None:
    assert plan.units == {"gd"}
    assert plan.owners == frozenset()
    plan.revise_plan(units=["gd-gz", "gd-sz"], manager="li.wei")
    assert plan.units == {"gd-gz", "gd-sz"}
    assert plan.owners == {"li.wei"}
