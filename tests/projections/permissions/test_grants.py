"""The grant row: who holds what, from when, from whom."""

from datetime import UTC, datetime
from typing import Any

from projections.permissions.grants import grants
from tests.projections.folding import row_after, told

GIVEN: dict[str, Any] = {
    "employee": "li.wei",
    "role": "seller",
    "unit": "gd-gz",
    "reach": "own",
    "masked": ["phone"],
    "starts": None,
    "until": None,
    "reason": None,
}


def test_a_grant_starts_when_it_was_recorded_unless_told() -> None:
    (event,) = told("grant", ("given", GIVEN))
    row = row_after(grants, ("given", GIVEN))
    assert (row["starts"], row["until"]) == (event.time, None)
    assert row["given_by"] == event.actor
    assert (row["reach"], row["masked"], row["state"]) == ("own", ["phone"], "active")


def test_a_period_is_kept_in_utc() -> None:
    period = {"starts": "2026-01-01T08:00:00+08:00", "until": "2026-07-01T00:00:00Z"}
    row = row_after(grants, ("given", GIVEN | period))
    assert row["starts"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert row["until"] == datetime(2026, 7, 1, tzinfo=UTC)


def test_a_revoked_grant_says_so() -> None:
    row = row_after(grants, ("given", GIVEN), ("revoked", {"reason": "left the post"}))
    assert row["state"] == "revoked"
