"""Approvals at their levels: who holds the permission where decides how far they approve."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.refusals import InvalidBody, NotPermitted, Refusal, RuleBroken
from domain.kernel.aggregate import SameHands
from domain.kernel.parts.reviewed import DecisionOpenRequired, NotYourLevel
from projections.kernel.visibility.visibility import Party
from tests.adapters.staff import Company, company
from tests.bodies import IDS
from tests.domain.kernel.parts.paper import papers
from tests.volume import examples

NETWORK, PROVINCE, GROUP = "head-gz", "head-gd", "head"
MOST = {"own": Decimal(0), "network": Decimal(500_000), "province": Decimal(5_000_000)}


@pytest.fixture(scope="module")
def firm(laid_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A company that approves papers at each level, in one journal for all of these tests."""
    file = tmp_path_factory.mktemp("authority") / "test.db"
    file.write_bytes(laid_file.read_bytes())
    with papers(), company(f"sqlite:///{file}") as found:
        found.staff()
        found.do(None, "unit.open", code="gd-gz-1", name="1", level="team", parent="gd-gz")
        found.role("writer", "*.read", "paper.draft", "paper.submit", "paper.take-back")
        found.role("chief-of-papers", "paper.*")
        for code, role, unit in (
            (NETWORK, "chief-of-papers", "gd-gz"),
            (PROVINCE, "chief-of-papers", "gd"),
            (GROUP, "chief-of-papers", "group"),
            ("author", "writer", "gd"),
        ):
            found.do(None, "employee.engage", code=code, name=code, unit="gd")
            found.grant(code, role, unit)
        yield found


def drafted(firm: Company, value: str, unit: str = "gd-gz-1", **more: Any) -> str:
    return firm.do(None, "paper.draft", unit=unit, value=value, **more)


def submitted(firm: Company, value: str, unit: str = "gd-gz-1", **more: Any) -> str:
    return firm.do("author", "paper.submit", drafted(firm, value, unit, **more))


def found(firm: Company, id_: str) -> dict[str, Any]:
    """Return the payload of the last event of a paper, with its name."""
    *_, event = firm.journal.history(id_)
    return {"event": event.type.partition(".")[2], **event.data}


def refused(firm: Company, who: str | Party, id_: str, verb: str = "approve", **body: Any) -> str:
    with pytest.raises(RuleBroken) as caught:
        firm.do(who, f"paper.{verb}", id_, **body)
    return caught.value.name


def test_a_submission_goes_up_from_level_to_level(firm: Company) -> None:
    paper = submitted(firm, "600000.00")
    assert found(firm, paper)["route"] == [
        {"level": "network", "unit": "gd-gz", "limit": "500000"},
        {"level": "province", "unit": "gd", "limit": "5000000"},
    ]
    firm.do(NETWORK, "paper.approve", paper)
    assert found(firm, paper) == {
        "event": "passed-on",
        "level": "network",
        "to": "province",
        "reason": "value-beyond-authority",
        "note": None,
    }
    assert refused(firm, NETWORK, paper) == NotYourLevel.rule()
    firm.do(PROVINCE, "paper.approve", paper, note="good")
    assert found(firm, paper) == {"event": "approved", "level": "province", "note": "good"}
    assert refused(firm, GROUP, paper) == DecisionOpenRequired.rule()


def test_nobody_says_themselves_at_which_level_they_approve(firm: Company) -> None:
    paper = submitted(firm, "600000.00")
    for more in ({"highest": "group"}, {"level": "group"}):
        with pytest.raises(InvalidBody):
            firm.do(NETWORK, "paper.approve", paper, **more)
    with pytest.raises(InvalidBody):
        firm.do(None, "paper.submit", drafted(firm, "1.00"), limits={}, seats=[])


def test_another_currency_goes_to_the_top(firm: Company) -> None:
    paper = submitted(firm, "1.00", currency="USD")
    assert [each["level"] for each in found(firm, paper)["route"]] == [
        "network",
        "province",
        "group",
    ]
    firm.do(GROUP, "paper.approve", paper)
    assert found(firm, paper)["level"] == "group"


def test_what_is_within_the_authors_authority_is_approved_at_once(firm: Company) -> None:
    paper = submitted(firm, "0.00")
    assert [each.type for each in firm.journal.history(paper)[1:]] == [
        "paper.submitted",
        "paper.approved",
    ]
    assert found(firm, paper)["level"] == "own"


def test_nobody_decides_about_what_they_submitted(firm: Company) -> None:
    paper = firm.do(PROVINCE, "paper.submit", drafted(firm, "1.00"))
    assert refused(firm, PROVINCE, paper) == SameHands.rule()
    assert refused(firm, PROVINCE, paper, "send-back", reason="x") == SameHands.rule()
    firm.do(PROVINCE, "paper.take-back", paper)
    assert found(firm, paper)["event"] == "taken-back"


