"""A journal states once in which zone its days are counted, and from which position on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from adapters.journal.journal import Journal
from adapters.settings import Settings, SettingsError
from adapters.storage.databases import writing
from adapters.storage.journal_tables import migrations, zone
from adapters.storage.zones import OtherZone
from domain.kernel.aggregate import Recorded
from domain.kernel.time.business_day import EVER, ZONE, count_in, counted_in
from domain.kernel.time.effective_day import effective_day
from tests.adapters.appending import append

AT = {"at": datetime(2026, 2, 28, 18, tzinfo=UTC).isoformat()}
"""A moment of the first of March in Beijing."""


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    """Go on afterwards where the tests are."""
    yield
    count_in(ZONE)


def of_before(journal: Journal) -> None:
    """Make a journal what the program before zones made it."""
    with writing(journal.engine).begin() as connection:
        zone.drop(connection)
        connection.execute(migrations.update().values(version=7))


def stated(journal: Journal) -> list[tuple[str, int]]:
    """Return which zone the journal states, and from which position on it counts."""
    with journal.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.select(zone.c.name, zone.c.position))]


def day_of_opening(event: Recorded) -> date:
    """Return the day of a ticket that was opened at the moment, as recorded with an event."""
    return effective_day("service-ticket.opened", AT, event.time)


@pytest.mark.parametrize("odd", ["Beijing", "UTC+8", "../Asia/Shanghai", "Asia", "localtime"])
def test_a_name_that_is_no_zone_is_refused(odd: str) -> None:
    with pytest.raises(SettingsError, match=f"not '{re.escape(odd)}'"):
        Settings.read({"KEYLINE_ZONE": odd})
    assert Settings.read({"KEYLINE_ZONE": "Europe/Berlin"}).zone == "Europe/Berlin"
    assert Settings.read({}).zone == ZONE


def test_a_new_journal_counts_in_its_zone_from_the_beginning(database_url: str) -> None:
    journal = Journal(database_url)
    journal.create("Europe/Berlin")
    assert (stated(journal), counted_in()) == ([("Europe/Berlin", 1)], ("Europe/Berlin", EVER))
    append(journal)
    count_in(ZONE)
    journal.create("Europe/Berlin")
    assert (stated(journal), counted_in()) == ([("Europe/Berlin", 1)], ("Europe/Berlin", EVER))
    journal.close()


def test_another_zone_than_the_journals_is_refused_and_nothing_is_written(
    database_url: str,
) -> None:
    journal = Journal(database_url)
    journal.create("Europe/Berlin")
    with pytest.raises(OtherZone, match=r"in Europe/Berlin, KEYLINE_ZONE is Asia/Shanghai"):
        journal.create()
    # Not even what a later version of the tables would have been made of.
    with writing(journal.engine).begin() as connection:
        events_of = set(sa.inspect(connection).get_table_names())
        connection.execute(sa.text("DROP TABLE leases"))
    with pytest.raises(OtherZone):
        journal.create()
    there = set(sa.inspect(journal.engine).get_table_names())
    assert (there, stated(journal)) == (events_of - {"leases"}, [("Europe/Berlin", 1)])
    journal.close()


def test_a_journal_of_before_keeps_its_days_and_counts_in_the_zone_from_then_on(
    database_url: str,
) -> None:
    journal = Journal(database_url)
    journal.create()
    append(journal)
    of_before(journal)
    journal.create()
    append(journal)
    assert stated(journal) == [(ZONE, 2)]
    before, after = journal.read(0)
    assert day_of_opening(before) == date(2026, 2, 28)
    assert day_of_opening(after) == date(2026, 3, 1)
    count_in(ZONE)
    journal.create()  # as the next process does
    assert [day_of_opening(each) for each in journal.read(0)] == [
        date(2026, 2, 28),
        date(2026, 3, 1),
    ]
    assert counted_in()[1] > before.time
    journal.close()


def test_an_empty_journal_of_before_counts_in_the_zone_from_the_beginning(
    database_url: str,
) -> None:
    journal = Journal(database_url)
    journal.create()
    of_before(journal)
    journal.create("America/New_York")
    assert stated(journal) == [("America/New_York", 1)]
    assert counted_in() == ("America/New_York", EVER)
    journal.close()


@pytest.mark.parametrize("made", ["new", "migrated"])
def test_what_was_stated_is_not_changed(database_url: str, made: str) -> None:
    journal = Journal(database_url)
    journal.create()
    if made == "migrated":
        of_before(journal)
        journal.create()
    for change in (zone.update().values(name="UTC"), zone.delete()):
        with (
            pytest.raises(sa.exc.DBAPIError, match="only ever added to"),
            writing(journal.engine).begin() as connection,
        ):
            connection.execute(change)
    journal.close()
