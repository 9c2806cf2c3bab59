"""Handovers: who takes what, settled once, completed once, reversed once."""

import pytest
from hypothesis import given, settings

from domain.organisation.handover import (
    CompletionRequired,
    Handover,
    HandoverItem,
    HandoverPlanned,
    HandoverPlanRequired,
    Move,
    OtherHands,
    ReversalRequired,
    State,
    Successor,
    SuccessorsOverlap,
)
from tests.bodies import IDS
from tests.domain.play import Step, last, play, plays
from tests.volume import examples

MOVES = [
    Move(kind="customer", id=IDS[0], to="e2"),
    Move(kind="opportunity", id=IDS[1], to="e3"),
]


def begun(*successors: Successor) -> Handover:
    """Return a handover from e1 to successors."""
    return Handover.begin("e1", list(successors), "Leaves us", unit="gd-gz")


@pytest.fixture
def done() -> Handover:
    handover = begun(Successor(employee="e2"))
    handover.plan(MOVES, [HandoverItem(kind="customer", id=IDS[2])])
    handover.complete([HandoverItem(kind="opportunity", id=IDS[1])])
    return handover


def test_a_handover_belongs_to_the_unit_of_the_employee_and_to_the_employee() -> None:
    handover = begun(Successor(employee="e2"))
    assert handover.units == {"gd-gz"}
    assert handover.owners == {"e1"}


def test_nobody_hands_over_to_themselves() -> None:
    with pytest.raises(OtherHands):
        begun(Successor(employee="e2"), Successor(employee="e1", units=["gd"]))


@pytest.mark.parametrize(
    "successors",
    [
        (Successor(employee="e2"), Successor(employee="e3")),
        (Successor(employee="e2", units=["gd"]), Successor(employee="e3", units=["gd"])),
        (Successor(employee="e2", customers=[IDS[0], IDS[0]]),),
    ],
)
def test_nothing_goes_to_two_successors(successors: tuple[Successor, ...]) -> None:
    with pytest.raises(SuccessorsOverlap):
        begun(*successors)


def test_what_was_kept_is_not_among_what_moved(done: Handover) -> None:
    assert done.state is State.DONE
    assert [move["to"] for move in last(done)["moved"]] == ["e2"]
    assert [each["id"] for each in last(done)["kept"]] == [IDS[2], IDS[1]]


def test_what_goes_over_is_settled_once_and_completed_once(done: Handover) -> None:
    with pytest.raises(HandoverPlanned):
        done.plan(MOVES, [])
    with pytest.raises(HandoverPlanRequired):
        done.complete([])


def test_a_handover_is_reversed_after_its_completion_and_once(done: Handover) -> None:
    with pytest.raises(CompletionRequired):
        begun(Successor(employee="e2")).reverse("Too early")
    with pytest.raises(ReversalRequired):
        done.complete_reversal([], [])
    done.reverse("Stays after all")
    assert (last(done)["employee"], len(last(done)["moved"])) == ("e1", 1)
    with pytest.raises(CompletionRequired):
        done.reverse("Again")
    done.complete_reversal([HandoverItem(kind="customer", id=IDS[0])], [])
    assert done.retired


@settings(max_examples=examples(20), deadline=None)
@given(plays(Handover))
def test_every_life_of_a_handover_replays_to_itself(lived: tuple[int, list[Step]]) -> None:
    play(Handover, *lived)
