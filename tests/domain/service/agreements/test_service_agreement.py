"""Service agreements: versions with their days, approved by somebody else, amended ahead."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import NothingChanged, RuleViolation
from domain.kernel.parts.reviewed import DecisionOpenRequired, DraftRequired
from domain.kernel.time.business_day import today
from domain.kernel.types.authority import Level
from domain.service.agreements.agreement_clauses import (
    ClauseCodeTaken,
    ClausesRequired,
    CreditsFall,
    TargetMisfit,
)
from domain.service.agreements.service_agreement import (
    AgreementEnded,
    AgreementReversed,
    AmendAhead,
    AmendmentPending,
    AmendmentsFollow,
    ServiceAgreement,
    Status,
)
from tests.domain.play import Step, play, plays
from tests.domain.service.agreements.agreed import (
    CIRCUITS,
    DAY,
    FAULTS,
    approved,
    clause,
    drafted,
    earning,
    ended,
    submit,
    submitted,
)

RISING = [{"below": "99.9", "percent_of_fee": "10"}, {"below": "99", "percent_of_fee": "5"}]
TWICE = [{"below": "99", "percent_of_fee": "5"}, {"below": "99", "percent_of_fee": "10"}]


@pytest.mark.parametrize(
    ("percent", "levels"),
    [
        ("5", [Level.NETWORK]),
        ("20", [Level.NETWORK, Level.PROVINCE]),
        ("25", [Level.NETWORK, Level.PROVINCE, Level.GROUP]),
    ],
)
def test_how_high_an_agreement_goes_follows_from_the_largest_credit_and_nobody_approves_their_own(
    percent: str, levels: list[Level]
) -> None:
    agreement = submitted(clauses=[earning(percent)])
    assert agreement.status is Status.SUBMITTED
    assert [each.level for each in agreement.route] == levels


def test_a_cap_keeps_the_credit_within_it() -> None:
    assert clause(credits=[{"below": "99", "percent_of_fee": "30"}], cap_percent="10").most == 10


def test_a_first_version_may_have_counted_already_an_amendment_counts_ahead() -> None:
    agreement = approved()
    assert agreement.status is Status.APPROVED
    agreement.draft_amendment([earning("5")], today())
    with pytest.raises(AmendAhead):
        submit(agreement)
    agreement.revise_draft(from_=today() + DAY)
    submit(agreement)
    agreement.approve(Level.GROUP)
    assert [each.valid_from for each in agreement.versions] == [
        today() - 365 * DAY,
        today() + DAY,
    ]


def test_an_amendment_whose_day_came_before_it_was_decided_is_not_approved() -> None:
    agreement = approved()
    agreement.draft_amendment([earning("5")], today() + DAY)
    submit(agreement)
    agreement.versions[-1] = agreement.versions[-1]._replace(valid_from=today())
    with pytest.raises(AmendAhead):
        agreement.approve(Level.GROUP)


def amended() -> ServiceAgreement:
    """Return one whose amendment counts in a month, and was approved."""
    agreement = approved(until=today() + 60 * DAY)
    agreement.draft_amendment([earning("5")], today() + 30 * DAY)
    submit(agreement)
    agreement.approve(Level.GROUP)
    return agreement


@pytest.mark.parametrize(
    ("rule", "field", "broken"),
    [
        (ClausesRequired, "clauses", lambda: drafted([])),
        (ClausesRequired, "clauses", lambda: drafted().revise_draft([])),
        (ClauseCodeTaken, "clauses", lambda: drafted([clause(), clause()])),
        (TargetMisfit, "clauses/0/target", lambda: drafted([clause(target={"seconds": 60})])),
        (TargetMisfit, "clauses/0/target", lambda: drafted([clause(target={})])),
        (TargetMisfit, "clauses/0/target", lambda: drafted([clause(share_percent="95")])),
        (
            TargetMisfit,
            "clauses/1/target",
            lambda: drafted([clause(), clause(FAULTS, share_percent=None)]),
        ),
        (
            TargetMisfit,
            "clauses/0/target",
            lambda: drafted([clause(FAULTS, target={"seconds": 60, "percent": "95"})]),
        ),
        (CreditsFall, "clauses/0/credits", lambda: drafted([clause(credits=RISING)])),
        (CreditsFall, "clauses/0/credits", lambda: drafted([clause(credits=TWICE)])),
        (AgreementReversed, "until", lambda: drafted(since=today(), until=today() - DAY)),
        (
            AgreementReversed,
            "from",
            lambda: drafted(until=today()).revise_draft(from_=today() + DAY),
        ),
        (AmendmentPending, None, lambda: drafted().draft_amendment([clause()], today() + DAY)),
        (AmendmentPending, None, lambda: submitted().draft_amendment([clause()], today() + DAY)),
        (AmendmentsFollow, "from", lambda: amended().draft_amendment([clause()], today() + DAY)),
        (
            AmendmentsFollow,
            "from",
            lambda: amended().draft_amendment([clause()], today() + 61 * DAY),
        ),
        (NothingChanged, None, lambda: drafted().revise_draft(from_=today() - 365 * DAY)),
        (DraftRequired, None, lambda: submitted().revise_draft([clause()])),
        (DecisionOpenRequired, None, lambda: approved().approve(Level.GROUP)),
        (AgreementEnded, None, lambda: ended().end("Again")),
        (AgreementEnded, None, lambda: ended().draft_amendment([clause()], today() + DAY)),
    ],
)
def test_what_contradicts_an_agreement_is_refused(
    rule: type[RuleViolation], field: str | None, broken: Callable[[], Any]
) -> None:
    with pytest.raises(rule) as refused:
        broken()
    assert refused.value.field == field


def test_credits_are_told_in_any_order_and_may_stay_the_same() -> None:
    steps = [{"below": "99", "percent_of_fee": "10"}, {"below": "99.9", "percent_of_fee": "10"}]
    assert drafted([clause(CIRCUITS, credits=steps)]).most_credit == 10


@settings(deadline=None)
@given(plays(ServiceAgreement))
def test_any_commands_are_refused_by_declared_rules_or_told_again_alike(
    told: tuple[int, list[Step]],
) -> None:
    play(ServiceAgreement, *told)
