"""Visits: held in time or told of late, missed by the clock, planned anew."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.care.visit import (
    Finding,
    FindingKind,
    RecordInTime,
    SomebodyMet,
    Visit,
    VisitEnded,
    VisitPurpose,
    VisitState,
    VisitToCome,
)
from domain.kernel.aggregate import NotDue, NothingChanged
from domain.kernel.time.business_day import begin_of, today
from tests.bodies import IDS
from tests.domain.play import last

A_DAY = timedelta(days=1)


def planned(**more: Any) -> Visit:
    """Return a visit that is planned for today."""
    return Visit.plan(IDS[0], "gd-gz", today(), VisitPurpose.ROUTINE, **more)


def test_a_visit_is_recorded_with_whom_we_met_and_what_was_found() -> None:
    visit = planned()
    finding = Finding(kind=FindingKind.RISK, text="A rival laid fibre to the door")
    visit.record(datetime.now(UTC), [IDS[1]], [finding], ["More bandwidth"], mood=4)
    assert visit.state is VisitState.DONE
    told = last(visit)
    assert (told["met"], told["needs"], told["mood"]) == ([IDS[1]], ["More bandwidth"], 4)
    assert told["late_because"] is None
    with pytest.raises(VisitEnded):
        visit.cancel("Too late")
    visit.comment("Well done")  # a superior, afterwards


def test_somebody_was_met_at_a_visit_and_it_was_held() -> None:
    visit = planned()
    with pytest.raises(SomebodyMet):
        visit.record(datetime.now(UTC), [])
    with pytest.raises(VisitToCome):
        visit.record(datetime.now(UTC) + 2 * A_DAY, [IDS[1]])


@pytest.mark.parametrize(("days", "late"), [(7, False), (8, True)])
def test_what_is_recorded_later_than_seven_days_after_says_why(days: int, late: bool) -> None:
    held = begin_of(today() - days * A_DAY)
    if late:
        with pytest.raises(RecordInTime):
            planned().record(held, [IDS[1]])
    visit = planned()
    visit.record(held, [IDS[1]], reason="Was abroad")
    assert last(visit)["late_because"] == ("Was abroad" if late else None)


def test_a_visit_is_missed_after_three_days_and_can_be_planned_anew_or_recorded_then() -> None:
    visit = planned()
    due = begin_of(today() + 4 * A_DAY)
    with pytest.raises(NotDue):
        visit.miss(due - A_DAY)
    visit.miss(due)
    assert visit.state is VisitState.MISSED
    with pytest.raises(NothingChanged):
        visit.move(today())
    visit.move(today() + A_DAY, "The customer was away")
    assert (visit.state, visit.day) == (VisitState.PLANNED, today() + A_DAY)
    visit.miss(due + A_DAY)
    visit.record(datetime.now(UTC), [IDS[1]])
    assert last(visit)["met"] == [IDS[1]]
