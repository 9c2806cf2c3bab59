"""Reviews as rows and in words: who submitted what when, where it waits, who approved it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from domain.kernel.aggregate import Recorded
from projections.kernel.history.sentences import Happening, docstring, sentence
from projections.kernel.read_model import ReadModel, row_tables
from projections.kernel.reviews import review_columns
from tests.domain.kernel.parts.paper import Paper, papers
from tests.projections.accounts import START
from tests.projections.folding import row_after, told

STEP = {"unit": "gd-gz", "limit": "500000"}
ROUTE = [STEP | {"level": "network"}, {"level": "province", "unit": "gd", "limit": None}]
DRAFTED = ("drafted", {"unit": "gd-gz", "value": "600000", "currency": "CNY"})
SUBMITTED = ("submitted", {"route": ROUTE, "rule": "contract-value", "rule_version": 1})
PASSED_ON = (
    "passed-on",
    {"level": "network", "to": "province", "reason": "value-beyond-authority", "note": None},
)
APPROVED = ("approved", {"level": "province", "note": "good"})


@pytest.fixture(scope="module")
def model() -> Iterator[ReadModel]:
    """The read model of papers, apart from those of the business."""
    with papers():
        found = ReadModel("papers_of_a_test", "paper")
        row_tables.remove(found.table)
        yield found
        docstring.cache_clear()


def review(model: ReadModel, *events: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    row = row_after(model, *events)
    names = [each.name for each in review_columns(Paper)]
    return {name: row[name] for name in ["status", *names] if row[name] not in (None, [])}


def test_every_column_is_given_by_some_event(model: ReadModel) -> None:
    model.require_whole()


def test_a_row_tells_of_the_submission_and_where_it_waits(model: ReadModel) -> None:
    submitted = {
        "submitted_by": "e-1",
        "submitted_by_kind": "person",
        "submitted_at": START + timedelta(seconds=2),
        "route": ROUTE,
        "rule": "contract-value",
        "rule_version": 1,
    }
    waits = {"status": "submitted", "awaits": "network", "awaits_unit": "gd-gz"}
    assert review(model, DRAFTED) == {"status": "drafted"}
    assert review(model, DRAFTED, SUBMITTED) == {**submitted, **waits}
    waits |= {"awaits": "province", "awaits_unit": "gd"}
    assert review(model, DRAFTED, SUBMITTED, PASSED_ON) == {**submitted, **waits}
    approved = {
        "status": "approved",
        "approved_by": "e-1",
        "approved_by_kind": "person",
        "approved_at": START + timedelta(seconds=3),
        "approved_level": "province",
    }
    assert review(model, DRAFTED, SUBMITTED, APPROVED) == {**submitted, **approved}


@pytest.mark.parametrize("back", [("sent-back", {"reason": "dear"}), ("taken-back", {})])
def test_what_came_back_waits_for_nobody(model: ReadModel, back: Any) -> None:
    row = row_after(model, DRAFTED, SUBMITTED, PASSED_ON, back)
    assert (row["status"], row["awaits"], row["awaits_unit"]) == ("drafted", None, None)
    row = row_after(model, DRAFTED, SUBMITTED, APPROVED, back, SUBMITTED)
    assert (row["awaits"], row["approved_level"]) == ("network", None)


def test_what_was_approved_by_its_submission_says_so(model: ReadModel) -> None:
    own = ("submitted", {**SUBMITTED[1], "route": []}), ("approved", {"level": "own", "note": None})
    found = review(model, DRAFTED, *own)
    assert (found["status"], found["approved_level"]) == ("approved", "own")
    assert "awaits" not in found


@pytest.mark.usefixtures("model")
def test_each_step_of_a_review_reads_well() -> None:
    def said(event: Recorded) -> str:
        return sentence(Happening(event, event.data, {}, {}, ()), lambda *_: None)

    steps: list[tuple[str, dict[str, Any]]]
    steps = [DRAFTED, SUBMITTED, PASSED_ON, APPROVED, ("sent-back", {"reason": "too dear"})]
    events = told("paper", *steps, ("taken-back", {}))
    assert [said(each) for each in events[1:]] == [
        "e-1 submitted the paper for approval.",
        "e-1 approved the paper at the level network, from which it goes to province. "
        "The reason is value-beyond-authority.",
        'e-1 approved the paper at the level province: "good".',
        'e-1 sent the paper back, because "too dear".',
        "e-1 took the paper back before it was decided.",
    ]
