"""A deadline that fails for a record is put aside, tried again or passed over; no other waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from domain.kernel.aggregate import Stored
from domain.service.service_ticket import ServiceTicket
from projections.kernel.read_model import Row
from projections.kernel.rows.tables import create_books
from projections.service.service_tickets import service_tickets
from streams.kernel.deadline import Deadline, deadline
from streams.kernel.due_rows import PREFIX
from streams.kernel.policy import Wish
from tests.streams.desk import BEGUN, HOUR, Desk
from tests.streams.flow import happen, until, working


@pytest.fixture
def two_due(tmp_path: Path) -> Iterator[tuple[Desk, str, str]]:
    """Give a desk and two tickets whose waits are over."""
    with closing(Desk(f"sqlite:///{tmp_path / 'test.db'}")) as desk:
        first, second = desk.tickets(2)
        desk.wait({first: BEGUN + HOUR, second: BEGUN + 2 * HOUR})
        with desk.projecting():
            yield desk, first, second


def aside(desk: Desk) -> list[tuple[str, str, int, str]]:
    """Return what deadlines have put aside: place, record, version of its last event, reason."""
    names = ("model", "stream", "version", "error")
    found = [each for each in desk.projector.parked() if each["model"].startswith(PREFIX)]
    return [tuple(each[name] for name in names) for each in found]


def unreadable(desk: Desk, ticket: str) -> None:
    """Append an event to a ticket that no program can read."""
    version = desk.journal.history(ticket)[-1].version + 1
    happen(desk.journal, [Stored(ticket, version, "service-ticket.closed", 1, b"no JSON")])


def failing(ticket: str, faults: list[Exception]) -> dict[str, Deadline]:
    """Return a deadline that fails for a ticket as long as there are faults."""

    @deadline(rows=service_tickets, at="end_wait_at")
    def end(row: Row) -> Iterator[Wish]:
        if row["id"] == ticket and faults:
            raise faults[0]
        yield Wish("service-ticket.end-wait", row["id"])

    return {end.name: end}


@pytest.mark.parametrize("fault", ["undecided", "unreadable", "failing", "misshapen"])
def test_what_fails_is_put_aside_with_its_cause_and_keeps_no_other_back(
    two_due: tuple[Desk, str, str], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, broken, sound = two_due
    version = desk.journal.history(broken)[-1].version
    options: dict[str, Any] = {}
    if fault == "undecided":
        options["chosen"] = failing(broken, [LookupError("no such column")])
    elif fault == "unreadable":
        unreadable(desk, broken)
    elif fault == "failing":
        end_wait = ServiceTicket.end_wait

        def fails(ticket: ServiceTicket, *given: Any, **told: Any) -> None:
            if ticket.id == broken:
                raise ZeroDivisionError("division by zero")
            end_wait(ticket, *given, **told)

        monkeypatch.setattr(ServiceTicket, "end_wait", fails)
    else:
        options["chosen"] = misshapen(broken)
    timekeeping = desk.timekeeping(**options)
    assert timekeeping.answer(desk.journal.now()) == 2
    (place,) = (PREFIX + each for each in options.get("chosen", ["service-ticket.end-wait"]))
    cause = {
        "undecided": "LookupError: no such column",
        "unreadable": f"RecordUnreadable: Event {version + 1} (service-ticket.closed) of {broken}",
        "failing": "ZeroDivisionError: division by zero",
        "misshapen": "InvalidBody: /colour",
    }[fault]
    ((model, stream, last, error),) = aside(desk)
    assert (model, stream, last) == (place, broken, version)
    assert error.startswith(cause)
    assert [each.stream for each in desk.ended()] == [sound]
    asked = desk.journal.head().operation
    assert desk.timekeeping(**options).answer(desk.journal.now()) == 0
    assert desk.journal.head().operation == asked
    assert len(aside(desk)) == 1


def misshapen(ticket: str) -> dict[str, Deadline]:
    """Return a deadline that says of a ticket what its command does not ask for."""

    @deadline(rows=service_tickets, at="end_wait_at")
    def end(row: Row) -> Iterator[Wish]:
        told = {"colour": "red"} if row["id"] == ticket else {}
        yield Wish("service-ticket.end-wait", row["id"], told)

    return {end.name: end}


def test_what_failed_is_tried_again_when_asked_for_and_not_before(
    two_due: tuple[Desk, str, str],
) -> None:
    desk, broken, sound = two_due
    faults: list[Exception] = [LookupError("no such column")]
    chosen, place = failing(broken, faults), f"{PREFIX}end"
    desk.timekeeping(chosen=chosen).answer(desk.journal.now())
    faults[0] = KeyError("another one")
    with working(desk.timekeeping(chosen=chosen).work):
        assert desk.timekeeping(chosen=chosen).retry(place, broken) == 1
        assert [error for *_, error in aside(desk)] == ["KeyError: 'another one'"]
        faults.clear()
        assert desk.timekeeping(chosen=chosen).retry(place, broken) == 0
    assert aside(desk) == []
    assert sorted(each.stream for each in desk.ended()) == sorted([broken, sound])
    assert desk.timekeeping(chosen=chosen).retry(place, broken) == 0
    assert len(desk.ended()) == 2


def test_what_failed_is_passed_over_until_the_record_is_due_another_time(
    two_due: tuple[Desk, str, str],
) -> None:
    desk, broken, _ = two_due
    faults: list[Exception] = [LookupError("no such column")]
    chosen = failing(broken, faults)
    timekeeping = desk.timekeeping(chosen=chosen)
    timekeeping.answer(desk.journal.now())
    assert timekeeping.skip(f"{PREFIX}end", broken) == 0
    assert aside(desk) == []
    assert [each["stream"] for each in desk.projector.passed_over()] == [broken]
    faults.clear()
    timekeeping.rows.heal()
    assert timekeeping.answer(desk.journal.now()) == 0
    assert [each["stream"] for each in desk.projector.passed_over()] == [broken]
    desk.do("service-ticket.resume", broken, at=(BEGUN + HOUR).isoformat())
    desk.wait({broken: BEGUN + 3 * HOUR}, at=BEGUN + 2 * HOUR)
    desk.projected()
    timekeeping.rows.heal()
    assert desk.projector.passed_over() == []
    assert timekeeping.answer(desk.journal.now()) == 1
    assert {each.stream for each in desk.ended()} >= {broken}


def test_what_failed_is_nobodys_trouble_once_the_record_is_not_due_any_more(
    two_due: tuple[Desk, str, str],
) -> None:
    desk, broken, _ = two_due
    chosen = failing(broken, [LookupError("no such column")])
    with working(desk.timekeeping(chosen=chosen).work):
        until(lambda: aside(desk))
        desk.do("service-ticket.resume", broken, at=(BEGUN + HOUR).isoformat())
        until(lambda: not aside(desk))


def test_what_a_former_program_only_settled_is_asked_for_again(
    two_due: tuple[Desk, str, str],
) -> None:
    desk, broken, sound = two_due
    due = "SELECT 'service-ticket.end-wait', id, end_wait_at, "
    with desk.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("ALTER TABLE settled ADD COLUMN error TEXT")
        for id_, error in ((broken, "'LookupError'"), (sound, "NULL")):
            told = f"INSERT INTO settled {due}{error} FROM service_tickets WHERE id = '{id_}'"
            connection.exec_driver_sql(told)
        create_books(connection)
    desk.timekeeping().answer(desk.journal.now())
    assert [each.stream for each in desk.ended()] == [broken]
