"""The row of a statement: the last result, how often it was restated, what was said to it."""

from typing import Any

from projections.service.agreements.service_statements import service_statements
from tests.projections.folding import row_after

ABOUT: dict[str, Any] = {"agreement_id": "a", "customer_id": "c", "unit": "gd"}
BEGUN = {**ABOUT, "period": "2026-02", "last_day": "2026-02-28", "count_on": "2026-03-08"}
MET, MISSED = ({"clause": "faults", "met": met} for met in (True, False))


def test_a_row_has_the_last_result_and_no_answer_to_an_earlier_one() -> None:
    due = {"period": "2026-02", "due_at": "2026-03-07T16:00:00+00:00", "on": None}
    begun = ("begun", BEGUN), ("count-fell-due", due)
    first = ("stated", {"counted_to": 7, "clauses": [MET, MISSED]})
    found = row_after(service_statements, *begun, first)
    assert (found["count_on"], found["promised"], found["breached"]) == (None, 2, 1)
    answered = (first, ("contested", {"objection": "Wrong"}))
    again = ("restated", {"counted_to": 9, "clauses": [MET], "reason": "It was"})
    assert row_after(service_statements, *begun, *answered)["objection"] == "Wrong"
    moved = ("transferred", {"unit": "js", "reason": "Theirs", "on": None})
    found = row_after(service_statements, *begun, *answered, again, moved)
    assert (found["state"], found["restated"], found["reason"]) == ("stated", 1, "It was")
    assert (found["counted_to"], found["objection"], found["breached"]) == (9, None, 0)
    assert found["unit"] == "js"
