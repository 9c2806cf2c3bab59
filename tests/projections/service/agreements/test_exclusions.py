"""The row of an exclusion: what is left out of which clause, and how that was decided."""

from typing import Any

import pytest

from projections.service.agreements.exclusions import exclusions
from tests.projections.folding import row_after

ABOUT: dict[str, Any] = {"agreement_id": "a", "customer_id": "c", "unit": "gd", "clause": "faults"}
ABOUT |= {"ticket_id": "t", "product_in_use_id": None, "starts_at": None, "ends_at": None}
PROPOSED = ("proposed", {**ABOUT, "reason": "customer", "explanation": "No access"})


@pytest.mark.parametrize(
    ("decision", "row"),
    [
        (("agreed", {"note": "Yes"}), {"state": "agreed", "note": "Yes", "refusal": None}),
        (("refused", {"reason": "Ours"}), {"state": "refused", "note": None, "refusal": "Ours"}),
    ],
)
def test_a_row_tells_how_it_was_decided_and_still_why_it_was_proposed(
    decision: tuple[str, dict[str, Any]], row: dict[str, Any]
) -> None:
    moved = ("transferred", {"unit": "gd", "reason": "Theirs", "on": None})
    found = row_after(exclusions, PROPOSED, moved, decision)
    assert {name: found[name] for name in row} == row
    assert (found["reason"], found["explanation"]) == ("customer", "No access")
    assert {name: found[name] for name in ABOUT} == ABOUT
