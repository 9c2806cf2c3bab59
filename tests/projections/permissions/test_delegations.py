"""The delegation row: who acts for whom, and until when."""

from datetime import UTC, datetime

from projections.permissions.delegations import delegations
from tests.projections.folding import row_after

GIVEN = (
    "given",
    {
        "principal": "li.wei",
        "deputy": "zhang.min",
        "starts": "2026-02-01T00:00:00Z",
        "until": "2026-03-01T00:00:00Z",
        "reason": "Holiday",
    },
)


def test_a_delegation_names_both_and_its_period() -> None:
    row = row_after(delegations, GIVEN)
    assert (row["principal"], row["deputy"], row["state"]) == ("li.wei", "zhang.min", "active")
    assert row["starts"] == datetime(2026, 2, 1, tzinfo=UTC)
    assert row["until"] == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_withdrawn_delegation_says_so() -> None:
    assert row_after(delegations, GIVEN, ("withdrawn", {"reason": "x"}))["state"] == "withdrawn"
