"""Opportunities: stages, the offer, the team, and how a sale ends."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged
from domain.kernel.time.replay import taken
from domain.kernel.time.retroactive import DatesContradict
from domain.sales.opportunity import CompetitorRequired, DealTeamMemberRequired, Opportunity
from domain.sales.opportunity_end import CustomerRequired, EndRequired, LossReason, WinRequired
from domain.sales.opportunity_offer import (
    AmountTooLarge,
    CloseBeforeOpening,
    ProductLine,
    amount_of,
)
from domain.sales.opportunity_stage import (
    PROBABILITY,
    EarlierStageRequired,
    LaterStageRequired,
    LeadRequired,
    OpportunityEnded,
    Stage,
    Status,
)
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays, stated

LINE = ProductLine(
    product="DIA", quantity=2, monthly=Decimal("100.00"), one_off=Decimal("50.50"), months=24
)
HUGE = ProductLine(product="DIA", quantity=1_000_000, one_off=Decimal("9999999999999999.99"))


@pytest.fixture
def deal() -> Opportunity:
    return Opportunity.open("Leased lines", "gd-gz", IDS[0], opened_on=date(2024, 1, 8))


@pytest.fixture
def won(deal: Opportunity) -> Opportunity:
    deal.win(Decimal("99.00"), "HT-1", closed_on=date(2024, 6, 1))
    return deal


def test_an_opportunity_opens_as_a_lead_with_its_usual_probability(deal: Opportunity) -> None:
    assert stated(deal) == ["opened"]
    assert last(deal)["stage"] == "lead"
    assert last(deal)["probability"] == PROBABILITY[Stage.LEAD]


def test_the_amount_is_what_the_lines_come_to_unless_it_is_given() -> None:
    assert amount_of([LINE]) == Decimal("4901.00")
    assert Opportunity.open("x", "gd", lines=[LINE]).amount == Decimal("4901.00")
    assert Opportunity.open("x", "gd", lines=[LINE], amount=Decimal(5)).amount == Decimal(5)
    assert Opportunity.open("x", "gd").amount is None


def test_the_lines_cannot_come_to_more_than_can_be_written_down(deal: Opportunity) -> None:
    with pytest.raises(AmountTooLarge):
        Opportunity.open("x", "gd", lines=[HUGE])
    with pytest.raises(AmountTooLarge):
        deal.revise_lines([HUGE])


def test_lines_amount_and_expected_close_are_revised(deal: Opportunity) -> None:
    deal.revise_lines([LINE])
    assert deal.amount == Decimal("4901.00")
    deal.revise_amount(Decimal("4500.00"), "Discount")
    deal.revise_expected_close(date(2024, 7, 1))
    assert stated(deal)[1:] == ["lines-revised", "amount-revised", "expected-close-revised"]
    with pytest.raises(NothingChanged):
        deal.revise_amount(Decimal("4500.00"))
    with pytest.raises(NothingChanged):
        deal.revise_expected_close(date(2024, 7, 1))
    deal.revise_lines([LINE])
    with pytest.raises(NothingChanged):
        deal.revise_lines([LINE])


def test_a_lead_is_qualified_once(deal: Opportunity) -> None:
    deal.qualify(note="Budget approved")
    assert deal.stage is Stage.QUALIFIED
    with pytest.raises(LeadRequired):
        deal.qualify()


def test_an_opportunity_advances_over_stages_but_never_backwards(deal: Opportunity) -> None:
    deal.advance(Stage.PROPOSAL)
    assert last(deal)["previous"] == "lead"
    assert deal.probability == PROBABILITY[Stage.PROPOSAL]
    for stage in (Stage.PROPOSAL, Stage.SOLUTION):
        with pytest.raises(LaterStageRequired):
            deal.advance(stage)


def test_an_opportunity_moves_back_only_to_an_earlier_stage(deal: Opportunity) -> None:
    deal.advance(Stage.PROPOSAL)
    deal.move_back(Stage.QUALIFIED, "Need changed", probability=0)
    assert (deal.stage, deal.probability) == (Stage.QUALIFIED, 0)
    with pytest.raises(EarlierStageRequired):
        deal.move_back(Stage.QUALIFIED, "Again")


def test_a_probability_can_be_known_better_than_its_stage(deal: Opportunity) -> None:
    deal.estimate(55)
    assert deal.probability == 55
    with pytest.raises(NothingChanged):
        deal.estimate(55)
    deal.advance(Stage.SOLUTION, probability=70)
    assert deal.probability == 70


def test_an_opportunity_without_a_customer_is_not_won() -> None:
    lead = Opportunity.open("x", "gd")
    with pytest.raises(CustomerRequired):
        lead.win(Decimal(1))
    lead.name_customer(IDS[0])
    with pytest.raises(NothingChanged):
        lead.name_customer(IDS[0])
    lead.win(Decimal(1))
    assert lead.status is Status.WON


def test_a_won_opportunity_has_the_amount_that_was_agreed(won: Opportunity) -> None:
    assert won.amount == Decimal("99.00")
    assert last(won)["contract_number"] == "HT-1"
    assert won.retired


def test_a_lost_opportunity_has_a_reason(deal: Opportunity) -> None:
    deal.lose(LossReason.PRICE, "China Unicom", closed_on=date(2024, 6, 1))
    assert deal.status is Status.LOST
    assert last(deal)["reason"] == "price"


def test_an_opportunity_can_be_abandoned(deal: Opportunity) -> None:
    deal.abandon("Customer closed")
    assert deal.status is Status.ABANDONED


def test_a_win_is_corrected_for_its_own_day(won: Opportunity) -> None:
    won.correct_win("Misread", amount=Decimal("990.00"), clear=["contract_number"])
    assert (won.status, won.amount) == (Status.WON, Decimal("990.00"))
    assert last(won) == {
        "amount": "990.00",
        "contract_number": None,
        "closed_on": "2024-06-01",
        "reason": "Misread",
        "since": "2024-06-01",
    }
    with pytest.raises(NothingChanged):
        won.correct_win("Again", amount=Decimal("990.00"))


@pytest.mark.parametrize("day", [date(2024, 5, 20), date(2024, 6, 9)])
def test_a_win_moved_to_another_day_is_stated_of_both(won: Opportunity, day: date) -> None:
    count = len(won.pending_events)
    won.correct_win("Signed on another day", closed_on=day)
    assert stated(won)[count:] == ["win-corrected", "win-corrected"]
    assert (won.status, won.amount) == (Status.WON, Decimal("99.00"))
    won.correct_win("Back", closed_on=date(2024, 6, 1))


def test_a_win_is_not_before_what_is_known_of_its_sale(deal: Opportunity) -> None:
    deal.advance(Stage.SOLUTION)
    taken(deal, datetime.now(UTC))
    deal.win(Decimal(9))
    with pytest.raises(DatesContradict) as refusal:
        deal.correct_win("Earlier", closed_on=date(2024, 6, 1))
    assert refusal.value.field == "closed_on"


def test_only_a_win_is_corrected(deal: Opportunity) -> None:
    with pytest.raises(WinRequired):
        deal.correct_win("Wrong", amount=Decimal(1))
    deal.win(Decimal(9))
    deal.reopen("Annulled")
    with pytest.raises(WinRequired):
        deal.correct_win("Wrong", amount=Decimal(1))


def test_a_reopened_sale_has_the_amount_that_was_expected(deal: Opportunity) -> None:
    deal.revise_amount(Decimal("120.00"))
    deal.win(Decimal("99.00"))
    deal.reopen("Annulled")
    assert deal.amount == Decimal("120.00")


def test_an_ended_opportunity_is_not_changed(won: Opportunity) -> None:
    changes: list[Callable[[], None]] = [
        lambda: won.advance(Stage.SOLUTION),
        lambda: won.lose(LossReason.PRICE),
        lambda: won.revise_amount(Decimal(3)),
        lambda: won.add_competitor("China Unicom"),
    ]
    for change in changes:
        with pytest.raises(OpportunityEnded):
            change()


def test_an_ended_opportunity_is_reopened_where_it_stood(won: Opportunity) -> None:
    won.reopen("Annulled")
    assert (won.status, won.stage) == (Status.OPEN, Stage.LEAD)
    with pytest.raises(EndRequired):
        won.reopen("Again")


def test_title_manager_and_unit_change_to_something_else(deal: Opportunity) -> None:
    deal.retitle("More lines")
    deal.assign_manager("e1")
    deal.transfer("gd", "Grew")
    assert (deal.title, deal.manager, deal.unit) == ("More lines", "e1", "gd")
    with pytest.raises(NothingChanged):
        deal.retitle("More lines")
    with pytest.raises(NothingChanged):
        deal.assign_manager("e1")
    with pytest.raises(NothingChanged):
        deal.transfer("gd", "Grew")


def test_competitors_come_and_go(deal: Opportunity) -> None:
    deal.add_competitor("China Unicom")
    with pytest.raises(NothingChanged):
        deal.add_competitor("China Unicom")
    deal.drop_competitor("China Unicom")
    with pytest.raises(CompetitorRequired):
        deal.drop_competitor("China Unicom")


def test_the_team_of_a_deal_comes_and_goes(deal: Opportunity) -> None:
    deal.add_team_member("e1", "Architect")
    with pytest.raises(NothingChanged):
        deal.add_team_member("e1", "Architect")
    deal.remove_team_member("e1")
    with pytest.raises(DealTeamMemberRequired):
        deal.remove_team_member("e1")


@settings(deadline=None)
@given(plays(Opportunity))
def test_any_commands_are_refused_whole_or_replay_to_the_same_opportunity(
    scene: tuple[int, list[Step]],
) -> None:
    play(Opportunity, *scene)


def test_an_opportunity_belongs_to_its_unit_its_manager_and_its_team(deal: Opportunity) -> None:
    assert deal.units == {"gd-gz"}
    assert deal.owners == frozenset()
    deal.assign_manager("li.wei")
    deal.add_team_member("wang.fang", "presales")
    assert deal.owners == {"li.wei", "wang.fang"}


def test_a_sale_is_not_expected_to_close_before_it_was_opened() -> None:
    opened, before = date(2024, 3, 2), date(2024, 3, 1)
    with pytest.raises(CloseBeforeOpening) as refusal:
        Opportunity.open("x", "gd", expected_close=before, opened_on=opened)
    assert refusal.value.field == "expected_close"
    deal = Opportunity.open("x", "gd", expected_close=opened, opened_on=opened)
    with pytest.raises(CloseBeforeOpening):
        deal.revise_expected_close(before)
    deal.revise_expected_close(date(2024, 3, 3))
    Opportunity.open("x", "gd", expected_close=before)
