"""Reviewed amendments: each is approved by itself, whatever becomes of the others."""

from decimal import Decimal
from typing import Any

import pytest

from domain.kernel.commands import _declared
from domain.kernel.parts.reviewed import DecisionOpenRequired, DraftRequired, NotYourLevel
from domain.kernel.types.authority import Level
from domain.permissions.authority_limits import decide
from tests.bodies import IDS
from tests.domain.kernel.parts.paper import Paper
from tests.domain.play import SEATS, last, stated

ONE, OTHER, NONE, *_ = IDS


@pytest.fixture
def paper() -> Any:
    record = Paper.draft("gd-gz", Decimal(1), "CNY")
    record.draft_amendment(ONE, Decimal(600_000))
    record.draft_amendment(OTHER, Decimal(0))
    return record


def submit(record: Any, amendment: str) -> None:
    facts = {"change": record.change(amendment), "currency": record.currency}
    record.submit_amendment(amendment, SEATS, decide("contract-value", facts))


def test_an_amendment_goes_up_to_the_level_whose_authority_is_enough(paper: Any) -> None:
    submit(paper, ONE)
    assert [each["level"] for each in last(paper)["route"]] == ["network", "province"]
    paper.approve_amendment(ONE, Level.NETWORK)
    assert (last(paper)["to"], paper.amendment_approved(ONE)) == ("province", False)
    with pytest.raises(NotYourLevel):
        paper.approve_amendment(ONE, Level.NETWORK)
    paper.approve_amendment(ONE, Level.PROVINCE)
    assert last(paper) == {"amendment_id": ONE, "level": "province", "note": None}
    assert paper.amendment_approved(ONE)
    with pytest.raises(DecisionOpenRequired):
        paper.take_back_amendment(ONE)


def test_each_is_reviewed_by_itself_and_not_with_the_record(paper: Any) -> None:
    submit(paper, ONE)
    submit(paper, OTHER)
    assert stated(paper)[-2:] == ["amendment-submitted", "amendment-approved"]
    assert [paper.amendment_approved(each) for each in (ONE, OTHER, NONE)] == [False, True, False]
    assert paper.status == "drafted"


def test_what_was_sent_back_or_taken_back_is_a_draft_again(paper: Any) -> None:
    ways: list[tuple[Any, tuple[str, ...]]] = [
        (paper.send_back_amendment, (ONE, "too dear")),
        (paper.take_back_amendment, (ONE,)),
    ]
    for back, told in ways:
        with pytest.raises(DecisionOpenRequired) as refusal:
            back(*told)
        assert refusal.value.field == "amendment_id"
        submit(paper, ONE)
        with pytest.raises(DraftRequired):
            submit(paper, ONE)
        back(*told)
    submit(paper, ONE)


def test_only_an_amendment_that_there_is_is_submitted_and_decided(paper: Any) -> None:
    with pytest.raises(DraftRequired):
        submit(paper, NONE)
    with pytest.raises(DecisionOpenRequired):
        paper.approve_amendment(NONE, Level.GROUP)


def test_who_submitted_one_is_asked_of_that_one() -> None:
    found = {each.verb: each for each in _declared(Paper)}
    for verb in ("approve-amendment", "send-back-amendment"):
        apart: Any = found[verb].apart_from
        assert (apart, apart.about) == (Paper.AmendmentSubmitted, "amendment_id")
    assert found["submit-amendment"].decided["limits"].of == ("change", "currency")
    assert {*found["submit-amendment"].body.model_fields} == {"amendment_id", "note"}
