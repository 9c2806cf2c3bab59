"""Planned work: announced before it begins, objections answered, interruptions within the work."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.kernel.aggregate import NothingChanged
from domain.service.maintenance import Maintenance
from domain.service.maintenance_rules import (
    AnnouncementRequired,
    BeginRequired,
    InterruptionOutside,
    MaintenanceHeld,
    ObjectionOpen,
    ObjectionRequired,
    WindowReversed,
    WorkBegun,
    WorkedOnRequired,
    WorkEnded,
    WorkToCome,
)
from domain.service.maintenance_terms import Interruption, WorkKind, WorkRisk, WorkState
from tests.bodies import IDS
from tests.domain.play import last

HOUR = timedelta(hours=1)
NOW = datetime.now(UTC)
CIRCUIT, CUSTOMER, OTHER = IDS[0], IDS[1], IDS[2]


def planned(**more: Any) -> Maintenance:
    """Return work that is planned for the next four hours."""
    told: dict[str, Any] = {"products_in_use": [CIRCUIT], "until": NOW + 4 * HOUR} | more
    return Maintenance.plan(
        WorkKind.PLANNED_WORK,
        "gd-gz",
        from_=NOW,
        interruption_minutes=30,
        risk=WorkRisk.LOW,
        **told,
    )


def announced() -> Maintenance:
    """Return work that was announced three days ago."""
    work = planned()
    work.announce(NOW - 72 * HOUR)
    return work


def test_work_names_what_is_worked_on_and_ends_after_it_begins() -> None:
    with pytest.raises(WorkedOnRequired):
        planned(products_in_use=[])
    assert planned(products_in_use=[], sites=[OTHER]).state is WorkState.PLANNED
    with pytest.raises(WindowReversed):
        planned(until=NOW)


def test_work_begins_after_it_was_announced_for_the_time_that_it_has() -> None:
    work = planned()
    with pytest.raises(AnnouncementRequired):
        work.begin()
    work.announce()
    with pytest.raises(NothingChanged):
        work.announce()
    with pytest.raises(NothingChanged):
        work.postpone(work.starts_at, work.until, "The team is elsewhere")
    with pytest.raises(WindowReversed):
        work.postpone(NOW, NOW, "The team is elsewhere")
    work.postpone(NOW + 24 * HOUR, NOW + 25 * HOUR, "The team is elsewhere")
    with pytest.raises(AnnouncementRequired):
        work.begin()
    work.announce()
    work.begin()
    with pytest.raises(WorkBegun):
        work.cancel("Too late for that")


def test_work_is_not_begun_against_an_objection_that_nobody_has_answered() -> None:
    with pytest.raises(AnnouncementRequired):
        planned().object(CUSTOMER, "Our annual closing")
    work = announced()
    work.object(CUSTOMER, "Our annual closing")
    work.object(OTHER, "An exhibition")
    work.answer_objection(CUSTOMER, "A second line takes over")
    with pytest.raises(ObjectionRequired):
        work.answer_objection(CUSTOMER, "Again")
    with pytest.raises(ObjectionOpen):
        work.begin()
    work.answer_objection(OTHER, "It is done by midnight")
    work.begin()
    assert work.state is WorkState.IN_PROGRESS


def test_what_was_put_on_hold_is_postponed_before_it_goes_on() -> None:
    work = announced()
    work.put_on_hold("The national games")
    for step in (work.announce, work.begin):
        with pytest.raises(MaintenanceHeld):
            step()
    with pytest.raises(NothingChanged):
        work.put_on_hold("The national games")
    work.postpone(NOW + 24 * HOUR, NOW + 25 * HOUR, "After the games")
    assert work.state is WorkState.PLANNED


def test_an_interruption_lies_within_the_work() -> None:
    work = announced()
    with pytest.raises(BeginRequired):
        work.finish()
    work.begin(NOW - 2 * HOUR)
    with pytest.raises(WindowReversed):
        work.finish(finished_at=NOW - 3 * HOUR)

    def interrupted(since: datetime, until: datetime) -> list[Interruption]:
        return [Interruption(product_in_use_id=CIRCUIT, since=since, until=until)]

    for since, until in (
        (NOW - 3 * HOUR, NOW - HOUR),
        (NOW - HOUR, NOW - HOUR),
        (NOW - HOUR, NOW + HOUR),
    ):
        with pytest.raises(InterruptionOutside) as refused:
            work.finish(interruptions=interrupted(since, until), finished_at=NOW)
        assert refused.value.field == "interruptions/0"
    work.finish(False, ["Worn connectors"], interrupted(NOW - 2 * HOUR, NOW), NOW)
    told = last(work)
    assert (told["completed"], told["findings"]) == (False, ["Worn connectors"])
    with pytest.raises(WorkEnded):
        work.cancel("It is done")
    work.comment("Done at night, as promised")


def test_what_became_of_work_is_told_in_order_and_once_it_has_happened() -> None:
    later = datetime.now(UTC) + HOUR
    with pytest.raises(WorkToCome):
        planned().announce(later)
    work = announced()
    with pytest.raises(AnnouncementRequired) as refused:
        work.begin(NOW - 73 * HOUR)
    assert refused.value.field == "began_at"
    with pytest.raises(WorkToCome):
        work.begin(later)
    work.begin()
    with pytest.raises(WorkToCome):
        work.finish(finished_at=later)


def test_it_is_noted_whom_the_work_affects() -> None:
    work = announced()
    work.note_affected([CUSTOMER, OTHER])
    assert last(work)["customer_ids"] == [CUSTOMER, OTHER]
    work.cancel("Not needed")
    work.note_affected([CUSTOMER])  # by a policy that was away for a while