def test_a_grant_for_own_records_or_at_a_team_gives_no_level(firm: Company) -> None:
    for code, unit, reach in (("own", "gd", "own"), ("mates", "gd", "team"), ("t1", "gd-gz-1", "")):
        firm.do(None, "employee.engage", code=code, name=code, unit="gd")
        firm.grant(code, "writer", "gd")
        firm.grant(code, "chief-of-papers", unit, **({"reach": reach} if reach else {}))
    paper = submitted(firm, "1.00")
    assert refused(firm, "t1", paper) == NotYourLevel.rule()
    for none in ("own", "mates"):
        with pytest.raises(NotPermitted):
            firm.do(none, "paper.approve", paper)
    with pytest.raises(NotPermitted):  # as whoever may not approve at all
        firm.do("author", "paper.approve", paper)


def test_a_deputy_approves_at_the_level_of_whom_they_stand_in_for(firm: Company) -> None:
    now = datetime.now(UTC)
    term = {"starts": now.isoformat(), "until": (now + timedelta(days=1)).isoformat()}
    firm.do(None, "delegation.give", principal=PROVINCE, deputy="li", reason="leave", **term)
    paper = submitted(firm, "600000.00")
    firm.do(Party("li", on_behalf_of=PROVINCE), "paper.approve", paper)
    assert found(firm, paper)["level"] == "province"


def test_levels_are_those_of_the_units_above_as_they_are_now(firm: Company) -> None:
    firm.do(None, "unit.open", code="gd-fs", name="fs", level="network", parent="gd")
    firm.do(None, "unit.open", code="gd-fo", name="fo", level="network", parent="gd")
    paper = submitted(firm, "600000.00", "gd-fo")
    former = firm.guard.now().shelves["units"].one("gd-fo")
    assert former is not None
    firm.do(None, "unit.merge", former["id"], into="gd-fs", reason="smaller")
    firm.do(None, "employee.engage", code="head-fs", name="fs", unit="gd")
    firm.grant("head-fs", "chief-of-papers", "gd-fs")
    firm.do("head-fs", "paper.approve", paper)
    assert found(firm, paper)["to"] == "province"
    firm.do(None, "paper.take-back", paper)
    firm.do("author", "paper.submit", paper)
    assert [each["unit"] for each in found(firm, paper)["route"]] == ["gd-fs", "gd"]


def test_who_submitted_an_amendment_decides_about_others_only(firm: Company) -> None:
    paper, (one, other) = drafted(firm, "1.00"), IDS[:2]
    for amendment, who in ((one, PROVINCE), (other, GROUP)):
        firm.do(None, "paper.draft-amendment", paper, amendment_id=amendment, value="600000.00")
        firm.do(who, "paper.submit-amendment", paper, amendment_id=amendment)
        assert found(firm, paper)["rule"] == "contract-value"
    for amendment, who, else_ in ((one, PROVINCE, GROUP), (other, GROUP, PROVINCE)):
        for verb, body in (("approve-amendment", {}), ("send-back-amendment", {"reason": "x"})):
            told = refused(firm, who, paper, verb, amendment_id=amendment, **body)
            assert told == SameHands.rule()
        firm.do(else_, "paper.approve-amendment", paper, amendment_id=amendment)
        assert found(firm, paper)["event"] == "amendment-approved"


def test_the_system_itself_approves_at_the_top(firm: Company) -> None:
    paper = submitted(firm, "9999999.00")
    firm.do(None, "paper.approve", paper)
    assert found(firm, paper)["level"] == "group"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "approve"] * 2 + ["send-back", "take-back", "revise"]),
        st.sampled_from([NETWORK, PROVINCE, GROUP]),
        st.sampled_from(["0", "500000", "500000.01", "5000000.01"]),
    ),
    min_size=4,
    max_size=14,
)


@settings(max_examples=examples(15), deadline=None)
@given(STEPS)
def test_nothing_is_approved_beyond_its_approvers_limit_or_by_who_submitted_it(
    firm: Company, steps: list[tuple[str, str, str]]
) -> None:
    level_of = {NETWORK: "network", PROVINCE: "province", GROUP: "group"}
    paper, value, author = drafted(firm, "600000", "gd-gz"), Decimal(600_000), ""
    for verb, who, worth in steps:
        body = {"send-back": {"reason": "x"}, "revise": {"value": worth}}.get(verb, {})
        before = firm.journal.head().position
        try:
            firm.do(who, f"paper.{verb}", paper, **body)
        except Refusal:
            assert firm.journal.head().position == before
            continue
        if verb == "revise":
            value = Decimal(worth)
        if verb == "submit":
            author = who
        last = found(firm, paper)
        if last["event"] == "approved":
            within = last["level"] == "group" or value <= MOST[last["level"]]
            assert within
            assert last["level"] == "own" or (who != author and last["level"] == level_of[who])
