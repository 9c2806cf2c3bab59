"""Days in SQL are those of the domain, in every zone that may be set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import duckdb
import pytest

from domain.kernel.time.business_day import EVER, ZONE, count_in, day_at
from projections.kernel.warehouse.days import business_day, business_day_statement

SINCE = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENTS = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=5 * n) for n in range(5_000)]


@pytest.fixture(autouse=True)
def _here() -> Iterator[None]:
    """Go on afterwards where the tests are."""
    yield
    count_in(ZONE)


@pytest.mark.parametrize("since", [EVER, SINCE])
@pytest.mark.parametrize("zone", [ZONE, "Europe/Berlin", "America/New_York", "Pacific/Apia"])
def test_days_in_sql_are_those_of_the_domain(zone: str, since: datetime) -> None:
    count_in(zone, since)
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA store")
        connection.execute(business_day_statement())
        for recorded in (SINCE - timedelta(days=1), SINCE):
            query = f"SELECT {business_day('unnest($moments)', '$recorded')}"
            given = {"moments": MOMENTS, "recorded": recorded}
            found = [day for (day,) in connection.execute(query, given).fetchall()]
            assert found == [day_at(moment, recorded) for moment in MOMENTS]


def test_the_warehouse_knows_every_zone_that_may_be_set() -> None:
    with duckdb.connect() as connection:
        known = connection.execute("SELECT name FROM pg_timezone_names()").fetchall()
    assert available_timezones() - {"localtime"} <= {name for (name,) in known}
