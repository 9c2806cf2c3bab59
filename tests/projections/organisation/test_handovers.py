"""The handover row: how far it is, what went over, what was kept."""

from projections.organisation.handovers import handovers
from tests.projections.folding import row_after

MOVED = [
    {"kind": "customer", "id": "c", "to": "wu.min"},
    {"kind": "opportunity", "id": "o", "to": "wu.min"},
]
BEGUN = (
    "begun",
    {
        "employee": "li.wei",
        "unit": "gd-gz",
        "successors": [{"employee": "wu.min", "units": [], "customers": []}],
        "reason": "Leave",
    },
)
PLANNED = ("planned", {"moves": [*MOVED, {"kind": "customer", "id": "k", "to": "wu.min"}]})
COMPLETED = ("completed", {"moved": MOVED, "kept": [{"kind": "customer", "id": "k"}]})


def test_a_handover_shows_what_is_to_go_over_while_it_is_carried_out() -> None:
    row = row_after(handovers, BEGUN, PLANNED)
    assert (row["state"], row["planned"], row["moved"]) == ("planned", 3, [])


def test_a_completed_handover_shows_what_moved_and_what_was_kept() -> None:
    row = row_after(handovers, BEGUN, PLANNED, COMPLETED)
    assert (row["state"], row["moved"]) == ("done", MOVED)
    assert row["kept"] == [{"kind": "customer", "id": "k"}]


def test_a_reversed_handover_shows_what_is_still_with_a_successor() -> None:
    kept = [{"kind": "opportunity", "id": "o"}]
    returned = [{"kind": "customer", "id": "c"}]
    asked = ("reversed", {"employee": "li.wei", "moved": MOVED, "reason": "Back"})
    assert row_after(handovers, BEGUN, PLANNED, COMPLETED, asked)["state"] == "reversing"
    ended = ("reversal-completed", {"returned": returned, "kept": kept})
    row = row_after(handovers, BEGUN, PLANNED, COMPLETED, asked, ended)
    assert (row["state"], row["moved"], row["kept"]) == ("reversed", MOVED[1:], kept)
