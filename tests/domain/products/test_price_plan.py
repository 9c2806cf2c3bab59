"""Price plans: versions that follow one another, approved by somebody else ahead of their day."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged, RuleViolation
from domain.kernel.parts.reviewed import DecisionOpenRequired, DraftRequired
from domain.kernel.time.business_day import today
from domain.kernel.types.authority import Level
from domain.permissions.authority_limits import decide
from domain.products.price_parts import PricePart
from domain.products.price_plan import (
    PlanCodeTaken,
    PlanEnded,
    PriceAhead,
    PricePlan,
    Status,
    VersionPending,
    VersionsFollow,
)
from tests.bodies import IDS
from tests.domain.play import SEATS, Step, play, plays, stated
from tests.domain.products.test_price_parts import LINE, part

DAY = timedelta(days=1)


def drafted(ahead: int = 30, parts: list[PricePart] | None = None, unit: str = "gd") -> PricePlan:
    """Return a plan that counts so many days from now on."""
    day = today() + ahead * DAY
    return PricePlan.draft(IDS[0], "dl", unit, parts or [part()], day)


def submitted(**more: Any) -> PricePlan:
    """Return it submitted."""
    plan = drafted(**more)
    plan.submit(SEATS, decide("price-authority", {"deepest": plan.deepest}))
    return plan


def approved(**more: Any) -> PricePlan:
    """Return it approved."""
    plan = submitted(**more)
    plan.approve(Level.GROUP)
    return plan


def ended() -> PricePlan:
    """Return it ended."""
    plan = approved()
    plan.end("Replaced")
    return plan


def test_a_plan_claims_its_code_in_its_unit() -> None:
    assert drafted().claims == {PlanCodeTaken: ("gd", "dl")}


@pytest.mark.parametrize(
    ("last", "levels"), [("18", [Level.PROVINCE]), ("25", [Level.PROVINCE, Level.GROUP])]
)
def test_a_province_decides_about_prices_up_to_a_fifth_below_and_nobody_about_their_own(
    last: str, levels: list[Level]
) -> None:
    plan = submitted(parts=[part([*LINE[:2], (20, None, last)])])
    assert plan.deepest == Decimal(last)
    assert [each.level for each in plan.route] == levels
    plan.approve(Level.PROVINCE)
    assert plan.status == (Status.APPROVED if len(levels) == 1 else Status.SUBMITTED)


def test_versions_follow_one_another_by_their_first_days() -> None:
    plan = approved()
    later = today() + 60 * DAY
    plan.draft_version([part(tiering="graduated")], later)
    assert plan.status is Status.DRAFTED
    with pytest.raises(VersionsFollow):
        plan.revise_draft(valid_from=today() + DAY)
    plan.revise_draft(valid_from=later + DAY)
    assert [each.valid_from for each in plan.drafts] == [today() + 30 * DAY, later + DAY]
    with pytest.raises(NothingChanged):
        plan.revise_draft(valid_from=later + DAY)


def test_what_was_approved_before_it_was_entered_is_taken_over() -> None:
    day = date(2026, 1, 1)
    plan = PricePlan.draft(IDS[0], "dl", "gd", [part()], day)
    with pytest.raises(PriceAhead):
        plan.take_over(day)
    plan.take_over(day - DAY, "资费管理委员会")
    assert (plan.status, stated(plan)) == (Status.APPROVED, ["drafted", "taken-over"])


def test_a_price_that_would_count_before_its_approval_is_not_approved() -> None:
    plan = submitted(ahead=1)
    assert plan.status is Status.SUBMITTED
    plan.drafts[-1] = plan.drafts[-1]._replace(valid_from=today())
    with pytest.raises(PriceAhead):
        plan.approve(Level.GROUP)


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (PriceAhead, lambda: submitted(ahead=0)),
        (VersionPending, lambda: drafted().draft_version([part()], today())),
        (VersionPending, lambda: submitted().draft_version([part()], today())),
        (VersionsFollow, lambda: approved().draft_version([part()], today())),
        (DraftRequired, lambda: submitted().revise_draft([part()])),
        (DraftRequired, lambda: approved().take_over(today() - DAY)),
        (DecisionOpenRequired, lambda: approved().approve(Level.GROUP)),
        (PlanEnded, lambda: ended().end("Again")),
        (PlanEnded, lambda: ended().draft_version([part()], today())),
    ],
)
def test_each_rule_refuses_what_breaks_it(
    rule: type[RuleViolation], broken: Callable[[], Any]
) -> None:
    with pytest.raises(rule):
        broken()


@settings(max_examples=50)
@given(plays(PricePlan))
def test_any_commands_are_refused_by_declared_rules_or_told_again_alike(
    told: tuple[int, list[Step]],
) -> None:
    play(PricePlan, *told)
