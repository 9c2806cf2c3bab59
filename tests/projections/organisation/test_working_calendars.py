"""The row of a working calendar: its hours, and what each of its days comes from."""

from datetime import date

from domain.kernel.time.replay import evolve
from domain.organisation.working_calendar import WorkingCalendar
from projections.organisation.working_calendars import hours_of, working_calendars
from tests.domain.replay import golden, history
from tests.projections.folding import row_after

TOLD = [
    (each["type"].partition(".")[2], each["data"]) for each in golden("working-calendar")["events"]
]


def test_a_row_has_the_hours_of_its_calendar_after_every_event() -> None:
    for count in range(1, len(TOLD)):
        record = evolve(None, history("working-calendar")[:count])
        assert isinstance(record, WorkingCalendar)
        assert hours_of(row_after(working_calendars, *TOLD[:count])) == record.hours


def test_a_row_tells_which_notice_ordered_a_year_or_a_day() -> None:
    row = row_after(working_calendars, *TOLD)
    assert row["sources"] == {
        "2026": "国办发明电〔2025〕7号",
        "2026-02-24": "Notice 9",
        "2026-03-02": "Notice 10",
    }
    assert row["hours"]["announced"] == [2026]


def test_a_retired_calendar_names_its_successor() -> None:
    row = row_after(working_calendars, *TOLD)
    assert (row["state"], row["successor"]) == ("retired", "cn-office-2")
    assert (row["opened_on"], row["retired_on"]) == (date(2025, 11, 1), date(2026, 1, 5))
