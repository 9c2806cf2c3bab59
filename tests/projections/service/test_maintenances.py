"""Planned work as rows and in figures, worked out by hand."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from domain.service.maintenance import Maintenance
from domain.service.maintenance_terms import Interruption, WorkKind, WorkRisk
from projections.kernel.read_model import Row, fold, read_models
from projections.kernel.reports.report import run
from projections.kernel.warehouse.loader import Loader
from tests.bodies import IDS
from tests.projections.happenings import Ledger, recorded

BEGIN = datetime(2025, 3, 31, 16, 30, tzinfo=UTC)  # half past midnight on 1 April in Shanghai
HOUR = timedelta(hours=1)


def planned(kind: WorkKind = WorkKind.PLANNED_WORK, minutes: int = 30) -> Maintenance:
    end = BEGIN + 2 * HOUR
    return Maintenance.plan(kind, "gd-gz", [IDS[0]], BEGIN, end, minutes, WorkRisk.LOW)


def interrupted(minutes: int) -> Interruption:
    until = BEGIN + timedelta(minutes=minutes)
    return Interruption(product_in_use_id=IDS[0], since=BEGIN, until=until)


def works() -> Iterator[Maintenance]:
    """Yield work done in time, work done late after an objection, work postponed and not begun."""
    timely, late, waiting = planned(), planned(minutes=20), planned(WorkKind.INSPECTION)
    timely.announce(BEGIN - 72 * HOUR)
    timely.begin(BEGIN)
    timely.finish(True, ["Worn"], [interrupted(25), interrupted(5)], BEGIN + HOUR)
    yield timely
    late.announce(BEGIN - 72 * HOUR)
    late.object(IDS[1], "Our closing")
    late.answer_objection(IDS[1], "A second line takes over")
    late.begin(BEGIN)
    late.finish(interruptions=[interrupted(75)], finished_at=BEGIN + 3 * HOUR)
    yield late
    waiting.announce(BEGIN - 72 * HOUR)
    waiting.object(IDS[1], "Our closing")
    waiting.postpone(BEGIN + 24 * HOUR, BEGIN + 26 * HOUR, "Rain")
    yield waiting


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    made = Ledger()
    for each in works():
        made.record(each)
    return made


def test_a_row_tells_what_became_of_work(ledger: Ledger) -> None:
    rows = fold(read_models()["maintenances"], {}, recorded(ledger.rows)).rows
    timely, late, waiting = rows.values()

    def told(row: Row, *names: str) -> tuple[Any, ...]:
        return tuple(row[name] for name in names)

    moments = ("announced_at", "began_at", "finished_at")
    assert told(timely, *moments) == (BEGIN - 72 * HOUR, BEGIN, BEGIN + HOUR)
    objection = {"customer_id": IDS[1], "reason": "Our closing"}
    answered = objection | {"answer": "A second line takes over"}
    assert told(late, "objections", "objections_open") == ([answered], 0)
    # It is announced anew for the time that it has now; what was objected to stays to be answered.
    assert told(waiting, "state", "announced_at", "moves") == ("planned", None, 1)
    assert told(waiting, "objections", "objections_open") == ([objection | {"answer": None}], 1)


def test_figures_tell_what_was_done_in_time_and_what_it_took(ledger: Ledger) -> None:
    with duckdb.connect() as made:
        loader = Loader(made)
        loader.create()
        loader.load_all([ledger.rows])
        (april, inspection) = run(made.cursor(), "maintenance", by=["kind"]).rows()[::-1]
        (day, later) = run(made.cursor(), "maintenance", by=["day"], measures=["works"]).rows()
    assert {**april} == {
        "kind": "planned-work",
        "works": 2,
        "done": 2,
        "in_time": 1,
        "postponed": 0,
        "objected": 1,
        "with_findings": 1,
        "planned_minutes": 50,
        "minutes_each": 52.5,
    }
    assert (inspection["works"], inspection["done"], inspection["postponed"]) == (1, 0, 1)
    assert inspection["minutes_each"] is None
    assert day == {"day": "2025-04-01", "works": 2}
    assert later == {"day": "2025-04-02", "works": 1}
