"""Exclusions: of a clause that there is, of what it counts, decided once by somebody else."""

from typing import Any

import pytest
from hypothesis import given, settings

from domain.kernel.aggregate import RuleViolation
from domain.kernel.commands import commands
from domain.service.agreements.exclusion import (
    ClauseRequired,
    Exclusion,
    ExclusionDecided,
    ExclusionElsewhere,
    ExclusionMisfit,
    ExclusionReason,
    ExclusionReversed,
    ExclusionState,
)
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays
from tests.domain.service.agreements.agreed import CIRCUITS, approved, clause
from tests.domain.service.promised import at

TICKET = {"ticket_id": IDS[2]}
TIME: dict[str, Any] = {
    "product_in_use_id": IDS[3],
    "from_": at("02-10 10:00"),
    "to": at("02-10 11:00"),
}


def proposed(told: str = "faults", whose: str | None = IDS[0], **about: Any) -> Exclusion:
    """Return one proposed of an agreement that a customer has."""
    promised = approved().promised
    names = {"whose_ticket": whose, "whose_circuit": whose}
    what: dict[str, Any] = {"promised": promised, "customer_id": IDS[0], "unit": "gd-gz"} | names
    return Exclusion.propose(IDS[1], told, ExclusionReason.CUSTOMER, **what, **(about or TICKET))


def test_a_ticket_or_the_time_of_a_product_is_left_out_as_its_clause_counts() -> None:
    assert last(proposed())["ticket_id"] == IDS[2]
    told = last(proposed("circuits", **TIME))
    assert (told["product_in_use_id"], told["ticket_id"]) == (IDS[3], None)
    assert proposed(whose=None).state is ExclusionState.PROPOSED


def test_it_is_agreed_to_by_somebody_else_than_whoever_proposed_it() -> None:
    assert commands()["exclusion.agree"].apart_from is Exclusion.Proposed
    exclusion = proposed()
    exclusion.agree("As in the minutes")
    assert exclusion.state is ExclusionState.AGREED


@pytest.mark.parametrize("decide", ["agree", "refuse"])
def test_it_is_decided_once(decide: str) -> None:
    exclusion = proposed()
    exclusion.refuse("Ours")
    with pytest.raises(ExclusionDecided):
        getattr(exclusion, decide)("Again")


@pytest.mark.parametrize(
    ("rule", "field", "told"),
    [
        (ClauseRequired, "clause", {"told": "none"}),
        (ExclusionMisfit, "ticket_id", {**TIME}),
        (ExclusionMisfit, "product_in_use_id", {**TICKET, **TIME}),
        (ExclusionMisfit, "ticket_id", {"told": "circuits", **TICKET, **TIME}),
        (ExclusionMisfit, "to", {"told": "circuits", **TIME, "to": None}),
        (ExclusionMisfit, "from", {**TICKET, "from_": TIME["from_"]}),
        (ExclusionReversed, "to", {"told": "circuits", **TIME, "to": TIME["from_"]}),
        (ExclusionElsewhere, "ticket_id", {"whose": IDS[3]}),
        (ExclusionElsewhere, "product_in_use_id", {"told": "circuits", "whose": IDS[3], **TIME}),
    ],
)
def test_what_no_clause_counts_is_not_left_out(
    rule: type[RuleViolation], field: str, told: dict[str, Any]
) -> None:
    with pytest.raises(rule) as refused:
        proposed(**told)
    assert refused.value.field == field


def test_a_clause_counts_as_the_latest_version_has_it() -> None:
    agreement = approved()
    assert agreement.promised == {"circuits": False, "faults": True}
    changed = [clause(CIRCUITS, code="faults")]
    agreement.versions.append(agreement.versions[0]._replace(clauses=changed))
    assert agreement.promised == {"circuits": False, "faults": False}


@settings(deadline=None)
@given(plays(Exclusion))
def test_any_commands_are_refused_by_declared_rules_or_told_again_alike(
    told: tuple[int, list[Step]],
) -> None:
    play(Exclusion, *told)
