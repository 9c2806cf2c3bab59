"""Reading: moments are read with their zone, and the future is refused."""

from datetime import UTC, datetime, timedelta

import pytest

from api.kernel.problems import InvalidParameter
from api.kernel.reading.read_parameters import instant_of, moment_of
from domain.kernel.time.business_day import today


def test_a_day_means_its_end_where_the_business_is_and_an_instant_itself() -> None:
    assert instant_of("2026-03-01") == datetime(2026, 3, 1, 15, 59, 59, 999999, UTC)
    assert instant_of("2026-03-01T08:00:00+08:00") == datetime(2026, 3, 1, tzinfo=UTC)
    assert instant_of("2026-03-01T08:00:00 08:00") == datetime(2026, 3, 1, tzinfo=UTC)
    assert moment_of("2026-03-01", "from") == datetime(2026, 2, 28, 16, tzinfo=UTC)


def test_today_means_now_and_later_is_refused() -> None:
    now = datetime.now(UTC)
    assert now <= instant_of(today().isoformat()) <= datetime.now(UTC)
    for later in (now + timedelta(days=1), now + timedelta(minutes=2)):
        with pytest.raises(InvalidParameter):
            instant_of(later.isoformat())
    with pytest.raises(InvalidParameter):
        instant_of((today() + timedelta(days=1)).isoformat())


@pytest.mark.parametrize("text", ["", "now", "2026-02-30", "2026-03-01T08:00:00", "20260301x9"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter):
        moment_of(text, "as_of")
